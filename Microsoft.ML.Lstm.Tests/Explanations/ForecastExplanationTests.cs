using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Forecasting;

namespace Microsoft.ML.Lstm.Tests.Explanations;

/// <summary>What explains forecasts, and the values that detectors expect.</summary>
[TestClass]
public sealed class ForecastExplanationTests
{
    private readonly MLContext _ml = new(seed: 1);

    public static IEnumerable<object[]> Forecasters =>
    [
        [ForecastLoss.SquaredError, TrainingEffort.Default, false],
        [ForecastLoss.Quantile, TrainingEffort.Default, true],
        [ForecastLoss.Gaussian, TrainingEffort.Best, false],
    ];

    [TestMethod]
    [DynamicData(nameof(Forecasters))]
    public void AttributionsAddUpToTheForecastLessTheBaselines(ForecastLoss loss, TrainingEffort effort, bool fallsBack)
    {
        Sale[] rows = Sale.Make(220);
        LstmForecastingTransformer model = Fit(rows[..160], options =>
            (options.LossFunction, options.Effort, options.FallBackToBaseline) = (loss, effort, fallsBack));
        foreach ((int ahead, bool goesOn) in new[] { (1, true), (4, false) })
        {
            // From the state at the end of the training data, or from none.
            LstmForecastingTransformer used = goesOn ? model : model.WithoutHistory();
            IDataView data = _ml.Data.LoadFromEnumerable(rows[160..]);
            float[][] forecasts = [.. used.Transform(data).GetColumn<float[]>("Forecast")];
            Row[] explained = Rows(used.Explain(_ml, data, new() { StepsAhead = ahead }));
            Assert.HasCount(forecasts.Length, explained);
            for (int t = 0; t < forecasts.Length; t++)
            {
                Assert.AreEqual(forecasts[t][ahead - 1], explained[t].ExplainedOutput, 1e-3, $"row {t}");
                AssertComplete(explained[t]);
            }
            Assert.AreEqual(goesOn, explained[0].StateAttribution != 0, "the state before the first row");
            Assert.IsTrue(explained[^1].StateAttribution != 0, "the state before the last window");
        }
    }

    [TestMethod]
    public void TheAttributionIsOfThePromotionThatMakesTheForecast()
    {
        // Sales are noise, and ten more with a promotion; that of tomorrow is known.
        Sale[] rows = Sale.Make(1000, isOnlyPromotion: true);
        LstmForecastingTransformer model = Fit(rows[..900], options =>
            (options.Scaling, options.Horizon, options.NumberOfEpochs) = (SeriesScaling.Series, 1, 10));
        IDataView explained = model.Explain(_ml, _ml.Data.LoadFromEnumerable(rows[900..]));
        string[] names = Names(explained.Schema["Attribution"]);
        int ahead = Array.IndexOf(names, "Promotion t+1");
        double there = 0, all = 0;
        foreach (Row row in Rows(explained).SkipLast(1))
        {
            AssertComplete(row);
            // Those of the last step.
            float[] step = row.Attribution[^names.Length..];
            there += Math.Abs(step[ahead]);
            all += row.Attribution.Sum(Math.Abs) + Math.Abs(row.StateAttribution);
        }
        // The rest is between today's promotion and amount, which say nearly the same.
        Assert.IsGreaterThan(0.8, there / all);
    }

    [TestMethod]
    public void ColumnsHaveNames()
    {
        LstmForecastingTransformer model = Fit([.. Sale.Make(100), .. Sale.Make(100, shop: "Station")], options =>
            (options.NumberOfLags, options.SeriesColumnName, options.EmbedSeries) = (3, "Shop", true));
        IDataView explained = model.Explain(_ml, _ml.Data.LoadFromEnumerable(Sale.Make(10)));
        string[] names = Names(explained.Schema["Attribution"]);
        CollectionAssert.AreEqual(new[] { "Amount", "Amount t-1", "Amount t-2", "Promotion", "Promotion t+1" }, names[..5]);
        Assert.AreEqual("Shop", names[^1]);
        Assert.AreEqual("i[0]", Names(explained.Schema["Gates"])[0]);
        foreach (Row row in Rows(explained))
            Assert.HasCount(row.StepAttribution.Length * names.Length, row.Attribution);
    }

    [TestMethod]
    public void ADetectorsRowsAreExplainedByTheValueThatWasExpectedInThem()
    {
        Sale[] rows = Sale.Make(200);
        LstmAnomalyTransformer model = _ml.Transforms.DetectAnomalyByLstm(new LstmAnomalyEstimator.Options
        {
            InputColumnName = "Amount",
            KnownCovariateColumnNames = ["Promotion"],
            WindowSize = 10,
            HiddenSize = 6,
            NumberOfEpochs = 3,
            Seed = 1,
        }).Fit(_ml.Data.LoadFromEnumerable(rows[..150]));
        IDataView data = _ml.Data.LoadFromEnumerable(rows[150..]);
        double[][] verdicts = [.. model.Transform(data).GetColumn<double[]>("Anomaly")];
        Row[] explained = Rows(model.Explain(_ml, data));
        // Of the value that was expected in the first row, the model knows only the state.
        Assert.IsTrue(float.IsNaN(explained[0].ExplainedOutput));
        Assert.IsEmpty(explained[0].Attribution);
        for (int t = 1; t < verdicts.Length; t++)
        {
            Assert.AreEqual(verdicts[t][3], explained[t].ExplainedOutput, 1e-3);
            AssertComplete(explained[t]);
        }
    }

    [TestMethod]
    public void ASavedModelExplainsWithTheSameBitsOnSeveralThreads()
    {
        Sale[] rows = Sale.Make(150);
        LstmForecastingTransformer model = Fit(rows[..100]);
        IDataView data = _ml.Data.LoadFromEnumerable(rows[100..]);
        float[][] expected = [.. model.Explain(_ml, data).GetColumn<float[]>("Attribution")];
        using var stream = new MemoryStream();
        _ml.Model.Save(model, data.Schema, stream);
        stream.Position = 0;
        IDataView view = ((LstmForecastingTransformer)_ml.Model.Load(stream, out _)).Explain(_ml, data);
        Parallel.For(0, 3, _ =>
        {
            float[][] actual = [.. view.GetColumn<float[]>("Attribution")];
            for (int t = 0; t < expected.Length; t++)
                CollectionAssert.AreEqual(expected[t], actual[t]);
        });
        // Gates of the last step are those of the whole series, whatever the window.
        float[] gates = [.. model.Explain(_ml, data).GetColumn<float[]>("Gates").Last()[^40..]];
        Assert.IsTrue(gates.Any(gate => gate != 0));
        Assert.IsEmpty(Rows(model.Explain(_ml, _ml.Data.LoadFromEnumerable(Array.Empty<Sale>()))));
    }

    [TestMethod]
    public void OptionsAreChecked()
    {
        LstmForecastingTransformer model = Fit(Sale.Make(100));
        IDataView data = _ml.Data.LoadFromEnumerable(Sale.Make(10));
        foreach (ExplanationOptions options in new ExplanationOptions[] { new() { StepsAhead = 0 }, new() { StepsAhead = 5 } })
        {
            Assert.AreEqual("StepsAhead",
                Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Explain(_ml, data, options)).ParamName);
        }
        Assert.AreEqual("Output",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Explain(_ml, data, new() { Output = 1 })).ParamName);
        Assert.ThrowsExactly<ArgumentException>(() => model.Explain(_ml, data, new() { Baseline = data }));
    }

    private LstmForecastingTransformer Fit(Sale[] rows, Action<LstmForecastingEstimator.Options>? change = null)
        => _ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
        {
            (options.TargetColumnNames, options.KnownCovariateColumnNames) = (["Amount"], ["Promotion"]);
            (options.Horizon, options.WindowSize, options.HiddenSize) = (4, 10, 6);
            change?.Invoke(options);
        })).Fit(_ml.Data.LoadFromEnumerable(rows));

    private Row[] Rows(IDataView view) => [.. _ml.Data.CreateEnumerable<Row>(view, reuseRowObject: false)];

    private static void AssertComplete(Row row)
    {
        double sum = row.Attribution.Sum(value => (double)value) + row.StateAttribution;
        double difference = (double)row.ExplainedOutput - row.BaselineOutput;
        Assert.AreEqual(difference, sum, 0.01 * Math.Abs(difference) + 2e-5 * Math.Max(1, Math.Abs(row.ExplainedOutput)));
    }

    private static string[] Names(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.Annotations.GetValue("StepSlotNames", ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private sealed class Row
    {
        public float ExplainedOutput { get; set; }

        public float BaselineOutput { get; set; }

        public float[] Attribution { get; set; } = [];

        public float[] StepAttribution { get; set; } = [];

        public float StateAttribution { get; set; }
    }

    private sealed class Sale
    {
        public string Shop { get; set; } = "";

        public float Promotion { get; set; }

        public float Amount { get; set; }

        public static Sale[] Make(int count, bool isOnlyPromotion = false, string shop = "Harbour")
        {
            var random = new Random(1);
            return [.. Enumerable.Range(0, count).Select(t =>
            {
                float promotion = random.Next(3) == 0 ? 1 : 0, noise = random.NextSingle() - 0.5f;
                noise *= isOnlyPromotion ? 2 : 1;
                float cycle = isOnlyPromotion ? 0 : 3 * MathF.Sin(t * MathF.Tau / 7);
                return new Sale { Shop = shop, Promotion = promotion, Amount = 20 + cycle + 10 * promotion + noise };
            })];
        }
    }
}
