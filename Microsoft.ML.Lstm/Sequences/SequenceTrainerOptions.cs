using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Sequences;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The options that all trainers on sequences with a label share: the columns they read, the embeddings, the network and its training.
/// </summary>
public abstract class SequenceTrainerOptions : SequenceInputOptions
{
    // Networks of an ensemble, of which more gain ever less; where an epoch has this many steps, a training takes minutes.
    private const int Many = 5;
    private const int Few = 3;
    private const int MostStepsForMany = 200_000;

    /// <summary>The most steps that an output layer may read directly.</summary>
    private protected const int MostSkips = 4096;

    private protected SequenceTrainerOptions()
    {
    }

    /// <summary>The column to learn. Default: <c>Label</c>.</summary>
    public string LabelColumnName = DefaultColumnNames.Label;

    /// <summary>
    /// Files of pretrained embeddings, by the name of the column, for columns of keys whose values are words; in the text format of GloVe
    /// or word2vec. The size of these vectors takes the place of <see cref="EmbeddingSize"/>; words that are not in the file begin at
    /// random, and the log says how many were found. <see langword="null"/> for none. Default: <see langword="null"/>.
    /// </summary>
    public Dictionary<string, string>? WordVectorFiles;

    /// <summary>
    /// The size of a token's embedding, the learned vector that stands for it, 1 to 65536. <see langword="null"/>, the default: chosen from
    /// the data (at present 32; for classification 64, or 96 beside filters of phrases).
    /// </summary>
    public int? EmbeddingSize;

    /// <summary>
    /// Whether pretrained embeddings (<see cref="WordVectorFiles"/>) keep their values while training. The embeddings of other tokens are
    /// learned either way. Default: <see langword="false"/>.
    /// </summary>
    public bool FreezeEmbeddings;

    /// <summary>
    /// The share of tokens that are replaced by the unknown token while training, from 0 to below 1 (word dropout; Iyyer et al. 2015). It
    /// also trains the embedding of the unknown token, which stands for all tokens that the training data does not have; without dropout,
    /// and without a missing key in the training data, that embedding is the mean of the others. <see langword="null"/>, the default:
    /// chosen from the data (at present 0; for classification and sequence labelling 0.05, for the latter 0.15 where words are read by
    /// their characters too).
    /// </summary>
    public float? TokenDropout;

    /// <summary>
    /// How much more often rare tokens are replaced by the unknown token while training, 0 or more: a token that occurs n times in its
    /// column of the training data with the probability a / (a + n), a the value of this option, beside <see cref="TokenDropout"/>
    /// (Kiperwasser and Goldberg 2016). So the unknown token is learned from tokens as rare as those that it stands for, and less is
    /// learned by heart of those that occur once or twice. <see langword="null"/>, the default: chosen from the data (at present 0; 0.25
    /// where texts to classify have many tokens that occur seldom).
    /// </summary>
    public float? RareTokenDropout;

    /// <summary>
    /// A column of words, a vector of text with one for each step, that are read by their characters, whether or not they are known as
    /// keys: beside the column of the words' keys the texts that it was made of. An encoder over the characters, a convolution with the
    /// largest value of each filter (Ma and Hovy 2016), adds <see cref="NumberOfCharacterFilters"/> features to the step; so words that
    /// the training data does not have are known by their beginnings, endings and forms. Characters are UTF-16's units; those that the
    /// training data does not have are one unknown character, and a missing text has features of 0. <see langword="null"/> for none.
    /// Default: <see langword="null"/>.
    /// </summary>
    public string? CharacterColumnName;

    /// <summary>
    /// The size of a character's embedding, 1 to 65536. <see langword="null"/>, the default: chosen from the data (at present 32).
    /// </summary>
    public int? CharacterEmbeddingSize;

    /// <summary>
    /// Filters over the characters of a word, which are its features, 1 to 65536. <see langword="null"/>, the default: chosen from the
    /// data (at present 64).
    /// </summary>
    public int? NumberOfCharacterFilters;

    /// <summary>
    /// Neighbouring characters that a filter reads, 1 to 64; before and behind a word are boundaries, so that every word has as many
    /// windows as characters. <see langword="null"/>, the default: chosen from the data (at present 3).
    /// </summary>
    public int? CharacterKernelSize;

    /// <summary>
    /// The share of characters that are replaced by the unknown character while training, from 0 to below 1, which also trains that one.
    /// <see langword="null"/>, the default: chosen from the data (at present 0).
    /// </summary>
    public float? CharacterDropout;

    /// <summary>
    /// How the steps' outputs become the encoding of the sequence. <see langword="null"/>, the default: chosen from the data (at present
    /// <see cref="Pooling.Last"/>; for classification <see cref="Pooling.Max"/>).
    /// </summary>
    public Pooling? Pooling;

    /// <summary>
    /// Convolutions beside the recurrent layers, which read the same steps. <see cref="ConvolutionOptions.Off"/> for none.
    /// <see langword="null"/>, the default: chosen from the data (at present none but to classify few curves, or texts with many tokens
    /// that occur seldom).
    /// </summary>
    public ConvolutionOptions? Convolution;

    /// <summary>
    /// How many neighbouring steps the recurrent layers read as one, side by side, 1 to 1024: a frame (Sak et al. 2015). A long sequence
    /// then takes them that many times fewer steps, and they remember farther back. The last frame of a sequence is filled up with zeros;
    /// convolutions read every step. With labels for each step it must be 1. <see langword="null"/>, the default: chosen from the data (at
    /// present 1).
    /// </summary>
    public int? StepsPerFrame;

    /// <summary>
    /// Convolutions in front of the recurrent layers, which may have strides: these layers then read their outputs, one for every few
    /// steps. <see cref="InputConvolutionOptions.Off"/> for none. Beside them <see cref="StepsPerFrame"/> must be 1. With labels for each
    /// step, and where another sequence is written, there must be none. <see langword="null"/>, the default: chosen from the data (at
    /// present none).
    /// </summary>
    public InputConvolutionOptions? InputConvolution;

    /// <summary>
    /// A column for the weights of the T steps, which show what the network looks at. With <see cref="Pooling.Attention"/> they are those
    /// in the encoding: a vector of T weights with the sum 1, where the steps of a frame have equal shares of its weight. Where another
    /// sequence is written, with <see cref="LstmSequenceToSequenceTrainer.Options.Attention"/>, they are T weights with the sum 1 for each
    /// key that was written, one key after the other. Without either it must be <see langword="null"/>, for no column. Default:
    /// <see langword="null"/>.
    /// </summary>
    public string? AttentionColumnName;

    internal sealed override string? LabelColumn => LabelColumnName;

    internal sealed override string? AttentionColumn => AttentionColumnName;

    internal sealed override IReadOnlyDictionary<string, string>? WordVectors => WordVectorFiles;

    /// <summary>Whether the steps have weights of attention.</summary>
    private protected virtual bool HasAttentionWeights => Pooling is Lstm.Pooling.Attention;

    /// <summary>What has to be set for them.</summary>
    private protected virtual string AttentionCondition => $"{nameof(Pooling)} has to be {Lstm.Pooling.Attention}";

    private protected sealed override TokenSettings Tokens => new(EmbeddingSize!.Value, FreezeEmbeddings);

    internal sealed override string? CharacterColumn => CharacterColumnName;

    private protected sealed override CharacterSettings Characters
        => new(CharacterEmbeddingSize!.Value, NumberOfCharacterFilters!.Value, CharacterKernelSize!.Value);

    private protected sealed override float DropoutOfCharacters => CharacterDropout!.Value;

    private protected sealed override float DropoutOfTokens => TokenDropout!.Value;

    private protected sealed override float DropoutOfRareTokens => RareTokenDropout!.Value;

    private protected sealed override Pooling EncodingPooling => Pooling!.Value;

    private protected sealed override ValueList<ConvolutionShape> Convolutions => Convolution!.ToShapes();

    private protected sealed override bool PoolsByMax => Convolution is { Filters.Length: > 0, Pooling: Lstm.Pooling.Max };

    private protected sealed override (int StepsPerFrame, ValueList<InputConvolutionShape> Convolutions) Frames
        => (StepsPerFrame!.Value, InputConvolution!.ToShapes());

    /// <summary>Steps from one of the frames that the recurrent layers read to the next.</summary>
    internal int FrameSteps => (InputConvolution?.Strides ?? []).Aggregate(StepsPerFrame ?? 1, (steps, stride) => steps * stride);

    /// <summary>Throws if the recurrent layers read convolutions or frames, for the reason that is given.</summary>
    private protected void RequireEachStep(string reason)
    {
        Require(StepsPerFrame is null or 1, StepsPerFrame, nameof(StepsPerFrame), $"1 or null: {reason}");
        Require(InputConvolution is null or { Filters.Length: 0 }, InputConvolution, nameof(InputConvolution), $"null: {reason}");
    }

    private protected override void TakeLayersOf(NetworkShape shape, bool isWhole, OptionChoices choices)
    {
        base.TakeLayersOf(shape, isWhole, choices);
        InitialShape.CheckEmbeddingSize(shape, EmbeddingSize);
        if (shape.Embeddings.Count > 0)
            EmbeddingSize ??= shape.Embeddings[0].Size;
        if (shape.Characters is { } words)
        {
            CharacterEmbeddingSize ??= words.Table.Size;
            NumberOfCharacterFilters ??= words.Filters;
            CharacterKernelSize ??= words.KernelSize;
        }
        StepsPerFrame ??= shape.StepsPerFrame;
        InputConvolution ??= InputConvolutionOptions.Of(shape.InputConvolutions);
        if (shape.Convolutions.Count > 0 || isWhole)
            Convolution ??= ConvolutionOptions.Of(shape);
        if (isWhole && !shape.Head.IsPerStep)
            Pooling ??= shape.Pooling;
    }

    private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
    {
        EmbeddingSize ??= 32;
        TokenDropout ??= 0;
        RareTokenDropout ??= 0;
        CharacterEmbeddingSize ??= 32;
        NumberOfCharacterFilters ??= 64;
        CharacterKernelSize ??= 3;
        CharacterDropout ??= 0;
        Pooling ??= Lstm.Pooling.Last;
        Convolution ??= ConvolutionOptions.Off();
        StepsPerFrame ??= 1;
        InputConvolution ??= InputConvolutionOptions.Off();
        base.ChooseDefaults(facts, choices);
    }

    private protected override int NetworksOfBest(DataFacts facts) => facts.TotalSteps > MostStepsForMany ? Few : Many;

    internal override SequenceInputOptions Copy()
    {
        var copy = (SequenceTrainerOptions)base.Copy();
        copy.WordVectorFiles = WordVectorFiles is null ? null : new Dictionary<string, string>(WordVectorFiles);
        copy.Convolution = Convolution?.Copy();
        copy.InputConvolution = InputConvolution?.Copy();
        return copy;
    }

    internal override void Validate()
    {
        base.Validate();
        RequireName(LabelColumnName, nameof(LabelColumnName), optional: false);
        foreach (string column in WordVectorFiles?.Keys.ToArray() ?? [])
            Require(AllFeatureColumnNames.Contains(column), column, nameof(WordVectorFiles), "files by the names of feature columns");
        Require(EmbeddingSize is null or (>= 1 and <= 65536), EmbeddingSize, nameof(EmbeddingSize), "from 1 to 65536");
        Require(TokenDropout is null or (>= 0 and < 1), TokenDropout, nameof(TokenDropout), "from 0 to below 1");
        Require(RareTokenDropout is null or (>= 0 and <= float.MaxValue), RareTokenDropout, nameof(RareTokenDropout),
            "0 or more and finite");
        RequireName(CharacterColumnName, nameof(CharacterColumnName), optional: true);
        Require(CharacterEmbeddingSize is null or (>= 1 and <= 65536), CharacterEmbeddingSize, nameof(CharacterEmbeddingSize),
            "from 1 to 65536");
        Require(NumberOfCharacterFilters is null or (>= 1 and <= 65536), NumberOfCharacterFilters, nameof(NumberOfCharacterFilters),
            "from 1 to 65536");
        Require(CharacterKernelSize is null or (>= 1 and <= CharacterShape.LargestKernel), CharacterKernelSize,
            nameof(CharacterKernelSize), $"from 1 to {CharacterShape.LargestKernel}");
        Require(CharacterDropout is null or (>= 0 and < 1), CharacterDropout, nameof(CharacterDropout), "from 0 to below 1");
        RequireDefined(Pooling, nameof(Pooling));
        if (Convolution is { } convolution)
        {
            Require(convolution.Filters is { Length: <= NetworkShape.MaxConvolutions }
                && convolution.Filters.All(filters => filters is >= 1 and <= 65536), convolution.Filters,
                $"{nameof(Convolution)}.{nameof(convolution.Filters)}", $"up to {NetworkShape.MaxConvolutions} numbers from 1 to 65536");
            Require(convolution.KernelSizes?.Length == convolution.Filters.Length
                && convolution.KernelSizes.All(size => size is >= 1 and <= 1024), convolution.KernelSizes,
                $"{nameof(Convolution)}.{nameof(convolution.KernelSizes)}", "from 1 to 1024 each, and as many as there are Filters");
            Require(convolution.Pooling is Lstm.Pooling.Mean or Lstm.Pooling.Max, convolution.Pooling,
                $"{nameof(Convolution)}.{nameof(convolution.Pooling)}", $"{Lstm.Pooling.Mean} or {Lstm.Pooling.Max}");
        }
        Require(StepsPerFrame is null or (>= 1 and <= 1024), StepsPerFrame, nameof(StepsPerFrame), "from 1 to 1024");
        if (InputConvolution is { } front)
            RequireInputConvolution(front);
        RequireOutputName(AttentionColumnName, nameof(AttentionColumnName));
        Require(AttentionColumnName is null || HasAttentionWeights, AttentionColumnName, nameof(AttentionColumnName),
            $"null without weights of attention: {AttentionCondition}");
        Require(AttentionColumnName is null || AttentionColumnName != EncodingColumnName, AttentionColumnName, nameof(AttentionColumnName),
            $"another name than {nameof(EncodingColumnName)}");
    }

    private void RequireInputConvolution(InputConvolutionOptions front)
    {
        const string name = nameof(InputConvolution);
        Require(front.Filters is { Length: <= NetworkShape.MaxInputConvolutions }
            && front.Filters.All(filters => filters is >= 1 and <= 65536), front.Filters, $"{name}.{nameof(front.Filters)}",
            $"up to {NetworkShape.MaxInputConvolutions} numbers from 1 to 65536");
        Require(front.KernelSizes?.Length == front.Filters.Length && front.KernelSizes.All(size => size is >= 1 and <= 1024),
            front.KernelSizes, $"{name}.{nameof(front.KernelSizes)}", "from 1 to 1024 each, and as many as there are Filters");
        Require(front.Strides?.Length == front.Filters.Length && front.Strides.All(stride => stride is >= 1 and <= 1024)
            && front.Strides.Aggregate(1L, (steps, stride) => Math.Min(steps * stride, 1025)) <= 1024, front.Strides,
            $"{name}.{nameof(front.Strides)}", "from 1 to 1024 each and multiplied, and as many as there are Filters");
        Require(front.Filters.Length == 0 || StepsPerFrame is null or 1, StepsPerFrame, nameof(StepsPerFrame),
            $"1 or null beside {name}, whose strides make frames");
    }
}
