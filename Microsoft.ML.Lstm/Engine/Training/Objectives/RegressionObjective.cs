using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Regression: one number or several, for a sequence or for each of its steps.</summary>
/// <param name="loss">The loss of an error.</param>
/// <param name="normalizeTargets">Whether targets are brought to mean 0 and variance 1.</param>
/// <param name="stepOutputs">Whether each step has targets of its own.</param>
internal sealed class RegressionTask(RegressionLoss loss, bool normalizeTargets, bool stepOutputs = false) : TrainingTask
{
    // A step's value is often nearly linear in what was measured at the step.
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { OutputSize = data.TargetSize, Head = stepOutputs ? Head.EveryStepWithSkip : Head.Pooled };

    public override AffineScaler ScaleTargets(int outputSize, TrainingData data)
    {
        IEnumerable<float[]> targets = data.Sequences.Select(sequence => sequence.Targets);
        return normalizeTargets ? AffineScaler.Standardize(outputSize, targets) : AffineScaler.KeepUnits(outputSize, targets);
    }

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
    {
        var targets = new KnownTargets(training);
        return new RegressionObjective(loss, model.OutputScaler, targets, MeanWeight(training, stepOutputs, targets.WeightOf));
    }
}

/// <summary>
/// The loss of a row is the mean of <see cref="LossOf"/> over its known targets, with e = output − target; the metrics are in the label's
/// unit. A target that never varied in the training data is predicted as the value it had, and has no gradient.
/// </summary>
internal sealed class RegressionObjective(RegressionLoss loss, AffineScaler targetScaler, KnownTargets known, double meanWeight)
    : ErrorObjective(known.AreOfSteps, meanWeight)
{
    public override float WeightOf(TrainingSequence sequence, int step) => known.WeightOf(sequence, step);

    public override void Differentiate(int row, Span<float> outputs)
    {
        ReadOnlySpan<float> targets = known.Of(SequenceOf(row), StepOf(row));
        int count = KnownTargets.Count(targets);
        double share = ShareOf(row) / Math.Max(count, 1);
        double rowLoss = 0, squares = 0, absolutes = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            if (float.IsNaN(targets[i]))
            {
                outputs[i] = 0;
                continue;
            }
            bool isConstant = targetScaler.IsConstant(i);
            double error = isConstant ? -(double)targets[i] : (double)outputs[i] - targets[i];
            (double value, double slope) = LossOf(loss, error);
            rowLoss += value;
            outputs[i] = isConstant ? 0 : (float)(share * slope);
            double inUnit = isConstant ? error : error / targetScaler.Scale[i];
            squares += inUnit * inUnit;
            absolutes += Math.Abs(inUnit);
        }
        if (count == 0)
            return;
        SetLoss(row, rowLoss / count);
        SetErrors(row, squares / count, absolutes / count);
    }

    /// <summary>The loss of an error e, and its derivative.</summary>
    public static (double Value, double Slope) LossOf(RegressionLoss loss, double e) => loss switch
    {
        RegressionLoss.Huber when Math.Abs(e) > 1 => (Math.Abs(e) - 0.5, Math.Sign(e)),
        RegressionLoss.Huber => (0.5 * e * e, e),
        _ => (e * e, 2 * e),
    };
}
