using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>Made-up series in the form that a forecasting network learns from.</summary>
internal static class SeriesSample
{
    public static ForecastLayout Layout(ForecastLoss loss = ForecastLoss.SquaredError, int targets = 1, int horizon = 3, int windowSize = 4)
        => new()
        {
            Targets = targets,
            Horizon = horizon,
            Lags = 1,
            WindowSize = windowSize,
            Loss = loss,
        };

    /// <summary>
    /// A series whose step t has the features t, t + ¼, ... and values, levels and scales drawn from <paramref name="seed"/>.
    /// </summary>
    public static EncodedSeries Series(ForecastLayout layout, int steps, int seed = 1, int number = 1)
    {
        var random = new Random(seed);
        float[] Draw(float from, float to) =>
            [.. Enumerable.Range(0, steps * layout.Targets).Select(_ => from + (to - from) * random.NextSingle())];
        return new EncodedSeries
        {
            FeatureSize = layout.FeatureSize,
            Features = [.. Enumerable.Range(0, steps).SelectMany(t => Enumerable.Range(0, layout.FeatureSize).Select(i => t + i / 4f))],
            Values = Draw(-5, 5),
            Levels = Draw(-2, 2),
            Scales = Draw(0.5f, 2),
            Series = number,
            Statics = [],
            Steps = steps,
        };
    }
}
