namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>What is wrong with a shape, in the words of files for its parts.</summary>
/// <param name="Expected">What a network has.</param>
/// <param name="Found">What this one has.</param>
internal sealed record ShapeFault(string Expected, string Found);

/// <summary>
/// Which parts of a <see cref="NetworkShape"/> go together. A network is checked by the same rules before it is trained and when it is
/// read from a file, so that none is trained that its own file does not bring back.
/// </summary>
internal static class ShapeRules
{
    // Far above what training chooses, yet too small for the width of the head's input to overflow.
    private const int MostSkipped = 1 << 20;

    // Of a decoder; with as many units its state could not overflow.
    private const int MostTargetLayers = 64;

    /// <summary>The first rule that a shape breaks; null for none.</summary>
    /// <param name="shape">The shape; each of its sizes by itself is in its range.</param>
    public static ShapeFault? FaultOf(NetworkShape shape)
        => FaultOfConvolutions(shape) ?? FaultOfHead(shape) ?? FaultOfTarget(shape) ?? FaultOfInputs(shape) ?? FaultOfNextToken(shape);

    private static ShapeFault? FaultOfConvolutions(NetworkShape shape)
    {
        bool isPerStep = shape.Head.IsPerStep && shape.Head != Head.Ctc;
        bool hasConvolutions = shape.Convolutions.Count > 0;
        if (shape.Convolutions.Count > NetworkShape.MaxConvolutions)
            return new($"at most {NetworkShape.MaxConvolutions} convolutions", $"{shape.Convolutions.Count}");
        if (shape.StepsPerFrame > NetworkShape.MaxStepsPerFrame)
            return new($"at most {NetworkShape.MaxStepsPerFrame} stepsPerFrame", $"{shape.StepsPerFrame}");
        if (shape.StepsPerFrame > 1 && isPerStep)
            return new("no stepOutputs where there are stepsPerFrame", "both");
        if (shape.StepsPerFrame > 1 && shape.Head == Head.Ctc && hasConvolutions)
            return new("no convolutions, which give each step an output, where ctc has stepsPerFrame", "some");
        if (shape.Head == Head.Autoencoder && (shape.StepsPerFrame > 1 || hasConvolutions))
            return new("neither convolutions nor stepsPerFrame where there is a decoder", "some");
        if (shape.InputConvolutions.Count > 0 && (shape.StepsPerFrame > 1 || isPerStep
            || shape.Head is Head.Autoencoder or Head.SequenceToSequence || (shape.Head == Head.Ctc && hasConvolutions)))
            return new("no stepsPerFrame, decoder, target or outputs of steps, and beside ctc no convolutions, where there are "
                + "inputConvolutions", "some");
        return null;
    }

    private static ShapeFault? FaultOfHead(NetworkShape shape)
    {
        if (shape.Head == Head.Ctc && shape.OutputSize < 2)
            return new("an outputSize of 2 or more where there is ctc", $"{shape.OutputSize}");
        if (shape.Head == Head.Autoencoder && shape.Embeddings.Count > 0)
            return new("neither stepOutputs nor embeddings where there is a decoder", "embeddings");
        if (shape.Head == Head.Autoencoder && shape.Characters is not null)
            return new("no characters where there is a decoder", "some");
        if (shape.AdaptiveSoftmax is not null && (shape.Head is not (Head.EveryStep or Head.NextToken) || shape.TiesHead))
            return new("stepOutputs, not tied to embeddings, where there is adaptiveSoftmax", "others");
        if (shape.SkipSteps > 0 && (shape.Head != Head.Pooled || (long)shape.SkipSteps * shape.InputSize > MostSkipped))
            return new($"skipSteps of at most {MostSkipped} numbers, where sequences have outputs", "others");
        return null;
    }

    private static ShapeFault? FaultOfTarget(NetworkShape shape)
    {
        if (shape.Target is not { } target)
            return null;
        if (shape is not { Convolutions.Count: 0, StepsPerFrame: 1, SkipSteps: 0, Classes: null, TiesHead: false, Pooling: Pooling.Last })
            return new("pooling Last, and no other outputs, convolutions, classes or frames, where there is a target, a sequence to write",
                shape.Convolutions.Count > 0 ? "convolutions" : shape.StepsPerFrame > 1 ? "frames" : "others");
        if (target.Table.Vocabulary > KeySubset.MostKeys || Math.Max(target.Table.Size, target.HiddenSize) > MostSkipped
            || target.Layers > MostTargetLayers)
            return new($"a target of at most {KeySubset.MostKeys} keys, {MostSkipped} units and {MostTargetLayers} layers", "more");
        if (shape.OutputSize != shape.StateSizeOf(target))
            return new($"outputSize {shape.StateSizeOf(target)} for the state of the target's decoder", $"{shape.OutputSize}");
        if (target.Attention == SourceAttention.Dot && target.HiddenSize != shape.EncodingSize)
            return new($"a decoder with {shape.EncodingSize} units, the width of the encoder, where attention is Dot",
                $"{target.HiddenSize}");
        if (target.TiesHead && target.Table.Size != target.HiddenSize)
            return new($"a target of size {target.HiddenSize} where its vectors are the head's weights", $"{target.Table.Size}");
        return null;
    }

    private static ShapeFault? FaultOfInputs(NetworkShape shape)
        => shape.Embeddings.Sum(embedding => (long)embedding.Size) + (shape.Characters?.Filters ?? 0) > shape.InputSize
            ? new($"embeddings and filters of at most {shape.InputSize} features in all, the inputSize", "more")
            : null;

    private static ShapeFault? FaultOfNextToken(NetworkShape shape)
    {
        if (shape.Head != Head.NextToken)
            return shape.TiesHead || shape.Embeddings.Any(embedding => embedding.HasBoundary)
                ? new("nextToken where there is a boundary or a tiedHead", "none")
                : null;
        if (shape.Bidirectional || shape.StaticSize > 0 || shape.Convolutions.Count > 0 || shape.Characters is not null
            || shape.Classes is not null)
            return new("one direction of recurrent layers, and tokens alone, where there is nextToken", "more");
        if (shape.Embeddings.Count != 1 || shape.NumericSize > 0)
            return new($"an embedding of {shape.InputSize} features where there is nextToken",
                shape.Embeddings.Count == 0 ? "none" : "others");
        if (shape.Embeddings[0].Rows - 1L != shape.OutputSize)
            return new($"an embedding of {shape.OutputSize} tokens, the outputSize", "another");
        if (shape.TiesHead && shape.InputSize != shape.HiddenSize)
            return new($"an embedding of {shape.HiddenSize} features, the hiddenSize, for a tiedHead", $"{shape.InputSize}");
        return null;
    }
}
