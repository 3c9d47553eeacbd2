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
internal readonly record struct TargetShape(EmbeddingShape Table, int HiddenSize, int Layers, SourceAttention Attention, bool FeedsInput);
