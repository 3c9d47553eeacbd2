using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Explanations;

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

    /// <summary>Whether the session has taken a row, and has not forgotten its series since.</summary>
    public abstract bool HasRow { get; }

    /// <summary>Takes a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="position">The number of the row, for messages.</param>
    /// <param name="future">The known covariates of the rows that follow in its series, row by row.</param>
    /// <exception cref="InvalidOperationException">The row is no later than the row before it, has the missing key, or belongs to one new
    /// series more than <see cref="SessionOptions.MostNewSeries"/>.</exception>
    public abstract void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future);

    /// <summary>Makes the output, until the next row, the forecast of a series from its last row.</summary>
    /// <param name="name">One of <see cref="Names"/>; null for the series of the last row or, before the first row, the only
    /// series.</param>
    public abstract void Query(string? name);

    /// <summary>Forgets a series: its next row will be its first.</summary>
    /// <returns>Whether it was known.</returns>
    public abstract bool Forget(string name);

    /// <summary>Warns of anything unusual about the rows; called after the last row.</summary>
    public abstract void Conclude();

    /// <summary>A transformer that knows what the session knows.</summary>
    public abstract SeriesTransformer Snapshot();
}

/// <summary>How a <see cref="SeriesSession"/> is used.</summary>
internal sealed record SessionOptions
{
    /// <summary>
    /// Whether rows come from an engine rather than from a table. Then warnings come at once, and a first row that is no later than the
    /// last one known to the model is an error; in a table it begins its series again.
    /// </summary>
    public bool IsLive { get; init; }

    /// <summary>How many series the session accepts that the model does not know.</summary>
    public int MostNewSeries { get; init; } = int.MaxValue;

    /// <summary>Whether the rows are the data that the transformer was fitted to.</summary>
    public bool IsTrainingData { get; init; }

    /// <summary>
    /// What is known of each series before the validation data, where the rows are these; null where they are others.
    /// </summary>
    public IReadOnlyDictionary<string, SeriesBeforeValidation>? BeforeValidation { get; init; }

    /// <summary>
    /// Whether what a transformer knows of a series in the end is without its last rows, where these have no value and only announce known
    /// covariates; otherwise they are steps.
    /// </summary>
    public bool EndsBeforeAnnounced { get; init; }

    /// <summary>Makes what explains the results; null where they are not explained.</summary>
    public Func<ForecastExplainer>? CreateExplainer { get; init; }

    /// <summary>Receives warnings about the rows; null for the log of the transformer.</summary>
    public Action<string>? Warn { get; init; }
}
