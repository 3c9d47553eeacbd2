namespace Microsoft.ML.Lstm;

/// <summary>How the values of a series are scaled before the network reads them.</summary>
public enum SeriesScaling
{
    /// <summary>By mean and deviation of all training data: the network sees how high a series is.</summary>
    None,

    /// <summary>
    /// By mean and deviation of the series in the training data; of a series with no or hardly any values there, by mean and deviation of
    /// its last values.
    /// </summary>
    Series,

    /// <summary>
    /// Relative to the last value, in units of the root mean squared change over the horizon in the training data: a series may rise
    /// without limit. With one lag the network reads the last change.
    /// </summary>
    LastValue,

    /// <summary>
    /// By mean and deviation of the last values, as many as the window has: neither the height nor the spread of a series matters.
    /// </summary>
    Window,
}
