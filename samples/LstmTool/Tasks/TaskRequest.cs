using LstmTool.Data;

namespace LstmTool.Tasks;

/// <summary>What the user wants; null for what is to be inferred.</summary>
/// <param name="Dataset">The file.</param>
internal sealed record TaskRequest(string Dataset)
{
    public ReadOptions Reading { get; init; } = new();

    public string? Label { get; init; }

    public string? Time { get; init; }

    public string? Series { get; init; }

    /// <summary>The column of values to watch.</summary>
    public string? Value { get; init; }

    /// <summary>Columns that are known for the time to come.</summary>
    public IReadOnlyList<string> Known { get; init; } = [];

    /// <summary>Columns to learn from though they look like ids of rows.</summary>
    public IReadOnlyList<string> Keep { get; init; } = [];

    /// <summary>How many steps to forecast.</summary>
    public int Horizon { get; init; } = 1;

    /// <summary>How many columns of numbers make a step.</summary>
    public int? FeaturesPerStep { get; init; }

    /// <summary>A file whose rows settings are chosen by.</summary>
    public string? ValidationDataset { get; init; }

    /// <summary>A file whose rows only the metrics are from.</summary>
    public string? TestDataset { get; init; }

    /// <summary>The column whose last rows are unseen, and those before them for validation; null to draw both at random.</summary>
    public string? SplitBy { get; init; }

    /// <summary>The time for training.</summary>
    public TimeSpan TrainTime { get; init; } = TimeSpan.FromSeconds(60);

    public int Seed { get; init; } = 1;

    /// <summary>Threads that train; null for one a processor.</summary>
    public int? Threads { get; init; }
}
