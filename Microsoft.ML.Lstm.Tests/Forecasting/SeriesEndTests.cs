using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Forecasts from the end of the training data, of one series or several, and which of the last rows count.</summary>
[TestClass]
public sealed class SeriesEndTests
{
    private static readonly MLContext Ml = new(1);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void EachOfSeveralSeriesIsForecastByName(bool asKeys)
    {
        Reading[] a = Reading.Wave(100, shop: "a", level: 5), b = Reading.Wave(100, seed: 2, shop: "b", level: 500, scale: 40);
        Reading[] rows = [.. a.Zip(b).SelectMany(pair => new[] { pair.First, pair.Second })];
        IEstimator<ITransformer> forecaster = ForecastOf(options => options.SeriesColumnName = asKeys ? "Key" : "Shop");
        ITransformer model = (asKeys ? Ml.Transforms.Conversion.MapValueToKey("Key", "Shop").Append(forecaster) : forecaster)
            .Fit(Ml.Data.LoadFromEnumerable(rows));
        using ForecastEngine<Reading, ShopForecast> engine = model.CreateForecastEngine<Reading, ShopForecast>(Ml);

        string message = Assert.ThrowsExactly<InvalidOperationException>(() => engine.Predict()).Message;
        StringAssert.Contains(message,
            "The model knows 2 series, 'a', 'b', and there is no observation yet: name the one to forecast, as in Predict(\"a\").");
        CollectionAssert.AreEqual(new[] { "a", "b" }, engine.SeriesNames.ToArray());
        // As if the rows of each series were the last of the table.
        ShopForecast[] fitted = Transform(WithoutHistory(model), rows);
        foreach ((string name, ShopForecast last) in new[] { ("a", fitted[^2]), ("b", fitted[^1]) })
        {
            ShopForecast actual = engine.Predict(name);
            CollectionAssert.AreEqual(last.Forecast, actual.Forecast);
            CollectionAssert.AreEqual(last.Lower, actual.Lower);
            CollectionAssert.AreEqual(last.Upper, actual.Upper);
            Assert.AreEqual(asKeys ? "" : name, actual.Shop);
            CollectionAssert.AreEqual(last.Forecast[..2], engine.Predict(name, horizon: 2).Forecast);
        }
        Assert.AreEqual(2 * ForecastRun.Horizon, Forecaster(model).Forecast().GetColumn<int>("Step").Count());
        // The series of the last query is not the series of the last observation.
        engine.Predict(new Reading { Shop = "a", Value = 5 });
        float[] observed = engine.Predict("a").Forecast;
        CollectionAssert.AreNotEqual(fitted[^2].Forecast, observed);
        engine.Predict("b");
        CollectionAssert.AreEqual(observed, engine.Predict().Forecast);

        Assert.AreEqual("series", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => engine.Predict("c")).ParamName);
        Assert.AreEqual("horizon",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => engine.Predict("a", ForecastRun.Horizon + 1)).ParamName);
        Assert.AreEqual("example", Assert.ThrowsExactly<ArgumentNullException>(() => engine.Predict(null!)).ParamName);
        using ForecastEngine<Reading, ReadingForecast> single = ForecastRun.Fit(Ml, a).CreateForecastEngine<Reading, ReadingForecast>(Ml);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => single.Predict("a")).Message, "no series column");
        Assert.AreEqual("example", Assert.ThrowsExactly<ArgumentNullException>(() => single.Predict(null!)).ParamName);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void ATableHasTheNextStepsOfEverySeries(int targets)
    {
        Reading[] rows = [.. Reading.Wave(60, shop: "a", level: 5), .. Reading.Wave(80, seed: 2, shop: "b", level: 500)];
        LstmForecastingTransformer model = ForecastRun.Fit(Ml, rows,
            options =>
            (options.SeriesColumnName, options.TimeColumnName, options.TargetColumnNames) = ("Shop", "Time",
            targets == 1 ? ["Value"] : ["Value", "Other"]));
        IDataView table = model.Forecast(4);

        CollectionAssert.AreEqual(new[] { "Shop", "Step", "Time", "Forecast", "Lower", "Upper" },
            table.Schema.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "a", "a", "a", "a", "b", "b", "b", "b" }, table.GetColumn<string>("Shop").ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, 1, 2, 3, 4 }, table.GetColumn<int>("Step").ToArray());
        DateTime start = rows[0].Time;
        CollectionAssert.AreEqual(new[] { 60, 61, 62, 63, 80, 81, 82, 83 }.Select(t => start.AddHours(t)).ToArray(),
            table.GetColumn<DateTime>("Time").ToArray());
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(Ml);
        float[] expected = [.. engine.Predict("a").Forecast[..(4 * targets)], .. engine.Predict("b").Forecast[..(4 * targets)]];
        CollectionAssert.AreEqual(expected,
            targets == 1
            ? [.. table.GetColumn<float>("Forecast")]
            : table.GetColumn<float[]>("Forecast").SelectMany(step => step).ToArray());

        Assert.AreEqual(0, model.WithoutHistory().Forecast().GetRowCount() ?? 0);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Forecast(0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Forecast(ForecastRun.Horizon + 1));
    }

    [TestMethod]
    public void ADetectorSaysWhatItExpectsNextOfEachSeries()
    {
        Reading[] rows = [.. Reading.Wave(100, shop: "a", level: 5), .. Reading.Wave(100, seed: 2, shop: "b", level: 50)];
        LstmAnomalyTransformer model = Ml.Transforms.DetectAnomalyByLstm(new()
        {
            InputColumnName = "Value",
            SeriesColumnName = "Shop",
            WindowSize = 24,
            HiddenSize = 8,
            NumberOfEpochs = 3,
            Seed = 1,
            SmoothingWindow = 3
        })
            .Fit(Ml.Data.LoadFromEnumerable(rows));
        using ForecastEngine<Reading, Verdict> engine = model.CreateForecastEngine<Reading, Verdict>(Ml);
        double[] next = engine.Predict("b").Anomaly;
        double[] verdict = engine.Predict(new Reading { Shop = "b", Value = 50 }).Anomaly;
        CollectionAssert.AreEqual(new[] { 0, double.NaN, double.NaN }, next[..3]);
        // The row itself has no part in this forecast.
        CollectionAssert.AreEqual(verdict[3..], next[3..]);
        engine.Predict("a");
        CollectionAssert.AreEqual(verdict, engine.Predict().Anomaly);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => engine.Predict("c"));
    }

    private static LstmForecastingEstimator ForecastOf(Action<LstmForecastingEstimator.Options> change)
        => Ml.Forecasting.ForecastByLstm(ForecastRun.Options(change));

    private static LstmForecastingTransformer Forecaster(ITransformer model)
        => model as LstmForecastingTransformer ?? ((IEnumerable<ITransformer>)model).OfType<LstmForecastingTransformer>().Single();

    private static ITransformer WithoutHistory(ITransformer model) => model is IEnumerable<ITransformer> chain
        ? new TransformerChain<ITransformer>([.. chain.Select(WithoutHistory)])
        : model is LstmForecastingTransformer forecaster ? forecaster.WithoutHistory() : model;

    private static ShopForecast[] Transform(ITransformer model, Reading[] rows)
        => [.. Ml.Data.CreateEnumerable<ShopForecast>(model.Transform(Ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];

    private sealed class ShopForecast
    {
        public string Shop { get; set; } = "";

        public float[] Forecast { get; set; } = [];

        public float[] Lower { get; set; } = [];

        public float[] Upper { get; set; } = [];
    }

    private sealed class Verdict
    {
        public double[] Anomaly { get; set; } = [];
    }
}
