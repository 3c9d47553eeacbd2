using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>What a network is trained to do: the outputs it needs for that, and the objective they serve.</summary>
internal abstract class TrainingTask
{
    /// <summary><paramref name="shape"/> with the outputs that the task needs.</summary>
    public abstract NetworkShape WithOutputs(NetworkShape shape, TrainingData data);

    /// <summary>How targets are scaled; as they are, unless the task knows better.</summary>
    public virtual AffineScaler ScaleTargets(int outputSize, TrainingData data) => AffineScaler.Identity(outputSize);

    /// <summary>The objective; one for the training data and one for the validation data.</summary>
    /// <param name="model">The model to be trained, with the scaling of its targets.</param>
    /// <param name="training">The training data.</param>
    public abstract Objective CreateObjective(SequenceModel model, TrainingData training);

    /// <summary>
    /// Finds out what the task needs beside the trained network, from an objective that has measured the model that was kept, on the
    /// validation data or, without any, on the training data, and tells the monitor what is doubtful about it; null when that is nothing.
    /// </summary>
    public virtual Action<Objective, ITrainingMonitor>? Calibrate => null;

    /// <summary>The mean weight of the rows of outputs that have a label, by the objective's own weights.</summary>
    protected static double MeanWeight(TrainingData training, bool stepOutputs, Func<TrainingSequence, int, float> weightOf)
    {
        double sum = 0;
        long count = 0;
        foreach (TrainingSequence sequence in training.Sequences)
        {
            for (int step = 0; step < (stepOutputs ? sequence.Labels.Length : 1); step++)
            {
                float weight = weightOf(sequence, step);
                sum += weight;
                count += weight > 0 ? 1 : 0;
            }
        }
        return count == 0 ? 1 : sum / count;
    }
}
