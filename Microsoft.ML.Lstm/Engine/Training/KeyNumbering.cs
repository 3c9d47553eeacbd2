using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Renumbers the keys of columns for a network that knows only some of them.</summary>
/// <param name="Tokens">For each token column, the known keys; null for all keys.</param>
/// <param name="Classes">The known keys of the label; null for all keys.</param>
/// <param name="Characters">The known characters of words, the boundary among them; null for all. Characters keep their keys.</param>
internal sealed record KeyNumbering(IReadOnlyList<KeySubset?> Tokens, KeySubset? Classes, KeySubset? Characters = null)
{
    /// <summary>Whether every key keeps its number.</summary>
    public bool IsIdentity => Classes is null && Characters is null && Tokens.All(keys => keys is null);

    /// <summary>For each token column, the number of known keys, out of <paramref name="all"/> keys.</summary>
    public int[] Vocabularies(IReadOnlyList<int> all) => [.. all.Zip(Tokens, (count, keys) => keys?.Count ?? count)];

    /// <summary>The same words, of whose characters only some are known.</summary>
    public SpelledWords? Of(SpelledWords? words) => words is null ? null : words with { Known = Characters };

    /// <summary>Renumbers the tokens and classes of a sequence, in place. An unknown class counts as missing.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="tokenColumns">Whole numbers of a step, the columns of tokens first.</param>
    public void Apply(TrainingSequence sequence, int tokenColumns)
    {
        KeySubset.Apply(sequence.Tokens, tokenColumns, Tokens);
        for (int i = 0; i < sequence.Labels.Length && Classes is not null; i++)
            sequence.Labels[i] = Classes.NumberOf(sequence.Labels[i] + 1) - 1;
    }
}
