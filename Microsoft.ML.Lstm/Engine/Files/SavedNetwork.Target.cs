using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <content>What the decoder of an encoder writes.</content>
internal sealed partial record SavedNetwork
{
    // Of a decoder; with as many units its state could not overflow.
    private const int MaxTargetLayers = 64;

    private static SavedTarget? Save(TargetShape? shape) => shape is not { } target ? null
        : new SavedTarget(target.Table.Vocabulary, target.Table.Size, target.HiddenSize, target.Layers, target.Attention.ToString(),
            target.FeedsInput)
        {
            Keys = Save(target.Table.Keys),
            TiedHead = TrueOrNull(target.TiesHead),
            Unknown = TrueOrNull(target.WritesUnknown),
        };

    private static TargetShape ReadTarget(SavedTarget saved)
    {
        CheckSize(saved.Vocabulary, "vocabulary of the target", least: 0);
        CheckSize(saved.Size, "size of the target");
        CheckSize(saved.HiddenSize, "hiddenSize of the target");
        CheckSize(saved.Layers, "layers of the target");
        if (saved.Vocabulary > KeySubset.MostKeys || Math.Max(saved.Size, saved.HiddenSize) > MaxSkipped || saved.Layers > MaxTargetLayers)
            throw Invalid($"a target of at most {KeySubset.MostKeys} keys, {MaxSkipped} units and {MaxTargetLayers} layers", "more");
        EmbeddingShape table = ReadEmbedding(new SavedEmbedding(saved.Vocabulary, saved.Size) { Keys = saved.Keys });
        return new TargetShape(table with { HasBoundary = true }, saved.HiddenSize, saved.Layers,
            ReadEnum<SourceAttention>(saved.Attention, "attention"), saved.InputFeeding)
        {
            TiesHead = saved.TiedHead ?? false,
            WritesUnknown = saved.Unknown ?? false,
        };
    }

    private static void CheckTarget(NetworkShape shape)
    {
        if (shape.Target is { } written && shape.OutputSize != shape.StateSizeOf(written))
            throw Invalid($"outputSize {shape.StateSizeOf(written)} for the state of the target's decoder", $"{shape.OutputSize}");
        if (shape.Target is { Attention: SourceAttention.Dot } looking && looking.HiddenSize != shape.EncodingSize)
            throw Invalid($"a decoder with {shape.EncodingSize} units, the width of the encoder, where attention is Dot",
                $"{looking.HiddenSize}");
        if (shape.Target is { TiesHead: true } tied && tied.Table.Size != tied.HiddenSize)
            throw Invalid($"a target of size {tied.HiddenSize} where its vectors are the head's weights", $"{tied.Table.Size}");
    }
}

/// <summary>The JSON of a <see cref="TargetShape"/>; its table has a boundary.</summary>
internal sealed record SavedTarget(int Vocabulary, int Size, int HiddenSize, int Layers, string Attention, bool InputFeeding)
{
    public SavedKeys? Keys { get; set; }

    /// <summary>Whether the table's vectors are the weights of the decoder's head too.</summary>
    public bool? TiedHead { get; set; }

    /// <summary>Whether the decoder has an output for the unknown token.</summary>
    public bool? Unknown { get; set; }
}
