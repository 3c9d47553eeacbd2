namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Where numbers of a graph come from that are no linear combination of others.</summary>
internal abstract record Source;

/// <summary>The numbers of an input of the graph: of a step, or of a row.</summary>
/// <param name="Input">Which input, counted from 0.</param>
/// <param name="Name">Its name.</param>
/// <param name="Count">How many numbers it has for a step or a row.</param>
/// <param name="IsOfSteps">Whether it has numbers for each step.</param>
internal sealed record InputSource(int Input, string Name, int Count, bool IsOfSteps) : Source;

/// <summary>The vectors of the tokens of a column.</summary>
/// <param name="Token">The column.</param>
/// <param name="Table">A vector for each token.</param>
internal sealed record EmbeddingSource(TokenInput Token, EmbeddingTable Table) : Source;

/// <summary>The vectors of tokens.</summary>
/// <param name="Values">Row by row.</param>
/// <param name="Rows">How many vectors.</param>
/// <param name="Size">The features of one.</param>
internal sealed record EmbeddingTable(float[] Values, int Rows, int Size);

/// <summary>One direction of a recurrent layer; its numbers are h at a step.</summary>
/// <param name="Node">The node's name.</param>
internal sealed record RecurrentSource(string Node) : Source
{
    public required CellType Cell { get; init; }

    /// <summary>Whether it goes from the last step to the first.</summary>
    public required bool IsReverse { get; init; }

    public required int HiddenSize { get; init; }

    /// <summary>The input weights, [G·H x inputs], gates as PyTorch has them.</summary>
    public required float[] InputWeights { get; init; }

    /// <summary>The recurrent weights, [G·H x H].</summary>
    public required float[] HiddenWeights { get; init; }

    /// <summary>The merged biases.</summary>
    public required float[] Biases { get; init; }

    /// <summary>What it reads at a step.</summary>
    public required Forms Input { get; init; }

    // Each is itself alone: comparing all weights would be of no use.
    public bool Equals(RecurrentSource? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>The state c of a recurrent layer's direction at its end.</summary>
internal sealed record CellStateSource(RecurrentSource Layer) : Source;

/// <summary>What becomes of the steps of a row.</summary>
internal enum Reduction
{
    /// <summary>That of the first step.</summary>
    First,

    /// <summary>That of the last step.</summary>
    Last,

    /// <summary>The state of a recurrent layer's direction after its last step.</summary>
    Final,

    Mean,

    Max,

    Sum,
}

/// <summary>A number of each row that the steps of another source were reduced to.</summary>
/// <param name="Of">The source.</param>
/// <param name="Reduction">How.</param>
internal sealed record ReducedSource(Source Of, Reduction Reduction) : Source;

/// <summary>What a function makes of numbers.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Function">Its operator.</param>
/// <param name="Of">The numbers.</param>
/// <param name="OfAll">Whether each result depends on all of them, as in a softmax.</param>
internal sealed record FunctionSource(string Node, string Function, Forms Of, bool OfAll) : Source
{
    public bool Equals(FunctionSource? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>The mean of the steps with the weights of a softmax over them.</summary>
/// <param name="Scores">The one number of each step that the softmax is of.</param>
/// <param name="Of">What is averaged.</param>
internal sealed record AttentionSource(Forms Scores, Forms Of) : Source
{
    public bool Equals(AttentionSource? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
