namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The shape of an embedding table, which has the vectors of the tokens of one column: <paramref name="Vocabulary"/> tokens, numbered from
/// 1, with <paramref name="Size"/> features each, and in row 0 the vector of the unknown or missing token.
/// </summary>
internal readonly record struct EmbeddingShape(int Vocabulary, int Size)
{
    /// <summary>The keys of the column that are tokens; null for all.</summary>
    public KeySubset? Keys { get; init; }

    /// <summary>
    /// Whether the last row has the vector of the boundary, a token that stands before the first and behind the last of a sequence.
    /// </summary>
    public bool HasBoundary { get; init; }

    /// <summary>The number of the boundary, where there is one.</summary>
    public int Boundary => Vocabulary + 1;

    /// <summary>The number of keys that the column may have.</summary>
    public int KeyCount => Keys?.KeyCount ?? Vocabulary;

    /// <summary>Rows of the table.</summary>
    public int Rows => Vocabulary + (HasBoundary ? 2 : 1);

    /// <summary>Numbers of the table.</summary>
    public long Length => (Vocabulary + (HasBoundary ? 2L : 1L)) * Size;
}
