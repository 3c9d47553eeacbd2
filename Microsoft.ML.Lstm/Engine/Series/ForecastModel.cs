using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>A trained forecasting network, with what it takes to encode rows as its steps and to read its outputs as forecasts.</summary>
/// <param name="Network">The network.</param>
/// <param name="Layout">The inputs and outputs of its steps.</param>
/// <param name="Scaling">The units of the numbers in a row.</param>
/// <param name="Intervals">The calibration of its intervals.</param>
internal sealed record ForecastModel(SequenceModel Network, ForecastLayout Layout, RowScaling Scaling, ForecastIntervals Intervals)
{
    /// <summary>The number of series in the training data.</summary>
    public int Series => Scaling.Levels.Length / Layout.Targets - 1;
}

/// <summary>
/// The calibration of intervals: how far the ends that the network gives are moved, in units of the forecast's spread, for each of the
/// H·D values of a forecast, the first step ahead first.
/// </summary>
/// <param name="Lower">Added to the lower ends.</param>
/// <param name="Upper">Added to the upper ends.</param>
internal sealed record ForecastIntervals(float[] Lower, float[] Upper);
