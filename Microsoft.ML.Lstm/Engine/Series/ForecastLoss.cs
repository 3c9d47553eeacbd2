namespace Microsoft.ML.Lstm;

/// <summary>What the training of a forecast minimizes, and with it what the network says of each value to come.</summary>
public enum ForecastLoss
{
    /// <summary>The squared error: the network gives the mean.</summary>
    SquaredError,

    /// <summary>The absolute error: the network gives the median.</summary>
    AbsoluteError,

    /// <summary>
    /// The pinball loss of three quantiles (Koenker and Bassett 1978): the network gives the median and the two ends of the interval, so
    /// that the interval widens where the series is hard to tell.
    /// </summary>
    Quantile,

    /// <summary>The negative log-likelihood of a normal distribution: the network gives mean and deviation.</summary>
    Gaussian,
}
