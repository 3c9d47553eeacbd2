using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Several truths at each step, each true or not by itself.</summary>
/// <param name="positiveWeights">How much a yes of each truth counts, where a no counts 1; null for as much.</param>
internal sealed class StepTruthsTask(float[]? positiveWeights) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { OutputSize = data.TargetSize, Head = Head.EveryStep };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
    {
        var targets = new KnownTargets(training);
        return new StepTruthsObjective(positiveWeights, targets, MeanWeight(training, stepOutputs: true, targets.WeightOf));
    }
}

/// <summary>
/// The loss of a step is the mean over its known truths y of the logistic loss of their outputs z, w·(ln(1 + e^z) − y·z) with the
/// gradient w·(σ(z) − y), where w is the weight of a yes for y = 1 and 1 for y = 0.
/// </summary>
internal sealed class StepTruthsObjective(float[]? positiveWeights, KnownTargets known, double meanWeight)
    : Objective(stepOutputs: true, meanWeight)
{
    private double[] _shareOfRight = [];
    private double _right;

    /// <summary>The metrics; the accuracy is the mean over the steps of the share of their known truths that are right.</summary>
    public override EpochMetrics Metrics => new(MeanLoss) { Accuracy = _right / TotalWeight };

    public override void Reset()
    {
        base.Reset();
        _right = 0;
    }

    public override void Combine(Communicator ranks)
    {
        base.Combine(ranks);
        _right = ranks.Sum(_right);
    }

    public override float WeightOf(TrainingSequence sequence, int step) => known.WeightOf(sequence, step);

    public override void Differentiate(int row, Span<float> outputs)
    {
        ReadOnlySpan<float> truths = known.Of(SequenceOf(row), StepOf(row));
        int count = KnownTargets.Count(truths), right = 0;
        double share = ShareOf(row) / Math.Max(count, 1), loss = 0;
        for (int i = 0; i < truths.Length; i++)
        {
            if (float.IsNaN(truths[i]))
            {
                outputs[i] = 0;
                continue;
            }
            double weight = positiveWeights is null || truths[i] == 0 ? 1 : positiveWeights[i];
            (double value, double slope) = BinaryObjective.LossOf(outputs[i], truths[i]);
            loss += weight * value;
            right += outputs[i] > 0 == truths[i] > 0 ? 1 : 0;
            outputs[i] = (float)(share * weight * slope);
        }
        _shareOfRight[row] = (double)right / Math.Max(count, 1);
        SetLoss(row, loss / Math.Max(count, 1));
    }

    protected override void BeginRows(SequenceBatch batch) => FloatBuffer.Require(ref _shareOfRight, Rows);

    protected override void AddToMetrics(int row, float weight) => _right += weight * _shareOfRight[row];
}
