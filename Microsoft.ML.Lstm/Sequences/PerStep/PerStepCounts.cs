using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Sequences.PerStep;

/// <summary>Counts the labels of training data whose steps have several.</summary>
internal static class PerStepCounts
{
    /// <summary>For each of the labels of a step, how many steps have a known one.</summary>
    public static long[] Known(TrainingData training) => Count(training, label => !float.IsNaN(label));

    /// <summary>For each of the labels of a step, in how many steps it is true.</summary>
    public static long[] True(TrainingData training) => Count(training, label => label == 1);

    private static long[] Count(TrainingData training, Func<float, bool> counts)
    {
        long[] found = new long[training.TargetSize];
        foreach (TrainingSequence sequence in training.Sequences)
        {
            for (int i = 0; i < sequence.Targets.Length; i++)
                found[i % found.Length] += counts(sequence.Targets[i]) ? 1 : 0;
        }
        return found;
    }
}
