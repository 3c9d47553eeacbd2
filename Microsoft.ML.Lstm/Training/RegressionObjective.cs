using Microsoft.ML.Lstm.Kernels;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

/// <summary>
/// Errors e = output − target: a row's loss is the mean over its targets of e², or of Huber's ½e² up to 1 and |e| − ½ beyond.
/// The figures beside it are in the label's unit.
/// </summary>
internal sealed class RegressionObjective(RegressionLoss loss, AffineScaler targetScaler, double meanWeight) : Objective(stepOutputs: false, meanWeight)
{
    private double[] _squares = [];
    private double[] _absolutes = [];
    private double _squareSum;
    private double _absoluteSum;

    public override EpochMetrics Metrics => new(MeanLoss)
    {
        RootMeanSquaredError = Math.Sqrt(_squareSum / TotalWeight),
        MeanAbsoluteError = _absoluteSum / TotalWeight,
    };

    public override void Reset()
    {
        base.Reset();
        _squareSum = _absoluteSum = 0;
    }

    public override float WeightOf(TrainingSequence sequence, int step) => sequence.Weight;

    public override void Differentiate(int row, Span<float> outputs)
    {
        ReadOnlySpan<float> targets = SequenceOf(row).Targets;
        double share = ShareOf(row) / targets.Length;
        double rowLoss = 0, squares = 0, absolutes = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            double error = (double)outputs[i] - targets[i];
            bool linear = loss == RegressionLoss.Huber && Math.Abs(error) > 1;
            double half = loss == RegressionLoss.Huber ? 0.5 : 1;
            rowLoss += linear ? Math.Abs(error) - 0.5 : half * error * error;
            outputs[i] = (float)(share * (linear ? Math.Sign(error) : 2 * half * error));
            double inUnit = error / targetScaler.Scale[i];
            squares += inUnit * inUnit;
            absolutes += Math.Abs(inUnit);
        }
        SetLoss(row, rowLoss / targets.Length);
        _squares[row] = squares / targets.Length;
        _absolutes[row] = absolutes / targets.Length;
    }

    protected override void BeginRows(SequenceBatch batch)
    {
        FloatBuffer.Require(ref _squares, Rows);
        FloatBuffer.Require(ref _absolutes, Rows);
    }

    protected override void AddFigures(int row, float weight)
    {
        _squareSum += weight * _squares[row];
        _absoluteSum += weight * _absolutes[row];
    }
}
