using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

/// <summary>What a network is trained to do: the outputs it needs for that, and the objective they serve.</summary>
internal abstract class TrainingTask
{
    /// <summary><paramref name="shape"/> with the outputs that the task needs.</summary>
    public abstract NetworkShape WithOutputs(NetworkShape shape, SequenceSet data);

    /// <summary>How targets are scaled; as they are, unless the task knows better.</summary>
    public virtual AffineScaler ScaleTargets(int outputSize, SequenceSet data) => AffineScaler.Identity(outputSize);

    /// <summary>The objective; one for the training data and one for the validation data.</summary>
    /// <param name="model">The model to be trained, with the scaling of its targets.</param>
    /// <param name="training">The training data.</param>
    public abstract Objective CreateObjective(SequenceModel model, SequenceSet training);

    /// <summary>The mean of the rows' weights, over those that have one.</summary>
    protected static double MeanOf(IEnumerable<float> weights)
    {
        double sum = 0;
        long count = 0;
        foreach (float weight in weights.Where(weight => weight > 0))
        {
            sum += weight;
            count++;
        }
        return count == 0 ? 1 : sum / count;
    }
}

/// <summary>Predicts numbers.</summary>
/// <param name="loss">What is minimized.</param>
/// <param name="normalizeTargets">Whether targets are brought to mean 0 and variance 1.</param>
internal sealed class RegressionTask(RegressionLoss loss, bool normalizeTargets) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, SequenceSet data) => shape with { OutputSize = data.TargetSize };

    public override AffineScaler ScaleTargets(int outputSize, SequenceSet data)
        => normalizeTargets ? AffineScaler.Standardize(outputSize, data.Sequences.Select(sequence => sequence.Targets)) : base.ScaleTargets(outputSize, data);

    public override Objective CreateObjective(SequenceModel model, SequenceSet training)
        => new RegressionObjective(loss, model.OutputScaler, MeanOf(training.Sequences.Select(sequence => sequence.Weight)));
}
