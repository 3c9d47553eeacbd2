using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Labelled sequences to train on: in memory, or read anew each time.</summary>
/// <param name="featureSize">F: numeric features of a step.</param>
/// <param name="staticSize">S: static features of a sequence.</param>
/// <param name="targetSize">Numbers to predict for a sequence, or for each step; 0 where classes are predicted.</param>
/// <param name="vocabularies">For each token column, the number of known tokens.</param>
/// <param name="keys">For each token column, the keys that these tokens are, or null for all keys; null in place of the list for all keys
/// of all columns.</param>
/// <param name="words">The characters of the words that the last token of each step is the number of; null for steps without.</param>
internal abstract class TrainingData(int featureSize, int staticSize, int targetSize, IReadOnlyList<int> vocabularies,
    IReadOnlyList<KeySubset?>? keys, SpelledWords? words = null)
{
    public int FeatureSize { get; } = featureSize;

    public int StaticSize { get; } = staticSize;

    public int TargetSize { get; } = targetSize;

    /// <summary>
    /// Whether each step has numbers to predict of its own, <see cref="TargetSize"/> of them, with NaN for one that is not known; otherwise
    /// the sequence has them.
    /// </summary>
    public virtual bool HasStepTargets { get; init; }

    public IReadOnlyList<int> Vocabularies { get; } = vocabularies;

    /// <summary>For each token column, the keys that its tokens are; null for all keys.</summary>
    public IReadOnlyList<KeySubset?> Keys { get; } = keys ?? new KeySubset?[vocabularies.Count];

    /// <summary>The words that have characters; null for steps without.</summary>
    public SpelledWords? Words { get; } = words;

    /// <summary>Whole numbers of a step: its token of each column and, where its word has characters, the word's number.</summary>
    public int TokenColumns => Vocabularies.Count + (Words is null ? 0 : 1);

    /// <summary>The number of sequences.</summary>
    public abstract int Count { get; }

    /// <summary>The sequences, always in the same order.</summary>
    public abstract IEnumerable<TrainingSequence> Sequences { get; }

    /// <summary>The sequences of an epoch, in one or more sets, one of which is in memory at a time.</summary>
    /// <param name="random">Draws the sequences of each set; null for the sequences' own order.</param>
    public abstract IEnumerable<SequenceSet> Sets(Random? random);

    /// <summary>The same sequences with their tokens and classes renumbered.</summary>
    public virtual TrainingData Renumber(KeyNumbering numbering)
        => throw new NotSupportedException("These sequences have no keys of columns.");

    /// <summary>T: the steps of a sequence.</summary>
    public int LengthOf(TrainingSequence sequence)
        => FeatureSize > 0 ? sequence.FeatureCount / FeatureSize
            : TokenColumns > 0 ? sequence.Tokens.Length / TokenColumns
            : 0;
}

/// <summary>Words by their characters.</summary>
/// <param name="Spellings">The characters of each word.</param>
/// <param name="Known">The characters that are known, the boundary among them; null for all.</param>
internal sealed record SpelledWords(Spellings Spellings, KeySubset? Known)
{
    /// <summary>The number of known characters, with the boundary.</summary>
    public int Vocabulary => Known?.Count ?? Spellings.KeyCount;
}
