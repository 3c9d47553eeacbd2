using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>A trained forecasting network with all that turns rows into its steps and its outputs into forecasts.</summary>
/// <param name="Network">The network.</param>
/// <param name="Layout">What its steps read and give.</param>
/// <param name="Scaling">The units of the rows' numbers.</param>
/// <param name="Intervals">How far its forecasts are off.</param>
internal sealed record ForecastModel(SequenceModel Network, ForecastLayout Layout, RowScaling Scaling, ForecastIntervals Intervals)
{
    /// <summary>The number of series that the training data has.</summary>
    public int Series => Scaling.Levels.Length / Layout.Targets - 1;
}

/// <summary>
/// Where the ends of an interval are: for each of the H·D values of a forecast, the first step ahead first, what is added to the network's
/// lower and upper end, in units of the forecast's spread.
/// </summary>
/// <param name="Lower">To the lower end, H·D values.</param>
/// <param name="Upper">To the upper end, H·D values.</param>
internal sealed record ForecastIntervals(float[] Lower, float[] Upper);
