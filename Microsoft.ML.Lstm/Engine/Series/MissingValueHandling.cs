namespace Microsoft.ML.Lstm;

/// <summary>What to do with a row of a series in which values are missing: NaN or infinite.</summary>
public enum MissingValueHandling
{
    /// <summary>
    /// A missing value is replaced by the value before it, and the network is told that it was missing. Time goes on by a step, wherever
    /// the row is.
    /// </summary>
    CarryForward,

    /// <summary>
    /// A row without one of its targets or past covariates is skipped, like a day on which a shop is closed: it gets the forecast of the
    /// row before it, and a warning says how many rows were skipped. Where such a row takes up time, use <see cref="CarryForward"/>. Not
    /// allowed with known covariates, which rows without targets announce for the time to come.
    /// </summary>
    SkipRow,
}
