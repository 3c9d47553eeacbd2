using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Labelled sequences in memory.</summary>
/// <param name="featureSize">F: numeric features of a step.</param>
/// <param name="staticSize">S: static features of a sequence.</param>
/// <param name="targetSize">Numbers to predict for a sequence, or for each step; 0 where classes are predicted.</param>
/// <param name="vocabularies">For each token column, the number of known tokens.</param>
/// <param name="keys">For each token column, the keys that these tokens are, or null for all keys; null in place of the list for all keys
/// of all columns.</param>
/// <param name="words">The characters of the words that the last token of each step is the number of; null for steps without.</param>
internal sealed class SequenceSet(int featureSize, int staticSize, int targetSize, int[] vocabularies, IReadOnlyList<KeySubset?>? keys,
    SpelledWords? words = null)
    : TrainingData(featureSize, staticSize, targetSize, vocabularies, keys, words)
{
    private readonly List<TrainingSequence> _sequences = [];

    /// <summary>A set whose known tokens are all keys of their columns.</summary>
    public SequenceSet(int featureSize, int staticSize, int targetSize, params int[] vocabularies)
        : this(featureSize, staticSize, targetSize, vocabularies, keys: null)
    {
    }

    public override int Count => _sequences.Count;

    public TrainingSequence this[int index] => _sequences[index];

    public override IEnumerable<TrainingSequence> Sequences => _sequences;

    public override IEnumerable<SequenceSet> Sets(Random? random) => [this];

    /// <summary>Adds a sequence.</summary>
    /// <exception cref="ArgumentException">It has no steps, or other sizes than the set.</exception>
    public void Add(TrainingSequence sequence)
    {
        int steps = LengthOf(sequence);
        if (steps == 0 || sequence.FeatureCount != steps * FeatureSize || sequence.Tokens.Length != steps * TokenColumns)
            throw new ArgumentException(
                $"{sequence.FeatureCount} features and {sequence.Tokens.Length} tokens are no whole number (at least one) of steps of "
                + $"{FeatureSize} features and {TokenColumns} tokens.", nameof(sequence));
        ArgumentOutOfRangeException.ThrowIfNotEqual(sequence.Statics.Length, StaticSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(sequence.Targets.Length, HasStepTargets ? steps * TargetSize : TargetSize);
        _sequences.Add(sequence);
    }

    /// <summary>Adds a sequence of numeric features with numeric targets, as copies.</summary>
    public void Add(ReadOnlySpan<float> features, ReadOnlySpan<float> statics, ReadOnlySpan<float> targets, float weight = 1f)
        => Add(new TrainingSequence
        {
            Features = features.ToArray(),
            Statics = statics.ToArray(),
            Targets = targets.ToArray(),
            Weight = weight,
        });

    /// <summary>T: steps of sequence <paramref name="index"/>.</summary>
    public int Length(int index) => LengthOf(_sequences[index]);

    /// <summary>An empty set with the same sizes.</summary>
    public SequenceSet NewLike() => new(FeatureSize, StaticSize, TargetSize, [.. Vocabularies], Keys, Words)
    {
        HasStepTargets = HasStepTargets,
    };

    /// <summary>Moves all sequences to a new set and renumbers their tokens and classes; this set is empty afterwards.</summary>
    public override SequenceSet Renumber(KeyNumbering numbering)
    {
        var renumbered = new SequenceSet(FeatureSize, StaticSize, TargetSize, numbering.Vocabularies(Vocabularies), numbering.Tokens,
            numbering.Of(Words))
        {
            HasStepTargets = HasStepTargets,
        };
        foreach (TrainingSequence sequence in _sequences)
            numbering.Apply(sequence, TokenColumns);
        renumbered._sequences.AddRange(_sequences);
        _sequences.Clear();
        return renumbered;
    }

    /// <summary>A set of the same sequences.</summary>
    public SequenceSet Copy()
    {
        SequenceSet copy = NewLike();
        copy._sequences.AddRange(_sequences);
        return copy;
    }

    /// <summary>
    /// Moves the last <paramref name="count"/> sequences to a set of their own, and removes the <paramref name="gap"/> before them.
    /// </summary>
    public SequenceSet SplitLast(int count, int gap)
    {
        SequenceSet split = NewLike();
        int first = Count - count;
        split._sequences.AddRange(_sequences[first..]);
        _sequences.RemoveRange(first - gap, count + gap);
        return split;
    }

    /// <summary>
    /// Moves the end of the only sequence, one of tokens, to a set of its own; at least one token stays on either side of one that has two.
    /// </summary>
    /// <param name="fraction">The share of the tokens to move, above 0.</param>
    public SequenceSet SplitEnd(double fraction)
    {
        TrainingSequence text = _sequences[0];
        int all = text.Tokens.Length, moved = Math.Clamp((int)Math.Round(all * fraction), 1, Math.Max(1, all - 1));
        SequenceSet split = NewLike();
        split._sequences.Add(new TrainingSequence { Tokens = text.Tokens[^moved..], IsCut = text.IsCut, Weight = text.Weight });
        _sequences[0] = new TrainingSequence { Tokens = text.Tokens[..^moved], IsCut = true, Weight = text.Weight };
        return split;
    }

    /// <summary>
    /// Moves <paramref name="count"/> randomly drawn sequences to a set of their own. Where each has one label, all classes give about the
    /// same share: a class of two or more sequences is in both sets where there is room, and a sequence that is alone with its class stays.
    /// </summary>
    public SequenceSet Split(int count, Random random)
    {
        int[] drawn = [.. Enumerable.Range(0, Count)];
        random.Shuffle(drawn);
        if (_sequences.All(sequence => sequence.Labels.Length == 1))
            drawn = InTurnOfClasses(drawn);
        var taken = drawn.Take(count).ToHashSet();
        SequenceSet split = NewLike();
        split._sequences.AddRange(_sequences.Where((_, index) => taken.Contains(index)));
        TrainingSequence[] rest = [.. _sequences.Where((_, index) => !taken.Contains(index))];
        _sequences.Clear();
        _sequences.AddRange(rest);
        return split;
    }

    /// <summary>
    /// The indices in another order: first one of each class, of the largest class first; then so that of any number of them each class has
    /// its share; and last the last one of each class.
    /// </summary>
    private int[] InTurnOfClasses(int[] indices)
    {
        return [.. indices.GroupBy(index => _sequences[index].Labels[0])
            .SelectMany(ofClass => ofClass.Select((index, rank) => (Index: index, Turn: TurnOf(rank, ofClass.Count()))))
            .OrderBy(one => one.Turn)
            .Select(one => one.Index)];

        static double TurnOf(int rank, int count)
            => rank == count - 1 ? count > 1 ? 2 : 3 : rank == 0 ? -count : (rank + 0.5) / count;
    }
}
