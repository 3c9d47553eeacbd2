using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences.Regression;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to predict a value, or several, from a
/// sequence.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [Lstm](xref:Microsoft.ML.LstmCatalog.Lstm*)
/// or
/// [Lstm(Options)](xref:Microsoft.ML.LstmCatalog.Lstm*).
///
/// ### Input and Output Columns
/// * `LabelColumnName`: <xref:System.Single>, or a known-sized vector of it. What to predict.
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, or of Key, of known size or not, sparse or not.
///   The sequence: T x F numbers, the first step first, or T keys. F comes from the dimensions (T, F) of the vector, which
///   `Concatenate` drops, or from `FeaturesPerStep`; T may differ from row to row.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of the sequence as a whole.
///
/// * `Score`: <xref:System.Single>, or a known-sized vector of it when the label is a vector. The prediction, in the unit of the label.
/// * `EncodingColumnName`, optional: known-sized vector of <xref:System.Single>. The encoding of the sequence: features for any other
///   trainer.
/// * `AttentionColumnName`, optional: variable-sized vector of <xref:System.Single>. How much each step counts in the encoding, when
///   `Pooling` is attention.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Regression |
/// | Is normalization required? | No: features and labels are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes |
///
/// ### Training Algorithm Details
/// A stack of recurrent layers reads the sequence; the outputs of the last layer become the encoding of the sequence (its final state, or
/// the mean or maximum over the steps), and a linear layer on the encoding and the static features predicts the label. The cells, and the
/// names and order of weights, are PyTorch's. Training is mini-batch gradient descent with full backpropagation through time over packed
/// sequences: sequences of different lengths share a batch, and no padding is computed. The same seed and data give the same model, bit for
/// bit, with any number of threads, on processors with vectors of the same width. A network does not extrapolate far: for a series that
/// keeps rising, predict the difference or the growth.
///
/// Rows that can't be trained on are handled as `BadRows` says.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.Lstm(RegressionCatalog.RegressionTrainers, string, string, string, int?, int?, int?, float?, int?)"/>
/// <seealso cref="LstmCatalog.Lstm(RegressionCatalog.RegressionTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmRegressionTrainer : SequenceTrainerBase<LstmRegressionTrainer.Options, LstmRegressionTransformer>
{
    internal LstmRegressionTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmRegression", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.Numbers;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label)
        => RegressionOutputs.Shapes(label.Kind);

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
        => new RegressionTask(options.LossFunction!.Value, options.NormalizeLabel!.Value);

    private protected override LstmRegressionTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task) => new(Host, model, columns);

    /// <summary>
    /// Options for the <see cref="LstmRegressionTrainer"/> as used in
    /// <see cref="LstmCatalog.Lstm(RegressionCatalog.RegressionTrainers, Options)"/>.
    /// </summary>
    public sealed class Options : SequenceTrainerOptions
    {
        private const int FewestRowsToHoldOutOf = 250;
        private const float HeldOutShare = 0.15f;
        private const int MostUpdates = 20_000;
        private const int MostEpochsOfDecay = 1000;
        private const int UpdatesWithoutValidation = 1200;
        private const int FewestEpochs = 8;
        private const int MostChosenSkips = 512;
        private const int RowsPerSkip = 4;

        /// <summary>
        /// What training minimizes. <see langword="null"/>, the default: chosen from the data (at present
        /// <see cref="RegressionLoss.SquaredError"/>).
        /// </summary>
        public RegressionLoss? LossFunction;

        /// <summary>
        /// Whether each label is brought to mean 0 and variance 1 over the training data, so that the learning rate need not depend on its
        /// unit. Scores come out in the label's own unit either way. A label that never varies is predicted as it is, with a warning.
        /// <see langword="null"/>, the default: chosen from the data (at present <see langword="true"/>).
        /// </summary>
        public bool? NormalizeLabel;

        /// <summary>
        /// How many steps at the end of a sequence the output layer reads directly, beside the encoding, from 0; their numbers times those
        /// of a step at most 4096. What is linear in the last values the network then need not learn: their weights are those of the
        /// ridge regression of the label on them, and training leaves them as they are. Without effect on keys. <see langword="null"/>, the
        /// default: chosen from the data: all steps where all sequences have as many numbers, but at most 512 of these and at most one for
        /// each 4 rows; else, and with an <see cref="SequenceInputOptions.EncodingColumnName"/>, 0.
        /// </summary>
        public int? SkipSteps;

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.RootMeanSquaredError, EarlyStoppingMetric.MeanAbsoluteError];

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            SkipSteps ??= facts.Initial?.SkipSteps
                ?? (StepsToSkipTo(facts) is var steps and > 0
                    ? choices.Note(nameof(SkipSteps), steps, $"all sequences have {facts.LongestRow} steps of numbers")
                    : 0);
            if (SkipSteps > 0)
                LearningRate ??= choices.Note(nameof(LearningRate), 0.0005f, "the linear part leaves little to learn");
            LossFunction ??= RegressionLoss.SquaredError;
            NormalizeLabel ??= true;
            base.ChooseDefaults(facts, choices);
        }

        private protected override int SkippedSteps => SkipSteps!.Value;

        private protected override int LargestBatch => 256;

        private protected override float ShareToHoldOut(DataFacts facts) => facts.Rows >= FewestRowsToHoldOutOf ? HeldOutShare : 0;

        private protected override EpochRule OpenEpochs => EarlyStopping is { Decays: true }
            ? new EpochRule(MostUpdates, FewestEpochs, MostEpochsOfDecay)
            : new EpochRule(UpdatesWithoutValidation, FewestEpochs, MostEpochs);

        // An encoding that is asked for has to say what is linear too.
        private int StepsToSkipTo(DataFacts facts)
            => facts.HasFixedSteps && !facts.IsStreamed && EncodingColumnName is null
                ? Math.Min(facts.LongestRow, Math.Min(MostChosenSkips, facts.Rows / RowsPerSkip) / facts.Features)
                : 0;

        internal override void Validate()
        {
            base.Validate();
            Require(SkipSteps is null or (>= 0 and <= MostSkips), SkipSteps, nameof(SkipSteps), $"from 0 to {MostSkips}");
            RequireDefined(LossFunction, nameof(LossFunction));
        }
    }
}
