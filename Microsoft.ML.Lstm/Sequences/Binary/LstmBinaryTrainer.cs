using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences.Binary;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to predict yes or no for a sequence.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [Lstm](xref:Microsoft.ML.LstmCatalog.Lstm*)
/// or
/// [Lstm(Options)](xref:Microsoft.ML.LstmCatalog.Lstm*).
///
/// ### Input and Output Columns
/// * `LabelColumnName`: <xref:System.Boolean>. Yes or no.
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, or of Key, of known size or not, sparse or not.
///   The sequence: T x F numbers, the first step first, or T keys, such as the words of a text.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of the sequence as a whole.
///
/// * `PredictedLabel`: <xref:System.Boolean>. Whether the probability is above `ProbabilityThreshold`.
/// * `Score`: <xref:System.Single>. The logarithm of the odds of yes.
/// * `Probability`: <xref:System.Single>. The probability of yes.
/// * `EncodingColumnName`, optional: known-sized vector of <xref:System.Single>. The encoding of the sequence: features for any other
///   trainer.
/// * `AttentionColumnName`, optional: variable-sized vector of <xref:System.Single>. How much each step counts in the encoding, when
///   `Pooling` is attention.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Binary classification |
/// | Is normalization required? | No: features are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes |
///
/// ### Training Algorithm Details
/// The network is the same as for the <xref:Microsoft.ML.Lstm.LstmRegressionTrainer>, with one output that goes through the logistic
/// function. Training minimizes the logistic loss.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
/// <seealso cref="LstmCatalog.Lstm(BinaryClassificationCatalog.BinaryClassificationTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmBinaryTrainer : SequenceTrainerBase<LstmBinaryTrainer.Options, LstmBinaryTransformer>
{
    internal LstmBinaryTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmBinary", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.Boolean;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label)
        => BinaryOutputs.Shapes;

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
        => new BinaryTask(options.WeightsFor(training, label), options.LabelSmoothing!.Value);

    private protected override LstmBinaryTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task)
        => new(Host, model, columns with { Threshold = Settings.ProbabilityThreshold });

    /// <summary>
    /// Options for the <see cref="LstmBinaryTrainer"/> as used in
    /// <see cref="LstmCatalog.Lstm(BinaryClassificationCatalog.BinaryClassificationTrainers, Options)"/>.
    /// </summary>
    public sealed class Options : ClassificationTrainerOptions
    {
        /// <summary>
        /// The probability above which the predicted label is yes, from 0 to 1. ML.NET's own evaluation ignores it: it takes scores above 0
        /// for yes. Default: 0.5.
        /// </summary>
        public float ProbabilityThreshold = 0.5f;

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [.. base.EarlyStoppingMetrics, EarlyStoppingMetric.AreaUnderRocCurve];

        internal override void Validate()
        {
            base.Validate();
            Require(ClassWeights is null or { Length: 2 }, ClassWeights, nameof(ClassWeights), "two, for no and for yes, or null");
            foreach (string name in ClassWeightsByLabel?.Keys.ToArray() ?? [])
                Require(bool.TryParse(name, out _), name, nameof(ClassWeightsByLabel), "weights of \"true\" and \"false\"");
            Require(ProbabilityThreshold is >= 0 and <= 1, ProbabilityThreshold, nameof(ProbabilityThreshold), "from 0 to 1");
        }
    }
}
