namespace Accuracy.Tasks;

/// <summary>What a trainer is told beside the columns, the horizon and the split of the data.</summary>
internal enum Setting
{
    /// <summary>Nothing.</summary>
    Untouched,

    /// <summary>What somebody who knows the data found on held-out training rows.</summary>
    Tuned,
}
