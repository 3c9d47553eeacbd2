using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>Compares the shape of a network that a training begins with to the one that its options and data ask for.</summary>
internal static class InitialShape
{
    /// <summary>Checks that a network can go on as it is.</summary>
    /// <param name="found">The network, with the keys of the data.</param>
    /// <param name="expected">The network to be trained.</param>
    /// <exception cref="ArgumentException">It has another shape.</exception>
    public static void CheckWhole(NetworkShape found, NetworkShape expected)
    {
        Require(nameof(TrainingOptions.CellType), shape => shape.Cell);
        Require(nameof(SequenceInputOptions.FeaturesPerStep), shape => shape.NumericSize);
        Require("number of token columns", shape => shape.Embeddings.Count);
        for (int i = 0; i < expected.Embeddings.Count; i++)
        {
            Require("vocabulary", shape => shape.Embeddings[i].KeyCount);
            Require(nameof(SequenceTrainerOptions.EmbeddingSize), shape => shape.Embeddings[i].Size);
        }
        Require("encoder of characters", shape => shape.Characters is not null);
        if (expected.Characters is not null)
        {
            Require("number of characters", shape => shape.Characters!.Value.Table.KeyCount);
            Require(nameof(SequenceTrainerOptions.CharacterEmbeddingSize), shape => shape.Characters!.Value.Table.Size);
            Require(nameof(SequenceTrainerOptions.NumberOfCharacterFilters), shape => shape.Characters!.Value.Filters);
            Require(nameof(SequenceTrainerOptions.CharacterKernelSize), shape => shape.Characters!.Value.KernelSize);
        }
        Require(nameof(TrainingOptions.HiddenSize), shape => shape.HiddenSize);
        Require(nameof(TrainingOptions.NumberOfLayers), shape => shape.Layers);
        Require(nameof(TrainingOptions.Bidirectional), shape => shape.Bidirectional);
        Require(nameof(SequenceTrainerOptions.StepsPerFrame), shape => shape.StepsPerFrame);
        Require(nameof(SequenceTrainerOptions.InputConvolution), shape => string.Join(", ", shape.InputConvolutions));
        Require("number of convolutions", shape => shape.Convolutions.Count);
        for (int i = 0; i < expected.Convolutions.Count; i++)
            Require(nameof(SequenceTrainerOptions.Convolution), shape => shape.Convolutions[i]);
        if (!expected.Head.IsPerStep)
            Require("pooling of convolutions by their largest outputs", shape => shape.PoolsConvolutionsByMax);
        Require("conditional random field", shape => shape.Head == Head.Crf);
        Require("blank for labels without alignment", shape => shape.Head == Head.Ctc);
        if (!expected.Head.IsPerStep)
            Require(nameof(SequenceTrainerOptions.Pooling), shape => shape.Pooling);
        Require("number of static features", shape => shape.StaticSize);
        Require("decoder that writes sequences", shape => shape.TargetWithoutTable);
        if (expected.Head == Head.NextToken)
        {
            Require(nameof(LstmLanguageModelTrainer.Options.HasBoundaries), shape => shape.Embeddings[0].HasBoundary);
            Require(nameof(LstmLanguageModelTrainer.Options.TieEmbeddings), shape => shape.TiesHead);
            Require("adaptive softmax", shape => shape.AdaptiveSoftmax is not null);
        }
        else
        {
            // Of a language model the outputs are the tokens.
            Require("number of outputs", shape => shape.ClassCount);
        }
        Require(nameof(LstmRegressionTrainer.Options.SkipSteps), shape => shape.SkipSteps);

        void Require<T>(string what, Func<NetworkShape, T> part)
        {
            if (!EqualityComparer<T>.Default.Equals(part(expected), part(found)))
                throw Differs(what, part(found), part(expected));
        }
    }

    /// <summary>Checks that a network can begin with the layers of another one, under an output layer of its own.</summary>
    /// <param name="encoder">The network whose layers these are.</param>
    /// <param name="shape">The network to be trained.</param>
    /// <exception cref="ArgumentException">It reads other inputs, or has other layers.</exception>
    public static void CheckEncoder(NetworkShape encoder, NetworkShape shape)
    {
        if (encoder.Bidirectional && shape.Head == Head.NextToken)
            throw new ArgumentException("The layers of the initial model read sequences from both ends, and in the network to be trained a "
                + $"token is predicted by those before it. Train the initial model with {nameof(TrainingOptions.Bidirectional)} = false.",
                "initialModel");
        Require("columns of tokens", one => one.Embeddings.Count);
        Require("numeric features", one => one.NumericSize);
        for (int i = 0; i < encoder.Embeddings.Count; i++)
            Require(nameof(SequenceTrainerOptions.EmbeddingSize), one => one.Embeddings[i].Size);
        Require("filters over characters", one => one.Characters?.Filters ?? 0);
        Require(nameof(SequenceTrainerOptions.CharacterKernelSize), one => one.Characters?.KernelSize ?? 0);
        Require(nameof(SequenceTrainerOptions.CharacterEmbeddingSize), one => one.Characters?.Table.Size ?? 0);
        Require(nameof(TrainingOptions.CellType), one => one.Cell);
        Require(nameof(TrainingOptions.HiddenSize), one => one.HiddenSize);
        Require(nameof(TrainingOptions.NumberOfLayers), one => one.Layers);
        Require(nameof(TrainingOptions.Bidirectional), one => one.Bidirectional);
        Require(nameof(SequenceTrainerOptions.StepsPerFrame), one => one.StepsPerFrame);
        Require(nameof(SequenceTrainerOptions.InputConvolution), one => string.Join(", ", one.InputConvolutions));
        bool needsEachStep = shape.Head == Head.SequenceToSequence || (shape.Head.IsPerStep && shape.Head != Head.Ctc);
        if (needsEachStep && (shape.FrameSteps > 1 || shape.InputConvolutions.Count > 0))
            throw new ArgumentException("The layers of the initial model read frames of several steps, and in the network to be trained "
                + (shape.Head == Head.SequenceToSequence ? "a decoder looks at each step." : "each step has outputs of its own."),
                "initialModel");
        if (encoder.Convolutions.Count > 0)
            Require(nameof(SequenceTrainerOptions.Convolution), one => one.Convolutions);

        void Require<T>(string what, Func<NetworkShape, T> part)
        {
            if (!EqualityComparer<T>.Default.Equals(part(encoder), part(shape)))
                throw new ArgumentException("A network that begins with the layers of an initial model has the same: "
                    + $"{what} is {part(shape)}, expected {part(encoder)}.", "initialModel");
        }
    }

    /// <summary>Checks that an EmbeddingSize that is asked for is that of tables that go on.</summary>
    /// <param name="found">The network whose tables these are.</param>
    /// <param name="asked">The option; null where it is open.</param>
    /// <exception cref="ArgumentException">No table has embeddings of that size.</exception>
    public static void CheckEmbeddingSize(NetworkShape found, int? asked)
    {
        if (asked is { } size && found.Embeddings.Count > 0 && found.Embeddings.All(table => table.Size != size))
            throw Differs(nameof(SequenceTrainerOptions.EmbeddingSize), found.Embeddings[0].Size, size);
    }

    /// <summary>
    /// Checks that the parts of a network go together, since options that were null may be those of another task's network.
    /// </summary>
    /// <param name="shape">The network to be trained.</param>
    /// <param name="takesLayers">Whether there is an initial model.</param>
    /// <exception cref="ArgumentException">They don't, and its file could not be read.</exception>
    public static void CheckParts(NetworkShape shape, bool takesLayers)
    {
        if (ShapeRules.FaultOf(shape) is { } fault)
            throw new ArgumentException("The network to be trained can't have these layers"
                + (takesLayers ? ", of which those of options that are null are the initial model's" : "")
                + $": in the words of model files, expected {fault.Expected}, found {fault.Found}.", takesLayers ? "initialModel" : null);
    }

    /// <summary>The error that a part of the networks differs.</summary>
    public static ArgumentException Differs<T>(string what, T found, T expected, string hint = "")
        => new($"The initial model has another shape than the one to be trained: {what} is {found}, expected {expected}.{hint}",
            "initialModel");
}
