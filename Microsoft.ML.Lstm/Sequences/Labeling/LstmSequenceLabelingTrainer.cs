using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences.Labeling;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to label each step of a sequence:
/// parts of speech, chunks, names in a text, or what a sensor shows from moment to moment.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [LstmSequenceLabeling](xref:Microsoft.ML.LstmCatalog.LstmSequenceLabeling*)
/// or
/// [LstmSequenceLabeling(Options)](xref:Microsoft.ML.LstmCatalog.LstmSequenceLabeling*).
///
/// ### Input and Output Columns
/// * `LabelColumnName`: vector of Key, of known size or not. The label of each step; a missing key is a step whose label is not known and
///   does not count.
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, or of Key, of known size or not, sparse or not.
///   The sequence: T x F numbers, the first step first, or T keys, such as the words of a text.
/// * `CharacterColumnName`, optional: vector of Text, of known size or not. The word of each step, which is read by its characters, so that
///   words the training data does not have are known by their beginnings, endings and forms.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of the sequence as a whole.
///
/// * `PredictedLabel`: variable-sized vector of Key. The label of each step, with the label's key values: `MapKeyToValue` gives the labels
///   their names back.
/// * `Score`: variable-sized vector of <xref:System.Single>. The probability of each label at each step.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Sequence labelling |
/// | Is normalization required? | No: features are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes; a conditional random field only by `ExportToOnnx` of the transformer, not as part of a pipeline |
///
/// [EvaluateSequenceLabeling](xref:Microsoft.ML.LstmCatalog.EvaluateSequenceLabeling*) measures the labels.
///
/// ### Training Algorithm Details
/// A stack of recurrent layers, by default in both directions, reads the sequence, and a linear layer gives a score for each label at each
/// step. By default a linear-chain conditional random field (Lafferty, McCallum and Pereira 2001; with an LSTM below it Huang, Xu and Yu
/// 2015) joins them to scores of whole paths of labels: training maximizes the likelihood of the right path, and the best path is predicted
/// (Viterbi 1967). Without the random field each step is classified by itself.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
/// <seealso cref="LstmCatalog.LstmSequenceLabeling(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmSequenceLabelingTrainer : SequenceTrainerBase<LstmSequenceLabelingTrainer.Options, LstmSequenceLabelingTransformer>
{
    internal LstmSequenceLabelingTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmSequenceLabeling", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.KeyPerStep;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label)
        => SequenceLabelingOutputs.Shapes(label);

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
    {
        if (!training.Sequences.SelectMany(sequence => sequence.Labels).Where(known => known >= 0).Distinct().Skip(1).Any())
            throw new InvalidOperationException(
                $"All labels of the training data in column '{label.Name}' are the same, so there is nothing to tell apart.");
        return options.UseConditionalRandomField!.Value
            ? new CrfTask(label.Classes, classes)
            : new ClassificationTask(label.Classes, stepOutputs: true, classWeights: null, labelSmoothing: 0, classes);
    }

    private protected override LstmSequenceLabelingTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task) => new(Host, model, columns);

    /// <summary>
    /// Options for the <see cref="LstmSequenceLabelingTrainer"/> as used in
    /// <see cref="LstmCatalog.LstmSequenceLabeling(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>. There is
    /// no encoding of the sequence, so <see cref="SequenceTrainerOptions.Pooling"/> has no effect and
    /// <see cref="SequenceInputOptions.EncodingColumnName"/> must be null.
    /// </summary>
    public sealed class Options : SequenceTrainerOptions
    {
        /// <summary>
        /// Whether whole paths of labels are learned and predicted, by a conditional random field, rather than each step's label by itself.
        /// <see langword="null"/>, the default: chosen from the data (at present <see langword="true"/>).
        /// </summary>
        public bool? UseConditionalRandomField;

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.Accuracy];

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            if (Effort == TrainingEffort.Best && facts.Vocabularies.Count > 0)
            {
                const string reason = "several networks are averaged";
                InputDropout ??= choices.Note(nameof(InputDropout), 0.1f, reason);
                TokenDropout ??= choices.Note(nameof(TokenDropout), 0.15f, reason);
            }
            HiddenSize ??= 64;
            Bidirectional ??= true;
            OutputDropout ??= 0.3f;
            TokenDropout ??= facts.HasCharacters
                ? choices.Note(nameof(TokenDropout), 0.15f, "words that are dropped are still read by their characters")
                : 0.05f;
            LearningRate ??= 0.003f;
            UseConditionalRandomField ??= true;
            base.ChooseDefaults(facts, choices);
        }

        internal override void Validate()
        {
            base.Validate();
            Require(EncodingColumnName is null, EncodingColumnName, nameof(EncodingColumnName), "null: each step has outputs of its own");
            Require(AttentionColumnName is null, AttentionColumnName, nameof(AttentionColumnName),
                "null: each step has outputs of its own");
            RequireEachStep("each step has outputs of its own");
        }
    }
}
