using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>The vectors of a token column's tokens that are known before training; the others begin at random.</summary>
/// <param name="vocabulary">V: known tokens, numbered from 1. Token 0 is the unknown one, which may have a vector too.</param>
/// <param name="size">Features of a vector.</param>
internal sealed class GivenEmbeddings(int vocabulary, int size)
{
    private readonly float[]?[] _vectors = new float[vocabulary + 1][];

    /// <summary>The table that they begin.</summary>
    public EmbeddingShape Shape { get; } = new(vocabulary, size);

    /// <summary>How many of the known tokens have a vector.</summary>
    public int Found => _vectors.Skip(1).Count(vector => vector is not null);

    /// <summary>The share of the known tokens that have a vector.</summary>
    public double Coverage => (double)Found / Math.Max(1, Shape.Vocabulary);

    /// <summary>The vector of <paramref name="token"/>; null when there is none.</summary>
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

    /// <summary>The same vectors for tokens with other numbers.</summary>
    /// <param name="keys">The tokens that are known, all that have a vector among them; null for all of them.</param>
    public GivenEmbeddings Renumber(KeySubset? keys)
    {
        if (keys is null)
            return this;
        var renumbered = new GivenEmbeddings(keys.Count, Shape.Size);
        foreach (int token in Tokens)
            renumbered[token == 0 ? 0 : keys.NumberOf(token)] = this[token];
        return renumbered;
    }

    /// <summary>The tokens that have a vector.</summary>
    public IEnumerable<int> Tokens => Enumerable.Range(0, _vectors.Length).Where(token => _vectors[token] is not null);
}
