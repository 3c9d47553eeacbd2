using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// The state of all series while a cursor or an engine goes through their rows; as a <see cref="ScoredRow"/>, the output of the network
/// after the last row.
/// </summary>
internal abstract class SeriesSession : ScoredRow
{
    /// <summary>The names of the series known from the model or from rows.</summary>
    public abstract IReadOnlyCollection<string> Names { get; }

    /// <summary>Whether a series is one of <see cref="Names"/>.</summary>
    public abstract bool Knows(string name);

    /// <summary>Whether a row has come, and its series is not forgotten.</summary>
    public abstract bool HasRow { get; }

    /// <summary>Takes a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="position">The number of the row, for messages.</param>
    /// <param name="future">The known covariates of the rows that follow in its series, row by row.</param>
    /// <exception cref="InvalidOperationException">The row is no later than the row before it, has the missing key, or is of
    /// one new series too many.</exception>
    public abstract void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future);

    /// <summary>Makes the output, until the next row, that of a series from its last row on.</summary>
    /// <param name="name">One of <see cref="Names"/>; null for the series of the last row or, before the first row, the only
    /// series.</param>
    public abstract void Query(string? name);

    /// <summary>Forgets a series: its next row will be its first.</summary>
    /// <returns>Whether it was known.</returns>
    public abstract bool Forget(string name);

    /// <summary>Warns of what was unusual about the rows; called at their end.</summary>
    public abstract void Conclude();

    /// <summary>A transformer that knows what the session knows.</summary>
    public abstract SeriesTransformer Snapshot();
}

/// <summary>What a <see cref="SeriesSession"/> is for.</summary>
internal sealed record SessionOptions
{
    /// <summary>
    /// Whether rows come from an engine rather than from a table. Warnings then come at once, and a series whose first row is no later than
    /// the last row known to the model is an error instead of a series that begins again.
    /// </summary>
    public bool IsLive { get; init; }

    /// <summary>How many series the session accepts that the model does not know.</summary>
    public int MostNewSeries { get; init; } = int.MaxValue;

    /// <summary>Whether the rows are the data that the model was fitted to.</summary>
    public bool IsTrainingData { get; init; }
}
