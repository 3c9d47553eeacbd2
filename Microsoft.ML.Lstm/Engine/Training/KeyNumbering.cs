using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>The numbers that keys get where a network knows only some of a column's.</summary>
/// <param name="Tokens">For each token that a step has, the keys that are known; null for all of them.</param>
/// <param name="Classes">The keys of the label that are known; null for all of them.</param>
internal sealed record KeyNumbering(IReadOnlyList<KeySubset?> Tokens, KeySubset? Classes)
{
    /// <summary>Whether every key keeps its number.</summary>
    public bool IsIdentity => Classes is null && Tokens.All(keys => keys is null);

    /// <summary>For each token that a step has, how many are known, of <paramref name="all"/> that there are.</summary>
    public int[] Vocabularies(IReadOnlyList<int> all) => [.. all.Zip(Tokens, (count, keys) => keys?.Count ?? count)];

    /// <summary>Numbers the tokens and classes of a sequence, in place. A class that is not known counts as missing.</summary>
    public void Apply(TrainingSequence sequence)
    {
        KeySubset.Apply(sequence.Tokens, Tokens);
        for (int i = 0; i < sequence.Labels.Length && Classes is not null; i++)
            sequence.Labels[i] = Classes.NumberOf(sequence.Labels[i] + 1) - 1;
    }
}
