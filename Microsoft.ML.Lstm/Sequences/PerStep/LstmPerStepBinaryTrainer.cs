using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences.PerStep;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to predict yes or no, or several of them,
/// at every step of a sequence: the notes of a chord, the faults of a machine, the devices that are switched on.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [LstmPerStep](xref:Microsoft.ML.LstmCatalog.LstmPerStep*)
/// or
/// [LstmPerStep(Options)](xref:Microsoft.ML.LstmCatalog.LstmPerStep*).
///
/// Any number of the truths of a step may be true at once (multi-label); for one label out of several at each step there is
/// [LstmSequenceLabeling](xref:Microsoft.ML.LstmCatalog.LstmSequenceLabeling*). In Keras this one is `return_sequences=True` and
/// `TimeDistributed(Dense(activation="sigmoid"))`.
///
/// ### Input and Output Columns
/// * `LabelColumnName`: vector of <xref:System.Boolean>, of known size or not, or of <xref:System.Single> with 0 for no, 1 for yes and NaN
///   for what is not known, which has no part in the loss. T x L truths for a sequence of T steps, the first L for the first step; L comes
///   from the dimensions (T, L) or from `LabelsPerStep`.
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, or of Key, of known size or not, sparse or not.
///   The sequence: T x F numbers, the first step first, or T keys.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of the sequence as a whole.
///
/// * `PredictedLabel`: variable-sized vector of <xref:System.Boolean>, (T, L). Whether the probability is above `ProbabilityThreshold`.
/// * `Score`: variable-sized vector of <xref:System.Single>, (T, L). The logarithm of the odds of yes.
/// * `Probability`: variable-sized vector of <xref:System.Single>, (T, L). The probability of yes.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Binary classification, at every step |
/// | Is normalization required? | No: features are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes |
///
/// [EvaluatePerStep](xref:Microsoft.ML.LstmCatalog.EvaluatePerStep*) measures the predictions.
///
/// ### Training Algorithm Details
/// The network is the one of <xref:Microsoft.ML.Lstm.LstmPerStepRegressionTrainer>, without the direct way from the numbers of a step to
/// its outputs, each of which goes through the logistic function. Training minimizes the mean of their logistic losses. By default a step's
/// outputs depend on no later step; with `Bidirectional` they depend on the whole sequence.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.LstmPerStep(BinaryClassificationCatalog.BinaryClassificationTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmPerStepBinaryTrainer : SequenceTrainerBase<LstmPerStepBinaryTrainer.Options, LstmPerStepBinaryTransformer>
{
    internal LstmPerStepBinaryTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmPerStepBinary", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.TruthsPerStep;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label) => PerStepOutputs.BinaryShapes;

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
        => new StepTruthsTask(options.WeightsFor(training, label));

    private protected override LstmPerStepBinaryTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task) => new(Host, model, columns with { Threshold = Settings.ProbabilityThreshold });

    /// <summary>
    /// Options for the <see cref="LstmPerStepBinaryTrainer"/> as used in
    /// <see cref="LstmCatalog.LstmPerStep(BinaryClassificationCatalog.BinaryClassificationTrainers, Options)"/>.
    /// </summary>
    public sealed class Options : PerStepTrainerOptions
    {
        /// <summary>The probability above which the predicted label is yes, from 0 to 1. Default: 0.5.</summary>
        public float ProbabilityThreshold = 0.5f;

        /// <summary>
        /// How much a yes of each of the L truths of a step counts in the loss, where a no counts 1; each above 0 (PyTorch's
        /// <c>pos_weight</c>). <see langword="null"/> for as much. Default: <see langword="null"/>.
        /// </summary>
        public float[]? PositiveWeights;

        /// <summary>
        /// Whether each of the L truths is weighted so that its yes and its no have the same total weight, with those of
        /// <see cref="SequenceInputOptions.ExampleWeightColumnName"/>; one that is never, or always, true is not weighted. Rare truths are
        /// then found more often, at the price of false alarms, and probabilities no longer follow how frequent they are. Not together with
        /// <see cref="PositiveWeights"/>. Default: <see langword="false"/>.
        /// </summary>
        public bool BalanceClasses;

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.Accuracy];

        internal override SequenceInputOptions Copy()
        {
            var copy = (Options)base.Copy();
            copy.PositiveWeights = PositiveWeights?.ToArray();
            return copy;
        }

        internal override void Validate()
        {
            base.Validate();
            Require(ProbabilityThreshold is >= 0 and <= 1, ProbabilityThreshold, nameof(ProbabilityThreshold), "from 0 to 1");
            Require(PositiveWeights is null || PositiveWeights.All(weight => weight > 0 && float.IsFinite(weight)), PositiveWeights,
                nameof(PositiveWeights), "above 0 and finite each, or null");
            Require(!BalanceClasses || PositiveWeights is null, BalanceClasses, nameof(BalanceClasses),
                $"false when there are {nameof(PositiveWeights)}");
        }

        /// <summary>How much a yes of each truth counts; null for as much as a no.</summary>
        /// <exception cref="InvalidOperationException">All labels are the same, or there are more or fewer weights than truths.</exception>
        internal float[]? WeightsFor(TrainingData training, LabelColumn label)
        {
            double[] yes = PerStepCounts.True(training), no = PerStepCounts.False(training);
            if (yes.Sum() == 0 || no.Sum() == 0)
                throw new InvalidOperationException(
                    $"All labels of the training data in column '{label.Name}' are the same, so there is nothing to tell apart.");
            if (PositiveWeights is { } weights && weights.Length != label.TargetSize)
                throw new InvalidOperationException(
                    $"There are {weights.Length} {nameof(PositiveWeights)}, but a step has {label.TargetSize} labels in column "
                    + $"'{label.Name}'.");
            return BalanceClasses
                ? [.. yes.Zip(no, (ofYes, ofNo) => ofYes == 0 || ofNo == 0 ? 1f : (float)(ofNo / ofYes))]
                : PositiveWeights;
        }
    }
}
