using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.LanguageModel;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to predict each token of a text from
/// those before it: a language model of words, characters or pieces of words, of notes, or of the items that visitors look at one after
/// the other.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [LstmLanguageModel](xref:Microsoft.ML.LstmCatalog.LstmLanguageModel*)
/// or
/// [LstmLanguageModel(Options)](xref:Microsoft.ML.LstmCatalog.LstmLanguageModel*).
///
/// ### Input and Output Columns
/// There is no label: the tokens are learned from those before them.
///
/// * `FeatureColumnName`: vector of Key, of known size or not. The text: a sentence, a whole book, the items of a visit. The missing key is
///   an unknown token: it is read, but not predicted.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
///
/// * `PredictedLabel`: known-sized vector of Key. The most probable next tokens, `NumberOfPredictions` of them, with the key values of the
///   tokens: `MapKeyToValue` gives them their names back.
/// * `Score`: known-sized vector of <xref:System.Single>. The probabilities of these tokens.
/// * `LogLikelihoodColumnName`, by default `LogLikelihood`: <xref:System.Single>. The natural logarithm of the probability of the text.
/// * `NumberOfTokensColumnName`, by default `NumberOfTokens`: <xref:System.UInt32>. How many tokens have a part in it.
/// * `TokenLogLikelihoodColumnName`, optional: variable-sized vector of <xref:System.Single>. The logarithm of the probability of each
///   token.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Language modelling |
/// | Is normalization required? | No: tokens have no scale |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes, with its state as an input and an output, by `ExportToOnnx` of the transformer; not as part of a pipeline |
///
/// [EvaluateLanguageModel](xref:Microsoft.ML.LstmCatalog.EvaluateLanguageModel*) gives perplexity, nats and bits a token.
///
/// ### Training Algorithm Details
/// A stack of recurrent layers reads the tokens' embeddings, and a linear layer gives the logarithm of the odds of each token that may
/// follow (Mikolov et al. 2010; Zaremba, Sutskever and Vinyals 2014); with large vocabularies its weights are the embeddings themselves
/// (Press and Wolf 2017; Inan, Khosravi and Socher 2017). Training minimizes the mean cross-entropy of the tokens. Texts longer than
/// `BackpropagationLength` are learned in pieces: the network goes on with the state in which the piece before has ended, and gradients end
/// where a piece begins (truncated backpropagation through time). A single long text is cut into as many parts as a batch has sequences,
/// which are learned side by side.
///
/// The dropouts are those of the AWD-LSTM (Merity, Keskar and Socher 2018): of tokens, of inputs, of outputs of layers and of the last one,
/// of states and, by `WeightDropout`, of the recurrent weights themselves.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
/// <seealso cref="LstmCatalog.LstmLanguageModel(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmLanguageModelTrainer : SequenceTrainerBase<LstmLanguageModelTrainer.Options, LstmLanguageModelTransformer>
{
    internal LstmLanguageModelTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmLanguageModel", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.NextKey;

    private protected override ColumnRole FeatureRole => ColumnRole.Tokens;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label)
        => LanguageModelOutputs.Shapes(label, Settings.Columns);

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
        => new NextTokenTask(options.HasBoundaries!.Value, options.TieEmbeddings!.Value, cutoffs: options.SoftmaxCutoffs ?? []);

    private protected override LstmLanguageModelTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task) => new(Host, model, columns with { Language = Settings.Columns });

    /// <summary>
    /// Options for the <see cref="LstmLanguageModelTrainer"/> as used in
    /// <see cref="LstmCatalog.LstmLanguageModel(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>. The network
    /// reads one column of keys in one direction, so <see cref="TrainingOptions.Bidirectional"/> must not be true, and the columns of
    /// static features and of an encoding must be null. All data is read into memory.
    /// </summary>
    public sealed class Options : SequenceInputOptions
    {
        internal const int MostPredictions = 65536;

        // Tokens from which on a table of embeddings of their own is most of a network.
        private const int ManyTokens = 1000;

        // Networks of an ensemble, of which more gain ever less.
        private const int BestNetworks = 3;

        // Weight updates an epoch that should be there for a batch of more sequences.
        private const int LeastUpdates = 100;

        /// <summary>
        /// Whether a text begins and ends with a boundary, a token that the model adds: the first token is predicted too, and where a text
        /// ends. <see langword="null"/>, the default: chosen from the data: where there are several rows; a single one is a long text
        /// without an end.
        /// </summary>
        public bool? HasBoundaries;

        /// <summary>
        /// The steps of the pieces that longer texts are cut into while training, at least 1: gradients reach back to the beginning of a
        /// piece, and the state much farther. <see langword="null"/>, the default: chosen from the data (at present 70; with fewer than
        /// 1,000 tokens, as of characters, 100).
        /// </summary>
        public int? BackpropagationLength;

        /// <summary>
        /// The size of a token's embedding, 1 to 65536; with <see cref="TieEmbeddings"/> it has to be
        /// <see cref="TrainingOptions.HiddenSize"/>, which takes this value where it is null. <see langword="null"/>, the default: chosen
        /// from the data (at present <see cref="TrainingOptions.HiddenSize"/> where they are tied, else 64).
        /// </summary>
        public int? EmbeddingSize;

        /// <summary>
        /// Whether the weights of the output layer are the embeddings of the tokens. The model is then smaller, and mostly better.
        /// <see langword="null"/>, the default: chosen from the data: from 1,000 tokens on, unless <see cref="EmbeddingSize"/> is another
        /// size than that of the layers, or there are <see cref="SoftmaxCutoffs"/>.
        /// </summary>
        public bool? TieEmbeddings;

        /// <summary>
        /// For an adaptive softmax (Grave et al. 2017), which makes vocabularies of many thousand tokens several times as fast to learn:
        /// how many of the most frequent tokens are in its first cluster, in the first two together, and so on, ascending; for 10,000 words
        /// 2000 and 6000, say. Tokens of the later clusters, the rare ones, are told from one another by a projection of the network's
        /// output to a quarter of its size, to a sixteenth, and so on. Not together with <see cref="TieEmbeddings"/>, since the projections
        /// have other sizes than the embeddings, nor with <see cref="EarlyStoppingMetric.Accuracy"/> to stop early by, since training does
        /// not compute which token is the most probable. <see langword="null"/> for one softmax over all tokens. Default:
        /// <see langword="null"/>.
        /// </summary>
        public int[]? SoftmaxCutoffs;

        /// <summary>
        /// The share of tokens that are read as the unknown token while training, from 0 to below 1. It also trains the embedding of the
        /// unknown token. <see langword="null"/>, the default: chosen from the data (at present 0).
        /// </summary>
        public float? TokenDropout;

        /// <summary>
        /// The share of the weights between a layer's steps that is dropped for each weight update, from 0 to below 1 (Merity et al. 2018).
        /// <see langword="null"/>, the default: chosen from the data (at present 0).
        /// </summary>
        public float? WeightDropout;

        /// <summary>How many next tokens are predicted, k, 1 to 65536: the most probable ones. Default: 1.</summary>
        public int NumberOfPredictions = 1;

        /// <summary>
        /// Whether tokens that a text has already are left out of the predictions, as of recommendations for items that a visitor has not
        /// seen. Probabilities stay those among all tokens. Default: <see langword="false"/>.
        /// </summary>
        public bool ExcludeHistory;

        /// <summary>
        /// A column for the natural logarithm of the probability of the text; <see langword="null"/> for none. Default:
        /// <c>LogLikelihood</c>.
        /// </summary>
        public string? LogLikelihoodColumnName = LanguageModelMetrics.DefaultLogLikelihoodColumn;

        /// <summary>
        /// A column for the number of tokens that have a part in that probability; <see langword="null"/> for none. Default:
        /// <c>NumberOfTokens</c>.
        /// </summary>
        public string? NumberOfTokensColumnName = LanguageModelMetrics.DefaultNumberOfTokensColumn;

        /// <summary>
        /// A column for the natural logarithm of the probability of each token, and behind them, where texts have boundaries, of the end;
        /// <see langword="null"/> for none. Default: <see langword="null"/>.
        /// </summary>
        public string? TokenLogLikelihoodColumnName;

        internal override string? LabelColumn => AllFeatureColumnNames[0];

        private protected override int NetworksOfBest(DataFacts facts) => BestNetworks;

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.Accuracy];

        internal LanguageColumns Columns => new(NumberOfPredictions)
        {
            LogLikelihood = LogLikelihoodColumnName,
            NumberOfTokens = NumberOfTokensColumnName,
            TokenLogLikelihood = TokenLogLikelihoodColumnName,
            ExcludeHistory = ExcludeHistory,
        };

        private protected override TokenSettings Tokens => new(EmbeddingSize!.Value, FreezePretrained: false);

        private protected override float DropoutOfTokens => TokenDropout!.Value;

        private protected override float DropoutOfWeights => WeightDropout!.Value;

        private protected override int LengthOfPieces => BackpropagationLength!.Value;

        private protected override void TakeLayersOf(NetworkShape shape, bool isWhole, OptionChoices choices)
        {
            // One direction whatever the initial model has: from the other end a layer would read the tokens that it is to predict.
            Bidirectional ??= false;
            InitialShape.CheckEmbeddingSize(shape, EmbeddingSize);
            if (shape.Embeddings.Count > 0)
                EmbeddingSize ??= shape.Embeddings[0].Size;
            base.TakeLayersOf(shape, isWhole, choices);
        }

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            NetworkShape? initial = facts.Initial is { Head: Head.NextToken } model ? model : null;
            int tokens = facts.Vocabularies[0];
            HasBoundaries ??= initial?.Embeddings[0].HasBoundary
                ?? choices.Note(nameof(HasBoundaries), facts.Rows > 1, facts.Rows > 1 ? $"{facts.Rows} texts" : "one text");
            BackpropagationLength ??= tokens < ManyTokens
                ? choices.Note(nameof(BackpropagationLength), 100, $"{tokens} tokens")
                : 70;
            if (TieEmbeddings is true && EmbeddingSize is { } tiedSize)
                HiddenSize ??= tiedSize;
            HiddenSize ??= 256;
            NumberOfLayers ??= initial?.Layers;
            SoftmaxCutoffs ??= initial?.AdaptiveSoftmax?.Cutoffs;
            RequireMetricOfSoftmax();
            TieEmbeddings ??= initial?.TiesHead ?? choices.Note(nameof(TieEmbeddings),
                tokens >= ManyTokens && SoftmaxCutoffs is null && (EmbeddingSize ?? HiddenSize) == HiddenSize, $"{tokens} tokens");
            EmbeddingSize ??= TieEmbeddings.Value ? HiddenSize : 64;
            // An initial model may have decided on one size, or both. Where it goes on as a whole, what differs from it is named later.
            Require(!TieEmbeddings.Value || EmbeddingSize == HiddenSize || initial is not null, TieEmbeddings, nameof(TieEmbeddings),
                $"false or null where embeddings have {EmbeddingSize} features and layers {HiddenSize} units");
            TokenDropout ??= 0;
            WeightDropout ??= 0;
            LearningRate ??= 0.002f;
            BatchSize ??= choices.Note(nameof(BatchSize), BatchSizeFor(facts), $"{facts.TotalSteps} tokens");
            base.ChooseDefaults(facts, choices);
        }

        /// <summary>The most sequences, 8 to 32, with which an epoch still has enough updates.</summary>
        private int BatchSizeFor(DataFacts facts)
        {
            long pieces = Math.Max(facts.Rows, facts.TotalSteps / BackpropagationLength!.Value);
            int size = 8;
            while (size < 32 && pieces / (2 * size) >= LeastUpdates)
                size *= 2;
            return size;
        }

        /// <summary>Of an adaptive softmax not all outputs are computed, so the most probable token is not known while training.</summary>
        private void RequireMetricOfSoftmax()
            => Require(SoftmaxCutoffs is null || EarlyStopping is not { IsOff: false, Metric: EarlyStoppingMetric.Accuracy },
                EarlyStopping?.Metric, nameof(EarlyStopping) + "." + nameof(EarlyStopping.Metric),
                $"{EarlyStoppingMetric.Loss} with {nameof(SoftmaxCutoffs)}, those of an initial model too: training does not compute which "
                + "token is the most probable");

        internal override SequenceInputOptions Copy()
        {
            var copy = (Options)base.Copy();
            copy.SoftmaxCutoffs = (int[]?)SoftmaxCutoffs?.Clone();
            return copy;
        }

        internal override void Validate()
        {
            base.Validate();
            Require(AllFeatureColumnNames.Count == 1, FeatureColumnNames, nameof(FeatureColumnNames), "one column of keys");
            Require(Bidirectional is not true, Bidirectional, nameof(Bidirectional),
                "false or null: a token is predicted by those before it");
            Require(StaticFeatureColumnName is null, StaticFeatureColumnName, nameof(StaticFeatureColumnName),
                "null: texts have tokens alone");
            Require(EncodingColumnName is null, EncodingColumnName, nameof(EncodingColumnName), "null: each step has outputs of its own");
            Require(FeaturesPerStep is null, FeaturesPerStep, nameof(FeaturesPerStep), "null: a step is a token");
            Require(StreamingBufferMegabytes is null, StreamingBufferMegabytes, nameof(StreamingBufferMegabytes),
                "null: all texts are in memory, four bytes a token");
            Require(BackpropagationLength is null or >= 1, BackpropagationLength, nameof(BackpropagationLength), "1 or more, or null");
            Require(EmbeddingSize is null or (>= 1 and <= 65536), EmbeddingSize, nameof(EmbeddingSize), "from 1 to 65536");
            Require(TieEmbeddings is not true || EmbeddingSize is null || HiddenSize is null || EmbeddingSize == HiddenSize, EmbeddingSize,
                nameof(EmbeddingSize), $"{nameof(HiddenSize)} or null with {nameof(TieEmbeddings)}");
            Require(SoftmaxCutoffs is null || (SoftmaxCutoffs is [>= 1, ..]
                && SoftmaxCutoffs.Zip(SoftmaxCutoffs.Skip(1)).All(pair => pair.First < pair.Second)), SoftmaxCutoffs,
                nameof(SoftmaxCutoffs), "numbers of tokens from 1 on, each larger than the one before, or null");
            Require(SoftmaxCutoffs is null || TieEmbeddings is not true, TieEmbeddings, nameof(TieEmbeddings),
                $"false or null with {nameof(SoftmaxCutoffs)}: the clusters of an adaptive softmax have projections of other sizes than "
                + "the embeddings");
            RequireMetricOfSoftmax();
            Require(TokenDropout is null or (>= 0 and < 1), TokenDropout, nameof(TokenDropout), "from 0 to below 1");
            Require(WeightDropout is null or (>= 0 and < 1), WeightDropout, nameof(WeightDropout), "from 0 to below 1");
            Require(NumberOfPredictions is >= 1 and <= MostPredictions, NumberOfPredictions, nameof(NumberOfPredictions),
                $"from 1 to {MostPredictions}");
            string?[] names = [LogLikelihoodColumnName, NumberOfTokensColumnName, TokenLogLikelihoodColumnName];
            string[] options =
                [nameof(LogLikelihoodColumnName), nameof(NumberOfTokensColumnName), nameof(TokenLogLikelihoodColumnName)];
            for (int i = 0; i < names.Length; i++)
            {
                RequireOutputName(names[i], options[i]);
                Require(names[i] is null || Array.IndexOf(names, names[i]) == i, names[i], options[i], "another name than the others");
            }
        }
    }
}
