using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Sequences.PerStep;

/// <summary>Counts the labels of training data whose steps have several, each by the weight of its row.</summary>
internal static class PerStepCounts
{
    /// <summary>For each of the labels of a step, the weight of the steps that have a known one.</summary>
    public static double[] Known(TrainingData training) => WeightOf(training, label => !float.IsNaN(label));

    /// <summary>For each of the labels of a step, the weight of the steps in which it is true.</summary>
    public static double[] True(TrainingData training) => WeightOf(training, label => label == 1);

    /// <summary>For each of the labels of a step, the weight of the steps in which it is false.</summary>
    public static double[] False(TrainingData training) => WeightOf(training, label => label == 0);

    private static double[] WeightOf(TrainingData training, Func<float, bool> counts)
    {
        double[] found = new double[training.TargetSize];
        foreach (TrainingSequence sequence in training.Sequences)
        {
            for (int i = 0; i < sequence.Targets.Length; i++)
                found[i % found.Length] += counts(sequence.Targets[i]) ? sequence.Weight : 0;
        }
        return found;
    }
}
