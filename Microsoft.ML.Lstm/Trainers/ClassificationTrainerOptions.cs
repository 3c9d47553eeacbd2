using Microsoft.ML.Lstm.Training;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The options that all classification trainers of this package share. They begin with what works for texts and series of a few hundred to
/// some ten thousand rows: <see cref="TrainingOptions.HiddenSize"/> 64, <see cref="SequenceTrainerOptions.EmbeddingSize"/> 64,
/// <see cref="TrainingOptions.Bidirectional"/>, <see cref="SequenceTrainerOptions.Pooling"/> <see cref="Pooling.Max"/>,
/// <see cref="TrainingOptions.OutputDropout"/> 0.3, <see cref="SequenceTrainerOptions.TokenDropout"/> 0.05,
/// <see cref="TrainingOptions.LearningRate"/> 0.003 and <see cref="TrainingOptions.NumberOfEpochs"/> by the size of the data.
/// </summary>
public abstract class ClassificationTrainerOptions : SequenceTrainerOptions
{
    private protected ClassificationTrainerOptions()
    {
        HiddenSize = 64;
        EmbeddingSize = 64;
        Bidirectional = true;
        Pooling = Pooling.Max;
        OutputDropout = 0.3f;
        TokenDropout = 0.05f;
        LearningRate = 0.003f;
        NumberOfEpochs = null;
    }

    /// <summary>
    /// How much a row counts by its class, each above 0: for a binary label that of no and that of yes, for keys one for each key, in their
    /// order. <see langword="null"/> for classes that all count the same. Default: <see langword="null"/>.
    /// </summary>
    public float[]? ClassWeights;

    /// <summary>
    /// Whether classes count so that each has the same weight in all: n / (K·n_k) for class k of K with n_k of the n labels. Rare classes are
    /// then found more often, at the price of false alarms, and probabilities no longer follow how frequent the classes are. Not together with
    /// <see cref="ClassWeights"/>. Default: <see langword="false"/>.
    /// </summary>
    public bool BalanceClasses;

    /// <summary>
    /// The share of each label that is spread over all classes while training, from 0 to below 1, which keeps the network from becoming too sure
    /// of itself (Szegedy et al. 2016). Default: 0.
    /// </summary>
    public float LabelSmoothing;

    internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.Accuracy];

    internal override SequenceInputOptions Copy()
    {
        var copy = (ClassificationTrainerOptions)base.Copy();
        copy.ClassWeights = (float[]?)ClassWeights?.Clone();
        return copy;
    }

    internal override void Validate()
    {
        base.Validate();
        Require(ClassWeights is null || ClassWeights.All(weight => weight > 0 && float.IsFinite(weight)), ClassWeights, nameof(ClassWeights), "above 0 and finite each, or null");
        Require(!BalanceClasses || ClassWeights is null, BalanceClasses, nameof(BalanceClasses), $"false when there are {nameof(ClassWeights)}");
        Require(LabelSmoothing is >= 0 and < 1, LabelSmoothing, nameof(LabelSmoothing), "from 0 to below 1");
    }

    /// <summary>The weights of the classes of the training data; null for all the same.</summary>
    /// <exception cref="InvalidOperationException">There is only one class in the data, or the weights are not as many as the classes.</exception>
    internal float[]? WeightsFor(TrainingData training, int classes)
    {
        long[] counts = new long[classes];
        foreach (int label in training.Sequences.SelectMany(sequence => sequence.Labels).Where(label => label >= 0))
            counts[label]++;
        int present = counts.Count(count => count > 0);
        if (present < 2)
            throw new InvalidOperationException($"All labels of the training data in column '{LabelColumnName}' are the same, so there is nothing to tell apart.");
        if (ClassWeights is not null && ClassWeights.Length != classes)
            throw new InvalidOperationException($"There are {ClassWeights.Length} {nameof(ClassWeights)}, but column '{LabelColumnName}' has {classes} classes.");
        return BalanceClasses ? [.. counts.Select(count => count == 0 ? 1f : (float)((double)counts.Sum() / present / count))] : ClassWeights;
    }
}
