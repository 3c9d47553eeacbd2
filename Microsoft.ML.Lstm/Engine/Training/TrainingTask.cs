using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>The task that a network is trained for: the outputs that it needs, and the objective.</summary>
internal abstract class TrainingTask
{
    /// <summary><paramref name="shape"/> with the outputs that the task needs.</summary>
    public abstract NetworkShape WithOutputs(NetworkShape shape, TrainingData data);

    /// <summary>Replaces random weights of a new network by those that the task knows a better beginning for.</summary>
    public virtual void Initialize(ParameterSet parameters)
    {
    }

    /// <summary>The scaling of the targets; none, unless the task has one.</summary>
    public virtual AffineScaler ScaleTargets(int outputSize, TrainingData data) => AffineScaler.Identity(outputSize);

    /// <summary>The objective; one for the training data and one for the validation data.</summary>
    /// <param name="model">The model to be trained, with the scaling of its targets.</param>
    /// <param name="training">The training data.</param>
    public abstract Objective CreateObjective(SequenceModel model, TrainingData training);

    /// <summary>
    /// Called at the end with an objective that has measured the kept model, on the validation data or, without any, on the training data:
    /// finds what the task needs beside the network, and warns where that is uncertain. Null where the task needs nothing else.
    /// </summary>
    public virtual Action<Objective, ITrainingMonitor>? Calibrate => null;

    /// <summary>The mean weight of the labelled rows of outputs, by the objective's own weights.</summary>
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
