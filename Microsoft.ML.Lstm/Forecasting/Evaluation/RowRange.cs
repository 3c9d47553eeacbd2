namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>The rows of a series from <paramref name="First"/> on, before <paramref name="End"/>, counted from 0.</summary>
internal readonly record struct RowRange(long First, long End)
{
    public bool Contains(long row) => First <= row && row < End;

    /// <summary>How many of <paramref name="rows"/> rows are in it.</summary>
    public long Count(long rows) => Math.Max(0, Math.Min(End, rows) - First);
}
