namespace Microsoft.ML.Lstm;

/// <summary>The side of its forecast on which a value may be an anomaly.</summary>
public enum ResidualSide
{
    /// <summary>Above or below.</summary>
    TwoSided,

    /// <summary>Above only.</summary>
    Above,

    /// <summary>Below only.</summary>
    Below,
}
