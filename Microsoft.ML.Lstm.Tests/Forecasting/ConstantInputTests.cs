using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Inputs that never vary in the training data have no effect on forecasts, and are named in a warning.</summary>
[TestClass]
public sealed class ConstantInputTests
{
    public enum Input
    {
        Past,
        Known,
        Static,
    }

    public static IEnumerable<object[]> Cases =>
        from input in Enum.GetValues<Input>()
        from scaling in Enum.GetValues<SeriesScaling>()
        select new object[] { input, scaling };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AConstantHasNoEffectOnAForecast(Input input, SeriesScaling scaling)
    {
        foreach (float level in new[] { 20f, 0 })
        {
            MLContext ml = Context(out List<string> log);
            LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
            {
                (options.Scaling, options.RefitOnAllData) = (scaling, level == 0);
                Use(options, input);
            })).Fit(Data(ml, level));
            AssertNamed(log, input);
            ReadingForecast[] expected = Forecast(ml, model, level);
            foreach (float other in new[] { level + 1, level + 100, -1e30f })
            {
                ReadingForecast[] actual = Forecast(ml, model, other);
                for (int t = 0; t < expected.Length; t++)
                    ForecastRun.AssertSame(expected[t], actual[t]);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AConstantHasNoEffectOnADetector(Input input, SeriesScaling scaling)
    {
        MLContext ml = Context(out List<string> log);
        var options = new LstmAnomalyEstimator.Options
        {
            InputColumnName = "Value",
            WindowSize = 24,
            HiddenSize = 10,
            NumberOfEpochs = 3,
            Scaling = scaling,
            CellType = CellType.Gru
        };
        Use(options, input);
        LstmAnomalyTransformer model = ml.Transforms.DetectAnomalyByLstm(options).Fit(Data(ml, 20));
        AssertNamed(log, input);
        double[][] expected = [.. model.Transform(Data(ml, 20)).GetColumn<double[]>("Anomaly")];
        double[][] actual = [.. model.Transform(Data(ml, 3e8f)).GetColumn<double[]>("Anomaly")];
        for (int t = 0; t < expected.Length; t++)
            CollectionAssert.AreEqual(expected[t], actual[t]);
    }

    [TestMethod]
    public void WhatVariesKeepsItsEffect()
    {
        MLContext ml = Context(out List<string> log);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, Reading.Wave(200),
            options => options.KnownCovariateColumnNames = ["Promotion", "Size"]);
        Assert.IsTrue(log.Exists(message =>
            message.Contains("never varied in the training data has no effect on a forecast: column 'Size'.", StringComparison.Ordinal)),
            string.Join('\n', log));
        Reading[] rows = Reading.Wave(60), promoted = Reading.Wave(60);
        foreach (Reading row in promoted)
            row.Promotion = 1 - row.Promotion;
        CollectionAssert.AreNotEqual(ForecastRun.Transform(ml, model, rows)[30].Forecast,
            ForecastRun.Transform(ml, model, promoted)[30].Forecast);
    }

    [TestMethod]
    public void AValueThatWasNeverMissingMayBeLater()
    {
        MLContext ml = Context(out _);
        // The covariate is missing at times, so there are indicators; that of the target is constant.
        Reading[] rows = Reading.Wave(200);
        for (int t = 0; t < rows.Length; t += 7)
            rows[t].Other = float.NaN;
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows, options => options.PastCovariateColumnNames = ["Other"]);
        Reading[] told = Reading.Wave(60), missing = Reading.Wave(60);
        told[40].Value = told[39].Value;
        missing[40].Value = float.NaN;
        CollectionAssert.AreEqual(ForecastRun.Transform(ml, model, told)[40].Forecast,
            ForecastRun.Transform(ml, model, missing)[40].Forecast);
    }

    [TestMethod]
    public void ACycleOfTheCalendarThatIsNeverSeenHasNoEffect()
    {
        MLContext ml = Context(out List<string> log);
        Reading[] Daily(int hour)
        {
            Reading[] rows = Reading.Wave(120);
            for (int t = 0; t < rows.Length; t++)
                rows[t].Time = new DateTime(2024, 1, 1, hour, 0, 0).AddDays(t);
            return rows;
        }

        LstmForecastingTransformer model = ForecastRun.Fit(ml, Daily(8),
            options => (options.TimeColumnName, options.Calendar) = ("Time", CalendarFeatures.Day)).WithoutHistory();
        Assert.IsTrue(log.Exists(message =>
            message.Contains("has no effect on a forecast: the calendar's cycle Day.", StringComparison.Ordinal)), string.Join('\n', log));
        ReadingForecast[] expected = ForecastRun.Transform(ml, model, Daily(8)), actual = ForecastRun.Transform(ml, model, Daily(15));
        for (int t = 0; t < expected.Length; t++)
            ForecastRun.AssertSame(expected[t], actual[t]);
    }

    [TestMethod]
    public void TheVectorOfAnUnknownSeriesIsTrainedOrTheMeanOfTheOthers()
    {
        MLContext ml = Context(out _);
        Reading[] rows = [.. Reading.Wave(100, shop: "a"), .. Reading.Wave(100, seed: 2, shop: "b"),
            .. Reading.Wave(1, seed: 3, shop: "c")];
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows,
            options => (options.SeriesColumnName, options.EmbedSeries, options.TokenDropout, options.EmbeddingSize) = ("Shop", true, 0, 3));
        var table = model.Model.Network.Parameters[ParameterSet.EmbeddingName(0)].ToArray().Chunk(3).ToArray();
        for (int j = 0; j < 3; j++)
            Assert.AreEqual((table[1][j] + (double)table[2][j]) / 2, table[0][j], 1e-6);
        // The third series has nothing to learn.
        CollectionAssert.AreEqual(table[0], table[3]);
    }

    private static MLContext Context(out List<string> log)
    {
        var ml = new MLContext(1);
        var messages = new List<string>();
        ml.Log += (_, entry) => messages.Add(entry.Message);
        log = messages;
        return ml;
    }

    private static void Use(SeriesEstimatorOptions options, Input input)
    {
        if (input == Input.Past)
            options.PastCovariateColumnNames = ["Inputs"];
        else if (input == Input.Known)
            options.KnownCovariateColumnNames = ["Inputs"];
        else
            (options.StaticFeatureColumnName, options.SeriesColumnName) = ("Inputs", "Shop");
    }

    private static void AssertNamed(List<string> log, Input input)
    {
        string expected = "What never varied in the training data has no effect on a forecast: "
            + $"{(input == Input.Static ? "static feature" : "covariate")} 2 of 2 of column 'Inputs'.";
        Assert.AreEqual(1, log.Count(message => message.Contains(expected, StringComparison.Ordinal)), string.Join('\n', log));
    }

    private static ReadingForecast[] Forecast(MLContext ml, ITransformer model, float second)
        => [.. ml.Data.CreateEnumerable<ReadingForecast>(model.Transform(Data(ml, second)), reuseRowObject: false)];

    /// <summary>
    /// Two series, each row with two inputs: one that varies from row to row or, in the first row, from one series to the other, and a
    /// constant.
    /// </summary>
    private static IDataView Data(MLContext ml, float second)
        => ml.Data.LoadFromEnumerable(new[] { "a",
            "b" }.SelectMany((shop, i) => Reading.Wave(120, seed: 1 + i, shop: shop)
            .Select(row => new InputRow { Shop = shop, Value = row.Value, Inputs = [row.Other + i, second] })));

    private sealed class InputRow
    {
        public string Shop { get; set; } = "";

        public float Value { get; set; }

        [VectorType(2)]
        public float[] Inputs { get; set; } = [];
    }
}
