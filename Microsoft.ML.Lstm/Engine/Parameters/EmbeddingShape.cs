namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The shape of an embedding table, which has the vectors of the tokens of one column: <paramref name="Vocabulary"/> tokens, numbered from
/// 1, with <paramref name="Size"/> features each, and in row 0 the vector of the unknown or missing token.
/// </summary>
internal readonly record struct EmbeddingShape(int Vocabulary, int Size)
{
    /// <summary>The keys of the column that are tokens; null for all.</summary>
    public KeySubset? Keys { get; init; }

    /// <summary>The number of keys that the column may have.</summary>
    public int KeyCount => Keys?.KeyCount ?? Vocabulary;

    /// <summary>Rows of the table.</summary>
    public int Rows => Vocabulary + 1;
}
