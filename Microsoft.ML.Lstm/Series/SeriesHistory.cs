using Microsoft.ML.Lstm.Engine.Series;


namespace Microsoft.ML.Lstm.Series;

/// <summary>A series of the training data: its name, its rows and their times.</summary>
/// <param name="Name">The name; empty where there is only one series.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Times">The time of each row; without times nothing.</param>
internal sealed record SeriesHistory(string Name, SeriesRows Rows, List<DateTimeOffset> Times)
{
    /// <summary>What its first rows look like; null where they say nothing, as where all are the same.</summary>
    public SeriesStart? Start { get; set; }

    /// <summary>The time up to which its end is known to be missing; that of the last row, or earlier, where nothing is.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>The rows that are to be trained on; the rest is for validation.</summary>
    public int TrainingRows { get; set; }
}
