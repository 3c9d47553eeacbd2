using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>The objective of a task that predicts numbers, with their errors, in the unit of the targets, as metrics.</summary>
/// <param name="stepOutputs">Whether each step has outputs of its own.</param>
/// <param name="meanWeight">The mean weight of the labelled rows of the training data.</param>
internal abstract class ErrorObjective(bool stepOutputs, double meanWeight) : Objective(stepOutputs, meanWeight)
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

    public override void Combine(Communicator ranks)
    {
        base.Combine(ranks);
        _squareSum = ranks.Sum(_squareSum);
        _absoluteSum = ranks.Sum(_absoluteSum);
    }

    /// <summary>Sets the mean squared and the mean absolute error of a row.</summary>
    protected void SetErrors(int row, double square, double absolute) => (_squares[row], _absolutes[row]) = (square, absolute);

    protected override void BeginRows(SequenceBatch batch)
    {
        FloatBuffer.Require(ref _squares, Rows);
        FloatBuffer.Require(ref _absolutes, Rows);
    }

    protected override void AddToMetrics(int row, float weight)
    {
        _squareSum += weight * _squares[row];
        _absoluteSum += weight * _absolutes[row];
    }
}
