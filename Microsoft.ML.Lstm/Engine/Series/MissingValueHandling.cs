namespace Microsoft.ML.Lstm;

/// <summary>What to do with a row of a series in which values are missing: NaN or infinite.</summary>
public enum MissingValueHandling
{
    /// <summary>
    /// The value before it stands for a missing one, and the network is told that it was missing: time goes on by a step, wherever the
    /// row is.
    /// </summary>
    CarryForward,

    /// <summary>
    /// A row without one of its targets or past covariates counts as if it were not there, as a day on which a shop is closed; the forecast
    /// after it is that of the row before it, and a warning says how many there were. Where time goes on by such rows, use
    /// <see cref="CarryForward"/>. Not with known covariates, which such rows tell of the time to come.
    /// </summary>
    SkipRow,
}
