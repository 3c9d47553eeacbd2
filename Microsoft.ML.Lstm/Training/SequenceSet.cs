namespace Microsoft.ML.Lstm.Training;

/// <summary>Labelled sequences in memory.</summary>
/// <param name="featureSize">F: numeric features of a step.</param>
/// <param name="staticSize">S: static features of a sequence.</param>
/// <param name="targetSize">Numbers to predict for a sequence; 0 where it is classes that are predicted.</param>
/// <param name="vocabularies">For each token that a step has, how many known ones there are.</param>
internal sealed class SequenceSet(int featureSize, int staticSize, int targetSize, params int[] vocabularies)
    : TrainingData(featureSize, staticSize, targetSize, vocabularies)
{
    private readonly List<TrainingSequence> _sequences = [];

    public override int Count => _sequences.Count;

    public TrainingSequence this[int index] => _sequences[index];

    public override IEnumerable<TrainingSequence> Sequences => _sequences;

    public override IEnumerable<SequenceSet> Sets(Random? random) => [this];

    /// <summary>Adds a sequence.</summary>
    /// <exception cref="ArgumentException">It has no steps, or is not laid out as the set says.</exception>
    public void Add(TrainingSequence sequence)
    {
        int steps = LengthOf(sequence);
        if (steps == 0 || sequence.Features.Length != steps * FeatureSize || sequence.Tokens.Length != steps * Vocabularies.Count)
            throw new ArgumentException($"{sequence.Features.Length} features and {sequence.Tokens.Length} tokens are no whole number (at least one) of steps of {FeatureSize} features and {Vocabularies.Count} tokens.", nameof(sequence));
        ArgumentOutOfRangeException.ThrowIfNotEqual(sequence.Statics.Length, StaticSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(sequence.Targets.Length, TargetSize);
        _sequences.Add(sequence);
    }

    /// <summary>Adds a copy of one sequence of numbers with numbers for targets.</summary>
    public void Add(ReadOnlySpan<float> features, ReadOnlySpan<float> statics, ReadOnlySpan<float> targets, float weight = 1f) => Add(new TrainingSequence
    {
        Features = features.ToArray(),
        Statics = statics.ToArray(),
        Targets = targets.ToArray(),
        Weight = weight,
    });

    /// <summary>T: steps of sequence <paramref name="index"/>.</summary>
    public int Length(int index) => LengthOf(_sequences[index]);

    /// <summary>Moves <paramref name="count"/> sequences, drawn by <paramref name="random"/>, to a set of their own.</summary>
    public SequenceSet Split(int count, Random random)
    {
        int[] drawn = [.. Enumerable.Range(0, Count)];
        random.Shuffle(drawn);
        var taken = drawn.Take(count).ToHashSet();
        var split = new SequenceSet(FeatureSize, StaticSize, TargetSize, [.. Vocabularies]);
        split._sequences.AddRange(_sequences.Where((_, index) => taken.Contains(index)));
        TrainingSequence[] rest = [.. _sequences.Where((_, index) => !taken.Contains(index))];
        _sequences.Clear();
        _sequences.AddRange(rest);
        return split;
    }
}
