using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences.Ctc;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to read what a sequence has one after the
/// other, though nobody says at which steps: the words of a recording, the letters of handwriting, the phases of a process.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [LstmCtc](xref:Microsoft.ML.LstmCatalog.LstmCtc*)
/// or
/// [LstmCtc(Options)](xref:Microsoft.ML.LstmCatalog.LstmCtc*).
///
/// ### Input and Output Columns
/// * `LabelColumnName`: vector of Key, of any length, 0 too. The items of the sequence in their order. None may be missing.
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, or of Key, of known size or not, sparse or not.
///   The sequence: T x F numbers, the first step first, or T keys.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of the sequence as a whole.
///
/// * `PredictedLabel`: variable-sized vector of Key. The items in their order, with the label's key values.
/// * `Score`: variable-sized vector of <xref:System.Single>. The probabilities of each frame: the blank, which stands for no item, and
///   then each item.
/// * `LogProbability`: <xref:System.Single>. The logarithm of the probability of `PredictedLabel`, over all its alignments.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Labels without alignment |
/// | Is normalization required? | No: features are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes, by `ExportToOnnx`: `Score`, and `PredictedLabel` as the best path |
///
/// [EvaluateCtc](xref:Microsoft.ML.LstmCatalog.EvaluateCtc*) measures the labels.
///
/// ### Training Algorithm Details
/// A stack of recurrent layers, by default in both directions, reads the sequence, and a linear layer gives each frame a probability for
/// each item and for the blank. Training maximizes the probability of the label summed over all its alignments (connectionist temporal
/// classification, Graves, Fernández, Gomez and Schmidhuber 2006). A frame is a step, or several (`StepsPerFrame`). A label needs a frame
/// for each item, and one more between two neighbours that are the same: rows that have fewer are left out, counted and warned of.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.LstmCtc(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmCtcTrainer : SequenceTrainerBase<LstmCtcTrainer.Options, LstmCtcTransformer>
{
    internal LstmCtcTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmCtc", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.KeySequence;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label) => CtcOutputs.Shapes(label);

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
    {
        var fit = new LabelFit(training, options.FrameSteps);
        int rows = 0, tooLong = 0;
        bool hasItems = false;
        foreach (TrainingSequence sequence in training.Sequences)
        {
            rows++;
            tooLong += fit.Fits(sequence) ? 0 : 1;
            hasItems |= sequence.Labels.Length > 0;
        }
        const string why = "a label needs a frame for each item, and one more between two that are the same";
        if (!hasItems)
            throw new InvalidOperationException($"All labels of the training data in column '{label.Name}' are empty.");
        if (tooLong == rows)
            throw new InvalidOperationException(
                $"None of the {rows} labels of the training data in column '{label.Name}' fits the frames of its sequence: {why} "
                + $"({options.StepsOfFrames}).");
        if (tooLong > 0)
            HostWarning.Write(Host, "Training",
                $"{tooLong} of the {rows} labels of the training data in column '{label.Name}' are longer than the frames of their "
                + $"sequences allow, and don't count: {why} ({options.StepsOfFrames}).");
        return new CtcTask(label.Classes, classes);
    }

    private protected override LstmCtcTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task) => new(Host, model, columns with { BeamSize = Settings.BeamSize });

    /// <summary>
    /// Options for the <see cref="LstmCtcTrainer"/> as used in
    /// <see cref="LstmCatalog.LstmCtc(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>. There is no encoding
    /// of the sequence, so <see cref="SequenceTrainerOptions.Pooling"/> has no effect and
    /// <see cref="SequenceInputOptions.EncodingColumnName"/> must be null.
    /// </summary>
    public sealed class Options : SequenceTrainerOptions
    {
        private const int FewestRowsToHoldOutOf = 500;
        private const float HeldOutShare = 0.1f;

        /// <summary>
        /// Prefixes that the search for the most probable label follows, 1 to 65536 (prefix beam search; Graves 2012). 1 takes the most
        /// probable output of each frame, the best path. <see cref="LstmCtcTransformer.WithBeamSize"/> changes it after training. Default:
        /// 1.
        /// </summary>
        public int BeamSize = 1;

        /// <summary>What makes the frames, in words.</summary>
        internal string StepsOfFrames => InputConvolution is { Filters.Length: > 0 }
            ? $"{nameof(InputConvolution)}, a frame each {FrameSteps} steps"
            : $"{nameof(StepsPerFrame)} {StepsPerFrame}";

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.Accuracy];

        private protected override float ShareToHoldOut(DataFacts facts) => facts.Rows >= FewestRowsToHoldOutOf ? HeldOutShare : 0;

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            HiddenSize ??= 64;
            Bidirectional ??= true;
            OutputDropout ??= 0.3f;
            LearningRate ??= 0.003f;
            base.ChooseDefaults(facts, choices);
        }

        internal override void Validate()
        {
            base.Validate();
            Require(BeamSize is >= 1 and <= LstmCtcTransformer.LargestBeam, BeamSize, nameof(BeamSize),
                $"from 1 to {LstmCtcTransformer.LargestBeam}");
            Require(EncodingColumnName is null, EncodingColumnName, nameof(EncodingColumnName), "null: each frame has outputs of its own");
            Require(AttentionColumnName is null, AttentionColumnName, nameof(AttentionColumnName),
                "null: each frame has outputs of its own");
            Require(MaximumSequenceLength is null, MaximumSequenceLength, nameof(MaximumSequenceLength),
                "null: nobody knows where to cut the label");
            if (Convolution is { Filters.Length: > 0 })
                RequireEachStep($"a {nameof(Convolution)} gives each step an output");
        }
    }
}
