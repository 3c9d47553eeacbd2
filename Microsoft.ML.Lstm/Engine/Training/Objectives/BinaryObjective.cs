using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Binary classification of sequences.</summary>
/// <param name="classWeights">The weights of rows whose label is no and yes; null for equal weights.</param>
/// <param name="labelSmoothing">The share of a label that is spread over both classes, from 0 to below 1.</param>
internal sealed class BinaryTask(float[]? classWeights, float labelSmoothing) : TrainingTask
{
    private readonly ClassWeights _classWeights = new(classWeights);

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data) => shape with { OutputSize = 1 };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new BinaryObjective(_classWeights, labelSmoothing,
            MeanWeight(training, stepOutputs: false, _classWeights.WeightOf));

    public override LinearPart? FitLinearPart(NetworkShape shape, SequenceSet training)
        => RidgeClassifier.Fit(shape, training, _classWeights);
}

/// <summary>
/// Logistic loss of one output z: −q·ln σ(z) − (1 − q)·ln(1 − σ(z)) = ln(1 + e^z) − q·z, with the gradient σ(z) − q. The
/// target q is 1 or 0 or, smoothed by ε, 1 − ε/2 or ε/2.
/// </summary>
internal sealed class BinaryObjective(ClassWeights classWeights, float labelSmoothing, double meanWeight)
    : Objective(stepOutputs: false, meanWeight)
{
    private readonly RocCurve _curve = new();
    private float[] _outputs = [];
    private double _right;

    public override EpochMetrics Metrics => new(MeanLoss) { Accuracy = _right / TotalWeight, AreaUnderRocCurve = _curve.Area() };

    public override void Reset()
    {
        base.Reset();
        _right = 0;
        _curve.Clear();
    }

    public override void Combine(Communicator ranks)
    {
        base.Combine(ranks);
        _right = ranks.Sum(_right);
        _curve.Combine(ranks);
    }

    public override float WeightOf(TrainingSequence sequence, int step) => classWeights.WeightOf(sequence, step);

    public override void Differentiate(int row, Span<float> outputs)
    {
        double z = _outputs[row] = outputs[0];
        double target = SequenceOf(row).Labels[0] * (1 - labelSmoothing) + 0.5 * labelSmoothing;
        (double loss, double slope) = LossOf(z, target);
        SetLoss(row, loss);
        outputs[0] = (float)(ShareOf(row) * slope);
    }

    /// <summary>The loss of an output z with the target q, and its derivative.</summary>
    public static (double Value, double Slope) LossOf(double z, double target)
    {
        double tail = Math.Exp(-Math.Abs(z));
        double probability = (z >= 0 ? 1 : tail) / (1 + tail);
        return (Math.Max(z, 0) + Math.Log(1 + tail) - target * z, probability - target);
    }

    protected override void BeginRows(SequenceBatch batch) => FloatBuffer.Require(ref _outputs, Rows);

    protected override void AddToMetrics(int row, float weight)
    {
        bool isPositive = SequenceOf(row).Labels[0] == 1;
        _right += _outputs[row] > 0 == isPositive ? weight : 0;
        _curve.Add(_outputs[row], isPositive, weight);
    }
}
