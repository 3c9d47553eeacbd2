namespace Microsoft.ML.Lstm.Series;

/// <summary>What a <see cref="SeriesSession"/> is for.</summary>
internal sealed record SessionUse
{
    /// <summary>
    /// Whether rows come live, to an engine: what is odd is named at once, and a series whose first row is no later than the last one the
    /// model knows is refused, rather than begun anew.
    /// </summary>
    public bool IsLive { get; init; }

    /// <summary>The most series that it meets and the model does not know.</summary>
    public int MostNewSeries { get; init; } = int.MaxValue;

    /// <summary>Whether the rows are those that the model was fitted to.</summary>
    public bool IsTrainingData { get; init; }
}
