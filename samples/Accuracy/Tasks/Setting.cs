namespace Accuracy.Tasks;

/// <summary>What a trainer is told beside the columns, the horizon and the split of the data.</summary>
internal enum Setting
{
    /// <summary>Nothing.</summary>
    Untouched,

    /// <summary>Only that it may take several times as long: <see cref="Microsoft.ML.Lstm.TrainingEffort.Best"/>.</summary>
    Best,

    /// <summary>What somebody who knows the data found on held-out training rows.</summary>
    Tuned,
}
