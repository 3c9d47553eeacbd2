using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Classification into several classes, of sequences or of their steps.</summary>
/// <param name="classes">The number of classes.</param>
/// <param name="stepOutputs">Whether each step has a class of its own.</param>
/// <param name="classWeights">The weight of a row of each class; null for equal weights.</param>
/// <param name="labelSmoothing">The share of a label that is spread over all classes, from 0 to below 1.</param>
/// <param name="known">The classes that the network knows; null for all classes.</param>
internal sealed class ClassificationTask(int classes, bool stepOutputs, float[]? classWeights, float labelSmoothing,
    KeySubset? known = null) : TrainingTask
{
    private readonly ClassWeights _classWeights = new(
        classWeights is null || known is null ? classWeights : [.. known.Keys.Select(key => classWeights[key - 1])]);

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { OutputSize = known?.Count ?? classes, Classes = known, Head = stepOutputs ? Head.EveryStep : Head.Pooled };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new ClassificationObjective(stepOutputs, _classWeights, labelSmoothing,
            MeanWeight(training, stepOutputs, _classWeights.WeightOf));

    public override LinearPart? FitLinearPart(NetworkShape shape, SequenceSet training)
        => RidgeClassifier.Fit(shape, training, _classWeights);
}

/// <summary>
/// Cross-entropy of the softmax p of a row's outputs z: −Σ q·ln p = ln Σ e^z − Σ q·z, with the gradient p − q. The target q is 1
/// at the label or, smoothed by ε, 1 − ε there and ε / O everywhere besides (Szegedy et al. 2016).
/// </summary>
/// <param name="stepOutputs">Whether each step has a label, and outputs, of its own.</param>
/// <param name="classWeights">The weight of a row of each class.</param>
/// <param name="labelSmoothing">ε, from 0 to below 1.</param>
/// <param name="meanWeight">The mean weight of the labelled rows of the training data.</param>
/// <param name="end">The class of the step behind the labels of a sequence, where there is one.</param>
/// <param name="unknown">The class of steps without a label; −1 where they don't count.</param>
internal sealed class ClassificationObjective(bool stepOutputs, ClassWeights classWeights, float labelSmoothing, double meanWeight,
    int end = -1, int unknown = -1)
    : Objective(stepOutputs, meanWeight)
{
    private bool[] _isRight = [];
    private double _right;

    // Which class is the most probable is not known of rows of which not all outputs are computed.
    private bool _isAdaptive;

    public override EpochMetrics Metrics => new(MeanLoss) { Accuracy = _isAdaptive ? null : _right / TotalWeight };

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

    public override float WeightOf(TrainingSequence sequence, int step)
        => step >= sequence.Labels.Length || (unknown >= 0 && sequence.Labels[step] < 0) ? sequence.Weight
            : classWeights.WeightOf(sequence, step);

    public override void Differentiate(int row, Span<float> outputs)
    {
        int label = StepOf(row) < SequenceOf(row).Labels.Length ? SequenceOf(row).Labels[StepOf(row)] : end;
        if (label < 0)
            label = unknown;
        if (label < 0)
        {
            outputs.Clear();
            return;
        }
        float labelOutput = outputs[label], largest = Softmax.Largest(outputs);
        // Of equal outputs the first is the predicted class.
        _isRight[row] = labelOutput == largest && !outputs[..label].Contains(largest);
        SetLoss(row, Differentiate(outputs, largest, label, labelSmoothing, (float)ShareOf(row)));
    }

    /// <summary>The loss of a row of outputs, which its gradient, times <paramref name="share"/>, takes the place of.</summary>
    public static double Differentiate(Span<float> outputs, float largest, int label, float labelSmoothing, float share)
    {
        float labelOutput = outputs[label];
        double mean = labelSmoothing > 0 ? (double)TensorPrimitives.Sum<float>(outputs) / outputs.Length : 0;
        double sum = CpuKernels.Best.Exponentials(outputs, largest);
        double loss = largest + Math.Log(sum) - (1 - labelSmoothing) * labelOutput - labelSmoothing * mean;
        Softmax.Scale(outputs, (float)(share / sum));
        if (labelSmoothing > 0)
            TensorPrimitives.Subtract(outputs, share * labelSmoothing / outputs.Length, outputs);
        outputs[label] -= share * (1 - labelSmoothing);
        return loss;
    }

    public override int ClassOf(int row)
    {
        _isAdaptive = true;
        return RowWeight(row) > 0 ? SequenceOf(row).Labels[StepOf(row)] : -1;
    }

    public override void DifferentiateCluster(int row, Span<float> outputs, int index)
        => AddLoss(row, Differentiate(outputs, Softmax.Largest(outputs), index, labelSmoothing: 0, (float)ShareOf(row)));

    protected override void BeginRows(SequenceBatch batch) => FloatBuffer.Require(ref _isRight, Rows);

    protected override void AddToMetrics(int row, float weight) => _right += _isRight[row] ? weight : 0;
}

/// <summary>The weight of a row by its class: 1 where no weights are given, 0 for a missing label.</summary>
internal readonly struct ClassWeights(float[]? weights)
{
    public float this[int label] => label < 0 ? 0f : weights is null ? 1f : weights[label];

    /// <summary>The weight of a step of a sequence; of the sequence itself, which has one label, with step 0.</summary>
    public float WeightOf(TrainingSequence sequence, int step) => sequence.Weight * this[sequence.Labels[step]];
}
