using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>
/// Errors e = output − target: a row's loss is the mean over its targets of e², or of Huber's ½e² up to 1 and |e| − ½ beyond.
/// The figures beside it are in the label's unit. A target that never varied in the training data is predicted as what it was, so it
/// has nothing to teach.
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
            bool linear = loss == RegressionLoss.Huber && Math.Abs(error) > 1;
            double half = loss == RegressionLoss.Huber ? 0.5 : 1;
            rowLoss += linear ? Math.Abs(error) - 0.5 : half * error * error;
            outputs[i] = isConstant ? 0 : (float)(share * (linear ? Math.Sign(error) : 2 * half * error));
            double inUnit = isConstant ? error : error / targetScaler.Scale[i];
            squares += inUnit * inUnit;
            absolutes += Math.Abs(inUnit);
        }
        SetLoss(row, rowLoss / targets.Length);
        SetErrors(row, squares / targets.Length, absolutes / targets.Length);
    }
}
