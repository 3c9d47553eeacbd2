using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences.SequenceToSequence;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an encoder and a decoder, which write another sequence for each sequence:
/// translations, pronunciations, answers, captions.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [LstmSequenceToSequence](xref:Microsoft.ML.LstmCatalog.LstmSequenceToSequence*)
/// or
/// [LstmSequenceToSequence(Options)](xref:Microsoft.ML.LstmCatalog.LstmSequenceToSequence*).
///
/// ### Input and Output Columns
/// * `LabelColumnName`: vector of Key, of known size or not. The sequence to write, of any length; it may be empty. A missing key, such
///   as a rare word without a key, is not learned and never written, unless `WriteUnknown` asks for it; a row that has no other keys is
///   left out.
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, or of Key, of known size or not, sparse or not.
///   The sequence to read: T x F numbers, the first step first, or T keys, such as the words of a text.
/// * `CharacterColumnName`, `ExampleWeightColumnName`, `StaticFeatureColumnName`, optional: as for the other trainers of sequences.
///
/// * `PredictedLabel`: variable-sized vector of Key. The sequence that was written, with the label's key values: `MapKeyToValue` gives the
///   keys their names back.
/// * `Score`: <xref:System.Single>. The logarithm of the probability of that sequence, its end included: 0 or less, NaN for a row that
///   can't be read.
/// * `PredictedLabel2`, `Score2` and so on, with `NumberOfPredictions` above 1: the next best sequences of the beam.
/// * `AttentionColumnName`, optional: variable-sized vector of <xref:System.Single>. For each key that was written the weights of the T
///   steps that were read, row by row; each row adds up to 1.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Sequence to sequence |
/// | Is normalization required? | No: features are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | As two files, encoder and decoder's step, by `ExportToOnnx` of the transformer; not as part of a pipeline |
///
/// ### Training Algorithm Details
/// A stack of recurrent layers, by default in both directions, reads the sequence; a linear layer and tanh make of its end the state that
/// the decoder, another stack, begins with (Cho et al. 2014; Sutskever, Vinyals and Le 2014). At each step the decoder reads the token
/// before, looks at all steps of the source (attention; Bahdanau, Cho and Bengio 2015; Luong, Pham and Manning 2015), and gives a
/// probability to each token, or to the end. Training maximizes the likelihood of the labels, with the true tokens before each
/// (teacher forcing, or scheduled sampling; Bengio et al. 2015); writing goes on with the most probable beginnings (beam search).
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
/// <seealso cref="LstmCatalog.LstmSequenceToSequence(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmSequenceToSequenceTrainer
    : SequenceTrainerBase<LstmSequenceToSequenceTrainer.Options, LstmSequenceToSequenceTransformer>
{
    // The most tokens of a sequence that is written, as a multiple of the longest label of the training data, and at least this many.
    private const int TimesLongestLabel = 2;
    private const int LeastLength = 16;

    internal LstmSequenceToSequenceTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmSequenceToSequence", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.KeySequenceWithGaps;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label)
        => SequenceToSequenceOutputs.Shapes(label, Settings.NumberOfPredictions);

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
    {
        int longestLabel = training.Sequences.Max(sequence => sequence.Labels.Length);
        if (longestLabel == 0)
            throw new InvalidOperationException(
                $"All labels of the training data in column '{label.Name}' are empty, so there is nothing to write.");
        var decoder = new TargetShape(default, options.HiddenSize!.Value, options.NumberOfDecoderLayers!.Value, options.Attention!.Value,
            options.InputFeeding!.Value)
        {
            TiesHead = options.TieEmbeddings!.Value,
            WritesUnknown = options.WriteUnknown,
        };
        int embeddingSize = decoder.TiesHead ? decoder.HiddenSize : options.EmbeddingSize!.Value;
        return new SequenceToSequenceTask(label.Classes, classes, decoder, embeddingSize, options.LabelSmoothing!.Value)
        {
            LongestLabel = longestLabel,
            TeacherForcing = options.TeacherForcing!,
        };
    }

    private protected override LstmSequenceToSequenceTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task) => new(Host, model, columns with
        {
            Decoding = new DecodingSettings(Settings.BeamSize, Settings.LengthPenalty,
                Settings.MaximumOutputLength ?? Math.Max(LeastLength, TimesLongestLabel * ((SequenceToSequenceTask)task).LongestLabel))
            {
                Predictions = Settings.NumberOfPredictions,
            },
        });

    /// <summary>
    /// Options for the <see cref="LstmSequenceToSequenceTrainer"/> as used in
    /// <see cref="LstmCatalog.LstmSequenceToSequence(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>.
    /// <see cref="TrainingOptions.Bidirectional"/> and <see cref="TrainingOptions.NumberOfLayers"/> are the encoder's, whose width
    /// <see cref="TrainingOptions.HiddenSize"/> the decoder has too. There is no pooling, so <see cref="SequenceTrainerOptions.Pooling"/>
    /// has no effect; <see cref="SequenceInputOptions.EncodingColumnName"/> and <see cref="SequenceTrainerOptions.Convolution"/> must be
    /// null.
    /// </summary>
    public sealed class Options : SequenceTrainerOptions
    {
        private const int FewestRowsToHoldOutOf = 500;
        private const float HeldOutShare = 0.1f;
        private const int MostRowsToHoldOut = 2000;

        /// <summary>
        /// How the decoder looks at the steps of the source. <see cref="SourceAttention.Dot"/> needs an encoder of one direction, whose
        /// steps are as wide as the decoder's state. <see langword="null"/>, the default: chosen from the data (at present
        /// <see cref="SourceAttention.General"/>).
        /// </summary>
        public SourceAttention? Attention;

        /// <summary>
        /// Whether the decoder reads, beside the token before, what the outputs of the step before were made of (Luong et al. 2015), so
        /// that it knows where it has looked already. <see langword="null"/>, the default: chosen from the data (at present
        /// <see langword="true"/> with attention, else <see langword="false"/>).
        /// </summary>
        public bool? InputFeeding;

        /// <summary>
        /// Recurrent layers of the decoder, 1 to 64. <see langword="null"/>, the default: as many as
        /// <see cref="TrainingOptions.NumberOfLayers"/>.
        /// </summary>
        public int? NumberOfDecoderLayers;

        /// <summary>
        /// Whether the vectors of the keys to write are the weights of the decoder's outputs too, which saves memory and time where there
        /// are many keys (Inan et al. 2017; Press and Wolf 2017). They then have <see cref="TrainingOptions.HiddenSize"/> numbers, whatever
        /// <see cref="SequenceTrainerOptions.EmbeddingSize"/> the keys to read have. <see langword="null"/>, the default: chosen from the
        /// data (at present <see langword="false"/>).
        /// </summary>
        public bool? TieEmbeddings;

        /// <summary>
        /// Whether the missing key, which labels have in place of words without a key, is learned and written too. Where the decoder writes
        /// it, <see cref="LstmTextCatalog.CopyUnknownWords"/> takes a word of the source. Default: <see langword="false"/>.
        /// </summary>
        public bool WriteUnknown;

        /// <summary>
        /// How often the decoder reads the true key before each while it trains, and how often the one that it would have written.
        /// <see langword="null"/>, the default: chosen from the data (at present <see cref="TeacherForcingSchedule.Always"/>).
        /// </summary>
        public TeacherForcingSchedule? TeacherForcing;

        /// <summary>
        /// The share of each label that is spread over all keys while training, from 0 to below 1 (Szegedy et al. 2016).
        /// <see langword="null"/>, the default: chosen from the data (at present 0).
        /// </summary>
        public float? LabelSmoothing;

        /// <summary>
        /// How many beginnings of a sequence are gone on with when sequences are written, 1 to 64; 1 takes the most probable token at each
        /// step. <see cref="LstmSequenceToSequenceTransformer.WithDecoding"/> changes it later. Default: 5.
        /// </summary>
        public int BeamSize = 5;

        /// <summary>
        /// α, 0 or more: with a beam, sequences of n tokens (the end is one) are compared by their log-likelihood divided by
        /// ((5 + n) / 6)^α (Wu et al. 2016); with 0 short sequences are preferred. Default: 0.6.
        /// </summary>
        public float LengthPenalty = 0.6f;

        /// <summary>
        /// The most tokens that are written for a row, from 1. <see langword="null"/>, the default: twice as many as the longest label of
        /// the training data has, and at least 16.
        /// </summary>
        public int? MaximumOutputLength;

        /// <summary>
        /// How many of the best sequences of a beam are columns, from 1 to <see cref="BeamSize"/>: <c>PredictedLabel</c> and <c>Score</c>,
        /// <c>PredictedLabel2</c> and <c>Score2</c>, and so on. Default: 1.
        /// </summary>
        public int NumberOfPredictions = 1;

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.Accuracy];

        // A decoder learns what to look at first, which takes some thousand updates, and then what to write.
        private protected override EpochRule OpenEpochs => new(Updates: 8000, Fewest: 8, Most: 60);

        private protected override float ShareToHoldOut(DataFacts facts)
            => facts.Rows < FewestRowsToHoldOutOf ? 0 : Math.Min(HeldOutShare, (float)MostRowsToHoldOut / facts.Rows);

        // It would take the time once more, for a tenth more rows.
        private protected override bool GoesOnWithAllRows => false;

        // In nats a key: what has no exceptions is right to the last one long before the loss is zero. A decoder that does not yet know
        // where to look stands still for hundreds of updates.
        private protected override StallRule Stall => new(SmallestGain: 0.002, FewestUpdates: 1500);

        private protected override bool HasAttentionWeights => Attention != SourceAttention.None;

        private protected override string AttentionCondition => $"{nameof(Attention)} must not be {SourceAttention.None}";

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            HiddenSize ??= 128;
            EmbeddingSize ??= 64;
            Bidirectional ??= Attention != SourceAttention.Dot;
            NumberOfLayers ??= 1;
            NumberOfDecoderLayers ??= NumberOfLayers;
            Attention ??= SourceAttention.General;
            InputFeeding ??= Attention != SourceAttention.None;
            OutputDropout ??= 0.1f;
            TieEmbeddings ??= false;
            TeacherForcing ??= TeacherForcingSchedule.Always;
            LabelSmoothing ??= 0;
            LearningRate ??= 0.003f;
            base.ChooseDefaults(facts, choices);
        }

        internal override void Validate()
        {
            base.Validate();
            RequireDefined(Attention, nameof(Attention));
            Require(Attention is not SourceAttention.Dot || Bidirectional is not true, Attention, nameof(Attention),
                $"another kind where {nameof(Bidirectional)} makes the encoder's steps wider than the decoder's state");
            Require(NumberOfDecoderLayers is null or (>= 1 and <= 64), NumberOfDecoderLayers, nameof(NumberOfDecoderLayers),
                "from 1 to 64");
            Require(LabelSmoothing is null or (>= 0 and < 1), LabelSmoothing, nameof(LabelSmoothing), "from 0 to below 1");
            RequireDecoding(BeamSize, LengthPenalty, MaximumOutputLength, NumberOfPredictions);
            Require(EncodingColumnName is null, EncodingColumnName, nameof(EncodingColumnName),
                "null: the decoder reads the encoder's steps");
            RequireEachStep("the decoder looks at each step");
            Require(Convolution is null or { Filters.Length: 0 }, Convolution, nameof(Convolution),
                "null: there are no convolutions beside an encoder");
        }

        /// <summary>Throws if one of these is out of its range.</summary>
        internal static void RequireDecoding(int beamSize, float lengthPenalty, int? maximumOutputLength, int predictions)
        {
            Require(beamSize is >= 1 and <= 64, beamSize, nameof(BeamSize), "from 1 to 64");
            Require(lengthPenalty >= 0 && float.IsFinite(lengthPenalty), lengthPenalty, nameof(LengthPenalty), "0 or more, and finite");
            Require(predictions >= 1 && predictions <= beamSize, predictions, nameof(NumberOfPredictions), $"from 1 to {nameof(BeamSize)}");
            Require(maximumOutputLength is null or >= 1, maximumOutputLength, nameof(MaximumOutputLength), "1 or more, or null");
        }
    }
}
