using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Renumbers the keys of columns for a network that knows only some of them.</summary>
/// <param name="Tokens">For each token column, the known keys; null for all keys.</param>
/// <param name="Classes">The known keys of the label; null for all keys.</param>
internal sealed record KeyNumbering(IReadOnlyList<KeySubset?> Tokens, KeySubset? Classes)
{
    /// <summary>Whether every key keeps its number.</summary>
    public bool IsIdentity => Classes is null && Tokens.All(keys => keys is null);

    /// <summary>For each token column, the number of known keys, out of <paramref name="all"/> keys.</summary>
    public int[] Vocabularies(IReadOnlyList<int> all) => [.. all.Zip(Tokens, (count, keys) => keys?.Count ?? count)];

    /// <summary>Renumbers the tokens and classes of a sequence, in place. An unknown class counts as missing.</summary>
    public void Apply(TrainingSequence sequence)
    {
        KeySubset.Apply(sequence.Tokens, Tokens);
        for (int i = 0; i < sequence.Labels.Length && Classes is not null; i++)
            sequence.Labels[i] = Classes.NumberOf(sequence.Labels[i] + 1) - 1;
    }
}
