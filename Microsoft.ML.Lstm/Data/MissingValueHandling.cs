namespace Microsoft.ML.Lstm;

/// <summary>What to do with a row of a series in which values are missing: NaN or infinite.</summary>
public enum MissingValueHandling
{
    /// <summary>The value before it stands for a missing one, and the network is told that it was missing.</summary>
    CarryForward,

    /// <summary>
    /// A row without one of its targets or past covariates counts as if it were not there; the forecast after it is that of the row before it. Not
    /// with known covariates, which such rows tell of the time to come.
    /// </summary>
    SkipRow,
}
