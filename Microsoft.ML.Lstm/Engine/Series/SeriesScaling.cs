namespace Microsoft.ML.Lstm;

/// <summary>What the values of a series are measured by before a network sees them.</summary>
public enum SeriesScaling
{
    /// <summary>Mean and deviation of all training data: the network knows how high a series stands.</summary>
    None,

    /// <summary>
    /// Mean and deviation of each series in the training data; of its own last values for a series that was not there, or that had hardly
    /// any.
    /// </summary>
    Series,

    /// <summary>
    /// The last value, in units of how far the series moves over the horizon (the root of the mean squared change in the training data): a
    /// series may rise for good. With one lag the network reads how far the series moved last.
    /// </summary>
    LastValue,

    /// <summary>
    /// Mean and deviation of the last values, as many as the window has: neither the height nor the spread of a series matters.
    /// </summary>
    Window,
}
