namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// What the decoder of a <see cref="Head.SequenceToSequence"/> writes, and the dimensions of the decoder that differ from the encoder's.
/// </summary>
/// <param name="Table">
/// The embeddings of the tokens that it writes. The table's boundary stands before the first token and ends the sequence.
/// </param>
/// <param name="HiddenSize">H: units of each layer.</param>
/// <param name="Layers">Recurrent layers, one on top of the other.</param>
/// <param name="Attention">How it looks at the source.</param>
/// <param name="FeedsInput">
/// Whether the first layer reads, beside the last token, what the outputs of the last step were made of (input feeding; Luong et al. 2015):
/// so the decoder knows what it has looked at already.
/// </param>
internal readonly record struct TargetShape(EmbeddingShape Table, int HiddenSize, int Layers, SourceAttention Attention, bool FeedsInput)
{
    /// <summary>Whether the tokens' vectors are the weights of the outputs too; they then have H features.</summary>
    public bool TiesHead { get; init; }

    /// <summary>
    /// Whether the unknown token has an output too, behind that of the boundary, so that it can be written; what it stands for is then
    /// taken from the source (Luong, Sutskever et al. 2015).
    /// </summary>
    public bool WritesUnknown { get; init; }

    /// <summary>
    /// Outputs of the decoder: one for each token of the table in its order, the boundary, and the unknown token if it has one.
    /// </summary>
    public int OutputSize => Table.Rows - (WritesUnknown ? 0 : 1);

    /// <summary>The number in the table of the token that an output is for.</summary>
    public int TokenOf(int output) => (output + 1) % Table.Rows;
}
