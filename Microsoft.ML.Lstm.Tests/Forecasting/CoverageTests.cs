using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Intervals hold the share of values that they promise, whatever the loss and the noise.</summary>
[TestClass]
public sealed class CoverageTests
{
    public static IEnumerable<object[]> Cases
        => from loss in Enum.GetValues<ForecastLoss>() from level in new[] { 0.8, 0.9, 0.95 } select new object[] { loss, level };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void HeavyTailsAreCoveredAsOftenAsPromised(ForecastLoss loss, double level)
    {
        const int Training = 4000, Later = 2000;
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(Training + Later, noise: 0);
        // Cauchy noise, which has no finite deviation, and skewed noise.
        var random = new Random(11);
        foreach (Reading row in rows)
        {
            double noise = Math.Tan(Math.PI * (random.NextDouble() - 0.5));
            row.Value += (float)(0.1 * (noise > 0 ? 3 * noise : noise));
        }
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..Training], options =>
            (options.LossFunction, options.ConfidenceLevel, options.ValidationFraction, options.Horizon) = (loss, level, 0.5f, 2));

        Reading[] later = rows[Training..];
        foreach (IGrouping<int, (ReadingForecast Forecast, int Step, float Value)> step in ForecastRun.Compare(ForecastRun.Transform(ml,
            model, later), later).GroupBy(pair => pair.Step))
        {
            double covered = step.Average(pair => pair.Forecast.Lower[pair.Step] <= pair.Value
                && pair.Value <= pair.Forecast.Upper[pair.Step]
                ? 1.0
                : 0);
            // Both the 2000 errors that the interval is made of and the 2000 values are drawn.
            double deviation = Math.Sqrt(2 * level * (1 - level) / Later);
            Assert.IsInRange(level - 4 * deviation, level + 4 * deviation, covered, $"{step.Key + 1} ahead");
        }
    }
}
