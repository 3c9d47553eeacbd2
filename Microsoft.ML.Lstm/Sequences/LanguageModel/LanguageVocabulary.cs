using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Sequences.LanguageModel;

/// <summary>
/// The tokens of a language model: the keys of its column, the numbers that its network knows them by, and what they stand for.
/// </summary>
/// <param name="shape">The network's shape.</param>
/// <param name="values">What the keys stand for; null where that is unknown.</param>
internal sealed class LanguageVocabulary(NetworkShape shape, KeyValues? values)
{
    private readonly EmbeddingShape _table = shape.Embeddings[0];

    // The key of each number; null where they are the same.
    private readonly int[]? _known = shape.Embeddings[0].Keys is { } keys ? [0, .. keys.Keys] : null;

    /// <summary>The keys of the column, whether the network knows them or not.</summary>
    public int KeyCount => _table.KeyCount;

    /// <summary>V: the tokens that the network knows and predicts, without the boundary.</summary>
    public int Count => _table.Vocabulary;

    /// <summary>O: the outputs of the network, one for each token and, as the last, one for the boundary if there is one.</summary>
    public int Outputs { get; } = shape.OutputSize;

    /// <summary>The number of the token before the first and behind the last of a text; null where there is none.</summary>
    public int? Boundary => _table.HasBoundary ? _table.Boundary : null;

    /// <summary>What the keys stand for; null where that is unknown.</summary>
    public KeyValues? Values { get; } = values;

    /// <summary>The number of a key; 0 for one that the network does not know, and for the missing key.</summary>
    public int NumberOf(uint key) => key > (uint)KeyCount ? 0 : _table.Keys?.NumberOf((int)key) ?? (int)key;

    /// <summary>The key of the token that an output is for; 0 for the boundary.</summary>
    public uint KeyOf(int output) => output >= Count ? 0 : _known is null ? (uint)output + 1 : (uint)_known[output + 1];
}
