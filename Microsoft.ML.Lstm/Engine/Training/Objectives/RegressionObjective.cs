using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Regression: one number or several a sequence.</summary>
/// <param name="loss">The loss of an error.</param>
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

/// <summary>
/// The loss of a row is the mean of <see cref="LossOf"/> over its targets, with e = output − target; the metrics are in the label's unit.
/// A target that never varied in the training data is predicted as the value it had, and has no gradient.
/// </summary>
internal sealed class RegressionObjective(RegressionLoss loss, AffineScaler targetScaler, double meanWeight)
    : ErrorObjective(stepOutputs: false, meanWeight)
{
    public override float WeightOf(TrainingSequence sequence, int step) => sequence.Weight;

    public override void Differentiate(int row, Span<float> outputs)
    {
        ReadOnlySpan<float> targets = SequenceOf(row).Targets;
        double share = ShareOf(row) / targets.Length;
        double rowLoss = 0, squares = 0, absolutes = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            bool isConstant = targetScaler.IsConstant(i);
            double error = isConstant ? -(double)targets[i] : (double)outputs[i] - targets[i];
            (double value, double slope) = LossOf(error);
            rowLoss += value;
            outputs[i] = isConstant ? 0 : (float)(share * slope);
            double inUnit = isConstant ? error : error / targetScaler.Scale[i];
            squares += inUnit * inUnit;
            absolutes += Math.Abs(inUnit);
        }
        SetLoss(row, rowLoss / targets.Length);
        SetErrors(row, squares / targets.Length, absolutes / targets.Length);
    }

    /// <summary>The loss of an error e, and its derivative.</summary>
    private (double Value, double Slope) LossOf(double e) => loss switch
    {
        RegressionLoss.Huber when Math.Abs(e) > 1 => (Math.Abs(e) - 0.5, Math.Sign(e)),
        RegressionLoss.Huber => (0.5 * e * e, e),
        _ => (e * e, 2 * e),
    };
}
