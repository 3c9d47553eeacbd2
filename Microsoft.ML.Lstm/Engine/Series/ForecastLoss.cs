namespace Microsoft.ML.Lstm;

/// <summary>The loss that the training of a forecast minimizes, which also decides what the network gives for each value.</summary>
public enum ForecastLoss
{
    /// <summary>The squared error: the network gives the mean.</summary>
    SquaredError,

    /// <summary>The absolute error: the network gives the median.</summary>
    AbsoluteError,

    /// <summary>
    /// The pinball loss of three quantiles (Koenker and Bassett 1978): the network gives the median and the two ends of the interval, so
    /// that the interval is wider where the series is hard to forecast.
    /// </summary>
    Quantile,

    /// <summary>The negative log-likelihood of a normal distribution: the network gives mean and deviation.</summary>
    Gaussian,
}
