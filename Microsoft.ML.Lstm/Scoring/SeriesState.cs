namespace Microsoft.ML.Lstm.Scoring;

/// <summary>What is known of a series: a network's state after its last row, and that row's time.</summary>
/// <param name="Values">The state.</param>
/// <param name="Time">The time; that of rows without times does not matter.</param>
internal sealed record SeriesState(float[] Values, DateTime Time);
