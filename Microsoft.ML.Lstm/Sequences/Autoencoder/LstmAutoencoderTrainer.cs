using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences.Autoencoder;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains a recurrent autoencoder, which learns to reconstruct usual sequences from a code
/// of a few numbers: sequences that it reconstructs badly are anomalies.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [LstmAutoencoder](xref:Microsoft.ML.LstmCatalog.LstmAutoencoder*)
/// or
/// [LstmAutoencoder(Options)](xref:Microsoft.ML.LstmCatalog.LstmAutoencoder*).
///
/// ### Input and Output Columns
/// There is no label: train on usual sequences, with few or no anomalies among them.
///
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, of known size or not, sparse or not. The
///   sequence: T x F numbers, the first step first. F comes from the dimensions (T, F) of the vector, which `Concatenate` drops,
///   or from `FeaturesPerStep`; T may differ from row to row.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of the sequence as a whole; it
///   goes into the code, but is not reconstructed.
///
/// * `PredictedLabel`: <xref:System.Boolean>. Whether the score is above the threshold: whether the sequence is an anomaly.
/// * `Score`: <xref:System.Single>. The mean squared error of the reconstruction over steps and features, in the scaled unit in which each
///   feature of the training data has variance 1; 0 or more, larger for more unusual sequences.
/// * `StepErrorColumnName`, optional: variable-sized vector of <xref:System.Single>. The mean squared error at each step, which shows where
///   a sequence is unusual.
/// * `EncodingColumnName`, optional: known-sized vector of <xref:System.Single>. The code of the sequence: features for any other trainer.
///
/// `ml.AnomalyDetection.Evaluate` measures the scores against labels, where there are some: <xref:System.Single>, 1 for an anomaly and 0
/// for none; it takes no <xref:System.Boolean>.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Anomaly detection |
/// | Is normalization required? | No: features are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes |
///
/// ### Training Algorithm Details
/// The encoder is the same network as for the <xref:Microsoft.ML.Lstm.LstmRegressionTrainer>: its final state goes, with the static
/// features, through a linear layer to the code. The decoder, a recurrent network of as many layers and units, reads the code at every step
/// (Cho et al. 2014), beside how far through the sequence the step is, and gives the features of the steps from the last to the first
/// (Srivastava, Mansimov and Salakhutdinov 2015; for finding anomalies Malhotra et al. 2016). It never sees the true steps, so all it knows
/// of the sequence went through the code, and what the code has no room for is not reconstructed. Training minimizes the mean squared error
/// of the scaled features over all steps.
///
/// The threshold comes from the scores of the validation data, or of the training rows that `ValidationFraction` holds out, by default a
/// tenth; these rows have to be usual too. It is the smallest of their scores that a sequence like them exceeds with at most the
/// probability `FalsePositiveRate` (split conformal prediction; Vovk, Gammerman and Shafer 2005). That takes at least 1 / rate − 1 scores,
/// 99 for the default: with a tenth held out, 990 training rows. With fewer, the threshold is estimated, and a warning says so: scores
/// above the median are taken to be exponentially distributed, and the threshold is no less than the largest score. With a handful of
/// scores the share of false alarms can be several times the rate, or there can be none at all and anomalies are missed. Without any rows
/// held out, the threshold comes from the training data, which are reconstructed better than new data, so there are more false alarms than
/// asked for.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
/// <seealso cref="LstmCatalog.LstmAutoencoder(AnomalyDetectionCatalog.AnomalyDetectionTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmAutoencoderTrainer : SequenceTrainerBase<LstmAutoencoderTrainer.Options, LstmAutoencoderTransformer>
{
    internal LstmAutoencoderTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmAutoencoder", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.None;

    private protected override ColumnRole FeatureRole => ColumnRole.NumericFeature;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label)
        => AutoencoderOutputs.Shapes(Settings.StepErrorColumnName);

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
        => new AutoencoderTask(options.EncodingSize!.Value, options.FalsePositiveRate);

    private protected override LstmAutoencoderTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task)
        => new(Host, model, columns with
        {
            Threshold = ((AutoencoderTask)task).Threshold,
            StepErrorColumnName = Settings.StepErrorColumnName,
        });

    /// <summary>
    /// Options for the <see cref="LstmAutoencoderTrainer"/> as used in
    /// <see cref="LstmCatalog.LstmAutoencoder(AnomalyDetectionCatalog.AnomalyDetectionTrainers, Options)"/>.
    /// <see cref="TrainingOptions.Bidirectional"/>, <see cref="TrainingOptions.InputDropout"/> and
    /// <see cref="TrainingOptions.OutputDropout"/> apply to the encoder alone. With dropout of inputs, sequences are reconstructed from
    /// incomplete features (a denoising autoencoder; Vincent et al. 2008).
    /// </summary>
    public sealed class Options : SequenceInputOptions
    {
        /// <summary>
        /// How many numbers the code has that a sequence is reconstructed from, 1 to 65536. With fewer numbers more of a sequence is taken
        /// for chance; with more numbers anomalies are reconstructed better, too. <see langword="null"/>, the default: chosen from the data
        /// (at present 8).
        /// </summary>
        public int? EncodingSize;

        /// <summary>
        /// The share of usual sequences that may have a score above the threshold, from 0 to below 1. It takes at least 1 / rate − 1 held
        /// out sequences; with fewer, the threshold is estimated, with a warning, and the share may be missed by far. For 0 the largest of
        /// their scores is the threshold. <see cref="LstmAutoencoderTransformer.WithThreshold"/> changes the threshold later. Default:
        /// 0.01.
        /// </summary>
        public float FalsePositiveRate = 0.01f;

        /// <summary>
        /// A column for the error at each of the T steps, a vector of T values. <see langword="null"/> for none. Default:
        /// <see langword="null"/>.
        /// </summary>
        public string? StepErrorColumnName;

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics => [EarlyStoppingMetric.Loss];

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            ValidationFraction ??= 0.1f;
            EncodingSize ??= 8;
            base.ChooseDefaults(facts, choices);
        }

        internal override void Validate()
        {
            base.Validate();
            Require(NumberOfNetworks is null or 1, NumberOfNetworks, nameof(NumberOfNetworks), "1 or null: an autoencoder is one network");
            Require(StreamingBufferMegabytes is null || ValidationFraction is 0, ValidationFraction, nameof(ValidationFraction),
                $"0 with {nameof(StreamingBufferMegabytes)}");
            Require(EncodingSize is null or (>= 1 and <= 65536), EncodingSize, nameof(EncodingSize), "from 1 to 65536");
            Require(FalsePositiveRate is >= 0 and < 1, FalsePositiveRate, nameof(FalsePositiveRate), "from 0 to below 1");
            RequireOutputName(StepErrorColumnName, nameof(StepErrorColumnName));
            Require(StepErrorColumnName is null || StepErrorColumnName != EncodingColumnName, StepErrorColumnName,
                nameof(StepErrorColumnName), $"another name than {nameof(EncodingColumnName)}");
        }
    }
}
