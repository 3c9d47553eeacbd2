using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>The pretrained embeddings of a token column; tokens without one begin at random.</summary>
/// <param name="vocabulary">V: known tokens, numbered from 1. Token 0 is the unknown token, which may have an embedding too.</param>
/// <param name="size">Features of an embedding.</param>
internal sealed class PretrainedEmbeddings(int vocabulary, int size)
{
    private readonly float[]?[] _vectors = new float[vocabulary + 1][];

    /// <summary>The shape of the table.</summary>
    public EmbeddingShape Shape { get; } = new(vocabulary, size);

    /// <summary>The number of known tokens that have an embedding.</summary>
    public int Found => _vectors.Skip(1).Count(vector => vector is not null);

    /// <summary>The share of known tokens that have an embedding.</summary>
    public double Coverage => (double)Found / Math.Max(1, Shape.Vocabulary);

    /// <summary>The embedding of <paramref name="token"/>; null for none.</summary>
    public float[]? this[int token]
    {
        get => _vectors[token];
        set
        {
            if (value is not null)
                ArgumentOutOfRangeException.ThrowIfNotEqual(value.Length, Shape.Size);
            _vectors[token] = value;
        }
    }

    /// <summary>The same embeddings with the tokens renumbered.</summary>
    /// <param name="keys">The known tokens, among them all that have an embedding; null for all tokens.</param>
    public PretrainedEmbeddings Renumber(KeySubset? keys)
    {
        if (keys is null)
            return this;
        var renumbered = new PretrainedEmbeddings(keys.Count, Shape.Size);
        foreach (int token in Tokens)
            renumbered[token == 0 ? 0 : keys.NumberOf(token)] = this[token];
        return renumbered;
    }

    /// <summary>The tokens that have an embedding.</summary>
    public IEnumerable<int> Tokens => Enumerable.Range(0, _vectors.Length).Where(token => _vectors[token] is not null);
}
