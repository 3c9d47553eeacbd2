using Microsoft.ML.Lstm.Tests.Anomalies;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Series of another size than in the training data, or hardly there, are measured by their own values.</summary>
[TestClass]
public sealed class OtherSizeTests
{
    private const int Week = 7;

    private static readonly float[] Levels = [1e-3f, 1, 10, 30, 1e4f, -100];

    public static IEnumerable<object[]> Scalings
        => Enum.GetValues<SeriesScaling>().Where(scaling => scaling != SeriesScaling.None).Select(scaling => new object[] { scaling });

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void ANewSeriesOfAnySizeIsForecastAsWell(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = Fit(ml, Shops(), scaling);
        double usual = ErrorOf(ml, model, "new", 100);
        Assert.IsLessThan(0.03, usual);
        foreach (float level in Levels)
            Assert.IsLessThan(1.5 * usual + 0.005, ErrorOf(ml, model, "new", level), $"level {level}, usual {usual}");
    }

    [TestMethod]
    [DataRow(ForecastLoss.AbsoluteError)]
    [DataRow(ForecastLoss.Quantile)]
    [DataRow(ForecastLoss.Gaussian)]
    public void ThatHoldsForEachLoss(ForecastLoss loss)
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = Fit(ml, Shops(), SeriesScaling.Window, loss);
        double usual = ErrorOf(ml, model, "new", 100);
        Assert.IsLessThan(0.05, usual);
        foreach (float level in Levels)
            Assert.IsLessThan(1.5 * usual + 0.005, ErrorOf(ml, model, "new", level), $"level {level}, usual {usual}");
    }

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void ANewSeriesOfAnySizeHasItsAnomaliesFound(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        LstmAnomalyTransformer model = DetectorRun.Fit(ml, Shops(),
            options => (options.SeriesColumnName, options.Scaling, options.NumberOfEpochs) = ("Shop", scaling, 40));
        foreach (float level in Levels)
        {
            Reading[] rows = Sales("new", level, 160);
            rows[120].Value *= 2;
            int[] alerts = DetectorRun.Alerts(DetectorRun.Transform(ml, model, rows));
            CollectionAssert.Contains(alerts, 120, $"level {level}");
            // The first forecasts of an unknown series may be off.
            Assert.IsLessThan(5, alerts.Count(t => t is > 14 and < 120), $"level {level}: {string.Join(' ', alerts)}");
        }
    }

    [TestMethod]
    [DataRow(SeriesScaling.Window, 1)]
    [DataRow(SeriesScaling.LastValue, 1)]
    [DataRow(SeriesScaling.LastValue, 2)]
    public void TheOnlySeriesMayComeInAnotherUnit(SeriesScaling scaling, int lags)
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, Sales("", 100, 400),
            options => Train(options, scaling, ForecastLoss.SquaredError, seriesColumn: null, lags)).WithoutHistory();
        double usual = ErrorOf(ml, model, "", 100);
        Assert.IsLessThan(0.04, usual);
        foreach (float level in new[] { 1e-3f, 1, 10, 30, 1e4f })
            Assert.IsLessThan(1.5 * usual + 0.005, ErrorOf(ml, model, "", level), $"level {level}, usual {usual}");
    }

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void ASeriesWithFewTrainingRowsIsForecastAsWell(SeriesScaling scaling)
    {
        foreach (int opened in new[] { 1, 2, 3 })
        {
            var ml = new MLContext(1);
            Reading[] small = Sales("small", 10, 200);
            LstmForecastingTransformer model = Fit(ml, [.. Shops(), .. small[..opened]], scaling);
            double error = ErrorOf(ForecastRun.Transform(ml, model, small[opened..]), opened, 10);
            Assert.IsLessThan(0.04, error, $"{opened} rows");
        }
    }

    [TestMethod]
    [DataRow(SeriesScaling.Window)]
    [DataRow(SeriesScaling.Series)]
    [DataRow(SeriesScaling.LastValue)]
    public void AfterALongStretchOfZerosForecastsRecover(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = Fit(ml, Shops(), scaling);
        foreach (string shop in new[] { "shop 2", "new" })
        {
            Reading[] rows = Sales(shop, 140, 400);
            foreach (Reading row in rows[60..200])
                row.Value = 0;
            ReadingForecast[] forecasts = ForecastRun.Transform(ml, model.WithoutHistory(), rows);
            // Twice a window later.
            Assert.IsLessThan(0.05, Errors(forecasts, 0, 140).Skip(248).Average(), shop);
        }
    }

    [TestMethod]
    public void AMissingFirstValueIsNoValueOfOtherSeries()
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = Fit(ml, Shops(), SeriesScaling.Window);
        Reading[] rows = Sales("new", 1, 60);
        float[] expected = ForecastRun.Transform(ml, model, rows[3..])[0].Forecast;
        foreach (Reading row in rows[..3])
            row.Value = float.NaN;
        ReadingForecast[] forecasts = ForecastRun.Transform(ml, model, rows);
        Assert.IsTrue(forecasts[..3].All(forecast => forecast.Forecast.All(float.IsNaN)));
        for (int h = 0; h < expected.Length; h++)
            Assert.AreEqual(expected[h], forecasts[3].Forecast[h], 0.2);
    }

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void ANewSeriesThatVariesLittleForItsHeightIsForecastAsWell(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = Fit(ml, Shops(), scaling);
        double usual = ErrorOf(ml, model, "new", 100);
        foreach ((float level, float offset) in new[] { (1f, 1000f), (1, 100), (1, -1000), (10, 1e5f), (100, 1e4f), (3, -3) })
        {
            Reading[] rows = Sales("new", level, 140);
            foreach (Reading row in rows)
                row.Value += offset;
            ReadingForecast[] forecasts = ForecastRun.Transform(ml, model, rows);
            foreach (ReadingForecast forecast in forecasts)
                forecast.Forecast = Array.ConvertAll(forecast.Forecast, value => value - offset);
            // Relative to the variation, not to the height; with changes alone the scale is a guess after 24 rows.
            double largest = scaling == SeriesScaling.LastValue ? 0.1 : 1.6 * usual + 0.01;
            Assert.IsLessThan(largest, ErrorOf(forecasts, 0, level), $"{level} at {offset}, usual {usual}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void ANewSeriesThatNeverVariesIsForecastAsItIs(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = Fit(ml, Shops(), scaling);
        foreach (float level in new[] { 500, 1e-3f, -100, 0 })
        {
            Reading[] rows = [.. Enumerable.Range(0, 60).Select(_ => new Reading { Shop = "new", Value = level })];
            rows[40].Value = level + 50;
            // A single other value does not make it vary either.
            foreach (ReadingForecast forecast in ForecastRun.Transform(ml, model, rows)[8..])
                Assert.IsTrue(forecast.Forecast.All(value => value == level), $"{level}: {string.Join(' ', forecast.Forecast)}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void OneOtherValueInANewSeriesIsOneAlert(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        LstmAnomalyTransformer model = DetectorRun.Fit(ml, Shops(),
            options => (options.SeriesColumnName, options.Scaling, options.NumberOfEpochs) = ("Shop", scaling, 40));
        foreach (float level in new[] { 500f, 0 })
        {
            Reading[] rows = [.. Enumerable.Range(0, 150).Select(_ => new Reading { Shop = "new", Value = level })];
            foreach (int t in new[] { 50, 80, 120 })
                rows[t].Value = level + 1;
            int[] alerts = DetectorRun.Alerts(DetectorRun.Transform(ml, model, rows));
            // After some rows it counts as constant.
            CollectionAssert.AreEqual(new[] { 50, 80, 120 }, alerts.Where(t => t >= 8).ToArray(), $"{level}: {string.Join(' ', alerts)}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void ARareSaleIsNotWhatANewSeriesSells(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = Fit(ml, Shops(), scaling);
        Reading[] rows = [.. Enumerable.Range(0, 200).Select(t => new Reading { Shop = "new", Value = t % 40 is 37 or 38 ? 5 : 0 })];
        // 0.25 a day, of which the window has none or two.
        Assert.IsLessThan(1.0,
            ForecastRun.Transform(ml, model, rows)[30..].Average(forecast => forecast.Forecast.Average(value => (double)Math.Abs(value))));
    }

    private static Reading[] Shops() => [.. Enumerable.Range(0, 6).SelectMany(s => Sales($"shop {s}", 60 + 40 * s, 200, seed: s))];

    private static Reading[] Sales(string shop, float level, int rows, int seed = 9)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows)
            .Select(t => new Reading { Shop = shop, Value = level * (Truth(t) + 0.04f * (random.NextSingle() - 0.5f)) })];
    }

    private static float Truth(int t) => 1 + 0.3f * MathF.Sin(t * MathF.Tau / Week);

    private static LstmForecastingTransformer Fit(MLContext ml, Reading[] rows, SeriesScaling scaling,
        ForecastLoss loss = ForecastLoss.SquaredError)
        => ForecastRun.Fit(ml, rows, options => Train(options, scaling, loss, "Shop"));

    private static void Train(LstmForecastingEstimator.Options options, SeriesScaling scaling, ForecastLoss loss, string? seriesColumn,
        int lags = 1)
    {
        (options.Scaling, options.LossFunction, options.SeriesColumnName, options.NumberOfLags) = (scaling, loss, seriesColumn, lags);
        (options.HiddenSize, options.NumberOfEpochs, options.Horizon, options.OutputDropout) = (16, 60, 3, 0);
    }

    /// <summary>The mean error after 60 rows of a series, relative to its level.</summary>
    private static double ErrorOf(MLContext ml, LstmForecastingTransformer model, string shop, float level)
        => ErrorOf(ForecastRun.Transform(ml, model, Sales(shop, level, 140)), 0, level);

    private static double ErrorOf(ReadingForecast[] forecasts, int first, float level)
        => Errors(forecasts, first, level).Skip(60).Average();

    private static IEnumerable<double> Errors(ReadingForecast[] forecasts, int first, float level)
        => forecasts.Select((forecast, t) =>
            forecast.Forecast.Select((value, h) => (double)Math.Abs(value / level - Truth(first + t + 1 + h))).Average());
}
