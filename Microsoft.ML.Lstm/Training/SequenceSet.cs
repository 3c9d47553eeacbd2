namespace Microsoft.ML.Lstm.Training;

/// <summary>
/// Labelled sequences in memory. Sequence i has T_i steps of <see cref="InputSize"/> features (step-major),
/// <see cref="StaticSize"/> static features, <see cref="TargetSize"/> targets and a weight.
/// </summary>
internal sealed class SequenceSet(int inputSize, int staticSize, int targetSize)
{
    private readonly List<float[]> _steps = [];
    private readonly List<float[]> _statics = [];
    private readonly List<float[]> _targets = [];
    private readonly List<float> _weights = [];

    public int InputSize { get; } = inputSize;

    public int StaticSize { get; } = staticSize;

    public int TargetSize { get; } = targetSize;

    public int Count => _steps.Count;

    /// <summary>How many sequences of which sizes, in words.</summary>
    public string Describe()
    {
        int shortest = _steps.Min(steps => steps.Length) / InputSize, longest = _steps.Max(steps => steps.Length) / InputSize;
        string lengths = shortest == longest ? $"{shortest}" : $"{shortest} to {longest}";
        return $"{Count} sequences of {lengths} steps with {InputSize} features each";
    }

    /// <summary>Adds a copy of one sequence.</summary>
    /// <param name="steps">T x <see cref="InputSize"/> values, T at least 1.</param>
    /// <param name="statics"><see cref="StaticSize"/> values.</param>
    /// <param name="targets"><see cref="TargetSize"/> values.</param>
    /// <param name="weight">How much the sequence counts in the loss.</param>
    public void Add(ReadOnlySpan<float> steps, ReadOnlySpan<float> statics, ReadOnlySpan<float> targets, float weight = 1f)
    {
        if (steps.IsEmpty || steps.Length % InputSize != 0)
            throw new ArgumentException($"{steps.Length} values are no whole number (at least one) of steps of {InputSize} features.", nameof(steps));
        ArgumentOutOfRangeException.ThrowIfNotEqual(statics.Length, StaticSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(targets.Length, TargetSize);
        _steps.Add(steps.ToArray());
        _statics.Add(statics.ToArray());
        _targets.Add(targets.ToArray());
        _weights.Add(weight);
    }

    /// <summary>The features of each sequence.</summary>
    public IReadOnlyList<float[]> AllSteps => _steps;

    /// <summary>The static features of each sequence.</summary>
    public IReadOnlyList<float[]> AllStatics => _statics;

    /// <summary>The targets of each sequence.</summary>
    public IReadOnlyList<float[]> AllTargets => _targets;

    public int Length(int index) => _steps[index].Length / InputSize;

    public Span<float> Steps(int index) => _steps[index];

    public Span<float> Statics(int index) => _statics[index];

    public Span<float> Targets(int index) => _targets[index];

    public float Weight(int index) => _weights[index];

    /// <summary>Moves <paramref name="count"/> sequences, drawn by <paramref name="random"/>, to a set of their own.</summary>
    public SequenceSet Split(int count, Random random)
    {
        int[] drawn = new int[Count];
        for (int i = 0; i < drawn.Length; i++)
            drawn[i] = i;
        random.Shuffle(drawn);
        var taken = drawn.Take(count).ToHashSet();
        var split = new SequenceSet(InputSize, StaticSize, TargetSize);
        var rest = new SequenceSet(InputSize, StaticSize, TargetSize);
        for (int i = 0; i < Count; i++)
            (taken.Contains(i) ? split : rest).Take(this, i);
        Replace(_steps, rest._steps);
        Replace(_statics, rest._statics);
        Replace(_targets, rest._targets);
        Replace(_weights, rest._weights);
        return split;

        static void Replace<T>(List<T> list, List<T> by)
        {
            list.Clear();
            list.AddRange(by);
        }
    }

    private void Take(SequenceSet other, int index)
    {
        _steps.Add(other._steps[index]);
        _statics.Add(other._statics[index]);
        _targets.Add(other._targets[index]);
        _weights.Add(other._weights[index]);
    }
}
