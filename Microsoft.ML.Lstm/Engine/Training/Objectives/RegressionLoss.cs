namespace Microsoft.ML.Lstm;

/// <summary>The loss of regression, averaged over targets and rows; e is the error of one target.</summary>
public enum RegressionLoss
{
    /// <summary>e².</summary>
    SquaredError,

    /// <summary>
    /// Huber's loss (1964) with threshold 1 on scaled targets: one standard deviation of the label or, where the label is not normalized, 1
    /// in its own unit. The loss is e²/2 where |e| ≤ 1, else |e| − 1/2, so outliers count less.
    /// </summary>
    Huber,
}
