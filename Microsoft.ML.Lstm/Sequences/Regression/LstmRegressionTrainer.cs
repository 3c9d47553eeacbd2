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

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.RootMeanSquaredError, EarlyStoppingMetric.MeanAbsoluteError];

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            NumberOfEpochs ??= 100;
            LossFunction ??= RegressionLoss.SquaredError;
            NormalizeLabel ??= true;
            base.ChooseDefaults(facts, choices);
        }

        internal override void Validate()
        {
            base.Validate();
            RequireDefined(LossFunction, nameof(LossFunction));
        }
    }
}
