using Microsoft.ML.Lstm.Data;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>
/// What a cursor or an engine knows of the series whose rows it goes through, and as a <see cref="ScoredRow"/> what the network says after the last row.
/// </summary>
internal abstract class SeriesSession : ScoredRow
{
    public override ReadOnlySpan<float> Encoding => [];

    public override ReadOnlySpan<float> Attention => [];

    /// <summary>Takes a row.</summary>
    /// <param name="row">The row, read.</param>
    /// <param name="position">Its number, for messages.</param>
    /// <param name="future">The known covariates of the rows that follow it in its series, row by row.</param>
    /// <exception cref="InvalidOperationException">It is no later than the row before it.</exception>
    public abstract void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future);

    /// <summary>A transformer that goes on from here.</summary>
    public abstract SeriesTransformer Snapshot();
}
