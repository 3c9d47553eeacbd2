using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// What is known of series when the options are chosen that are null; the rows of <see cref="DataFacts"/> are the series.
/// </summary>
internal sealed record SeriesFacts : DataFacts
{
    /// <param name="lengths">The steps of each series.</param>
    public SeriesFacts(IEnumerable<int> lengths)
        : base(lengths)
    {
    }

    /// <summary>H: how many steps ahead a forecast goes.</summary>
    public required int Horizon { get; init; }
}
