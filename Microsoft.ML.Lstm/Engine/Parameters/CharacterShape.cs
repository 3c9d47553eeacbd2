namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The shape of the encoder that reads each word by its characters: a table of embeddings, a convolution over the embeddings of
/// neighbouring characters, and the largest value of each filter over the word (Ma and Hovy 2016).
/// </summary>
/// <param name="Table">
/// The embeddings of characters. The last one is the boundary, which stands before and behind each word; row 0 is the unknown character.
/// </param>
/// <param name="Filters">The filters, which are the features of a word.</param>
/// <param name="KernelSize">Neighbouring characters that a filter reads.</param>
internal readonly record struct CharacterShape(EmbeddingShape Table, int Filters, int KernelSize)
{
    /// <summary>The number of keys of a column of texts: UTF-16's 65,535 units beside U+0000, and the boundary.</summary>
    public const int KeysOfText = char.MaxValue + 1;

    /// <summary>The most neighbours that a filter may read.</summary>
    public const int LargestKernel = 64;

    /// <summary>Tensors that the parameters are stored as.</summary>
    public const int TensorCount = 3;

    /// <summary>
    /// Boundaries before a word; behind it are <see cref="KernelSize"/> / 2, so that a word has a window for each character.
    /// </summary>
    public int BoundariesBefore => (KernelSize - 1) / 2;

    /// <summary>The number of parameters.</summary>
    public long ParameterCount => Table.Length + Filters * ((long)Table.Size * KernelSize + 1);
}
