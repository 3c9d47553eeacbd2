using Microsoft.ML.Data;

namespace Comparison;

/// <summary>A value of one of several series, in the order of time.</summary>
internal sealed class Value
{
    public string Series { get; set; } = "";

    /// <summary>What is to be forecast, one step ahead.</summary>
    public float Y { get; set; }
}

/// <summary>A window of a series, and by how much the value behind it differs from its last one.</summary>
internal sealed class Step
{
    public const int Size = 12;

    [VectorType(Size)]
    public float[] Window { get; set; } = [];

    public float Change { get; set; }
}

/// <summary>The change that a network expects.</summary>
internal sealed class Expectation
{
    public float Score { get; set; }
}
