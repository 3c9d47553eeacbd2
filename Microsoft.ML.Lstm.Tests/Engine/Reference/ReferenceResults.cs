namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>The results of a batch of B sequences; sequence b has T_b steps.</summary>
internal sealed record ReferenceOutputs
{
    /// <summary>The last layer's outputs, [B][T_b · D·H].</summary>
    public required double[][] Steps { get; init; }

    /// <summary>h_n, [L·D][B][H]: layer by layer, forward before reverse, as PyTorch orders them.</summary>
    public required double[][][] Hidden { get; init; }

    /// <summary>c_n, in the same order; zeros for cells without one.</summary>
    public required double[][][] CellState { get; init; }

    /// <summary>The pooled outputs, [B][D·H]; with a head per step the outputs of each step, [B][T_b · D·H].</summary>
    public required double[][] Encodings { get; init; }

    /// <summary>The attention weight of each step, [B][T_b]; empty with other poolings.</summary>
    public required double[][] AttentionWeights { get; init; }

    /// <summary>The head's outputs, [B][O], or [B][T_b · O] of each step.</summary>
    public required double[][] Outputs { get; init; }
}

/// <summary>
/// The gradients of a loss with respect to <see cref="ReferenceOutputs"/>, in the same shapes; null for results that the loss does not
/// read.
/// </summary>
internal sealed record ResultGradients
{
    public double[][]? Outputs { get; init; }

    public double[][]? Steps { get; init; }

    public double[][][]? Hidden { get; init; }

    public double[][][]? CellState { get; init; }
}

/// <summary>The gradients of a loss with respect to the parameters and inputs.</summary>
/// <param name="Parameters">By name, summed over the batch.</param>
/// <param name="Sequences">The gradients of the numeric features, [B][T_b · F].</param>
/// <param name="Statics">The gradients of the static features, [B][S].</param>
internal sealed record ReferenceGradients(Dictionary<string, double[]> Parameters, double[][] Sequences, double[][] Statics);
