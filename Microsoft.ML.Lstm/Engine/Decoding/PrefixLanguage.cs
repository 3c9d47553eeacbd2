using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// A language model of the items of labels, which says how probable each item is behind a prefix (shallow fusion; Graves and Jaitly 2014).
/// It serves one search at a time.
/// </summary>
/// <param name="networks">The language model, whose head is <see cref="Head.NextToken"/>.</param>
/// <param name="tokens">For each item the number of its token, at least 1.</param>
/// <param name="weight">The weight of the log-probabilities beside those of the frames.</param>
/// <param name="itemBonus">What each item adds, against the language model's liking for short labels.</param>
internal sealed class PrefixLanguage(IReadOnlyList<SequenceNetwork> networks, int[] tokens, double weight, double itemBonus)
{
    private readonly TokenStream _stream = new(networks);
    private readonly EmbeddingShape _table = networks[0].Shape.Embeddings[0];

    /// <summary>Numbers in the state behind a prefix, the first of which are the log-probabilities of what follows.</summary>
    public int StateLength => _stream.StateLength;

    /// <summary>Writes the state before the first item; without a boundary each item is as probable there as any other.</summary>
    public void Begin(Span<float> state)
    {
        _stream.Reset();
        if (_table.HasBoundary)
            _stream.Step(_table.Boundary);
        _stream.CopyStateTo(state);
    }

    /// <summary>Writes the state behind one more item.</summary>
    /// <param name="state">The state before the item.</param>
    /// <param name="item">The item, counted from 0.</param>
    /// <param name="next">Receives the state behind it.</param>
    public void Next(ReadOnlySpan<float> state, int item, Span<float> next)
    {
        _stream.CopyStateFrom(state);
        _stream.Step(tokens[item]);
        _stream.CopyStateTo(next);
    }

    /// <summary>What an item adds to the logarithm of a label's probability.</summary>
    public double LogOf(ReadOnlySpan<float> state, int item) => weight * state[tokens[item] - 1] + itemBonus;

    /// <summary>What the end of the label adds.</summary>
    public double LogOfEnd(ReadOnlySpan<float> state) => _table.HasBoundary ? weight * state[_table.Boundary - 1] : 0;
}
