using Microsoft.ML.Lstm.Columns;


namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// What a cursor or an engine knows of the series whose rows it goes through, and as a <see cref="ScoredRow"/> what the network says after
/// the last row.
/// </summary>
internal abstract class SeriesSession : ScoredRow
{
    /// <summary>The names of the series that it can say something of.</summary>
    public abstract IReadOnlyCollection<string> Names { get; }

    /// <summary>Whether <see cref="Names"/> has a series.</summary>
    public abstract bool Knows(string series);

    /// <summary>Whether a row has come, of a series that is not forgotten.</summary>
    public abstract bool HasRow { get; }

    /// <summary>Takes a row.</summary>
    /// <param name="row">The row, read.</param>
    /// <param name="position">Its number, for messages.</param>
    /// <param name="future">The known covariates of the rows that follow it in its series, row by row.</param>
    /// <exception cref="InvalidOperationException">It is no later than the row before it, has the missing key, or is of one new series
    /// too many.</exception>
    public abstract void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future);

    /// <summary>Says, until the next row, what comes next in a series.</summary>
    /// <param name="series">One of <see cref="Names"/>; null for that of the last row or, before the first, the only one.</param>
    public abstract void Ask(string? series);

    /// <summary>Forgets a series: a row of it would be the first.</summary>
    /// <returns>Whether it was known.</returns>
    public abstract bool Forget(string series);

    /// <summary>Warns of what was odd about the rows, once they are over.</summary>
    public abstract void Conclude();

    /// <summary>A transformer that goes on from here.</summary>
    public abstract SeriesTransformer Snapshot();
}
