namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>The numbers to predict of sequences or of their steps, some of which may not be known: NaN.</summary>
/// <param name="data">The training data.</param>
internal readonly struct KnownTargets(TrainingData data)
{
    private readonly int _size = data.TargetSize;

    /// <summary>Whether each step has numbers of its own.</summary>
    public bool AreOfSteps { get; } = data.HasStepTargets;

    /// <summary>The numbers of a step of a sequence; of the sequence itself, which has one row of them, with step 0.</summary>
    public ReadOnlySpan<float> Of(TrainingSequence sequence, int step) => sequence.Targets.AsSpan(step * _size, _size);

    /// <summary>How many numbers are known.</summary>
    public static int Count(ReadOnlySpan<float> targets)
    {
        int count = 0;
        foreach (float target in targets)
            count += float.IsNaN(target) ? 0 : 1;
        return count;
    }

    /// <summary>The weight of a step, or of the sequence itself: 0 where none of its numbers is known.</summary>
    public float WeightOf(TrainingSequence sequence, int step) => Count(Of(sequence, step)) == 0 ? 0 : sequence.Weight;
}
