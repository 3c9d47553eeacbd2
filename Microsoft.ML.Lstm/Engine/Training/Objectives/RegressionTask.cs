using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Predicts numbers.</summary>
/// <param name="loss">What is minimized.</param>
/// <param name="normalizeTargets">Whether targets are brought to mean 0 and variance 1.</param>
internal sealed class RegressionTask(RegressionLoss loss, bool normalizeTargets) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data) => shape with { OutputSize = data.TargetSize };

    public override AffineScaler ScaleTargets(int outputSize, TrainingData data)
    {
        IEnumerable<float[]> targets = data.Sequences.Select(sequence => sequence.Targets);
        return normalizeTargets ? AffineScaler.Standardize(outputSize, targets) : AffineScaler.KeepUnits(outputSize, targets);
    }

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new RegressionObjective(loss, model.OutputScaler, MeanWeight(training, stepOutputs: false, (sequence, _) => sequence.Weight));
}
