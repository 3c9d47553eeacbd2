using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <content>The outputs of an adaptive softmax, and what the decoder of an encoder writes.</content>
internal sealed partial record SavedNetwork
{
    private static AdaptiveSoftmaxShape? ReadClusters(SavedNetwork saved)
    {
        if (saved.AdaptiveSoftmax is not { } clusters)
            return null;
        try
        {
            return clusters.ToShape(saved.OutputSize);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"{What} can't be read: {error.Message}");
        }
    }

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
        EmbeddingShape table = ReadEmbedding(new SavedEmbedding(saved.Vocabulary, saved.Size) { Keys = saved.Keys });
        return new TargetShape(table with { HasBoundary = true }, saved.HiddenSize, saved.Layers,
            ReadEnum<SourceAttention>(saved.Attention, "attention"), saved.InputFeeding)
        {
            TiesHead = saved.TiedHead ?? false,
            WritesUnknown = saved.Unknown ?? false,
        };
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

    public static SavedTarget From(SavedValue json)
        => new(json["vocabulary"].Int32(), json["size"].Int32(), json["hiddenSize"].Int32(), json["layers"].Int32(),
            json["attention"].Text(), json["inputFeeding"].Boolean())
        {
            Keys = json.Find("keys")?.Object(SavedKeys.From),
            TiedHead = json.Find("tiedHead")?.Boolean(),
            Unknown = json.Find("unknown")?.Boolean(),
        };
}

/// <summary>
/// The JSON of an <see cref="AdaptiveSoftmaxShape"/>: of each cluster the lengths of the runs of other classes and its own in turn.
/// </summary>
internal sealed record SavedClusters(int[] Shortlist, SavedTail[] Tails)
{
    public static SavedClusters From(SavedValue json)
        => new(json["shortlist"].Array(run => run.Int32()), json["tails"].Array(tail => tail.Object(SavedTail.From)));

    public static SavedClusters Of(AdaptiveSoftmaxShape shape)
        => new([.. shape.Shortlist.Runs], [.. shape.Tails.Select(tail => new SavedTail([.. tail.Classes.Runs], tail.Size))]);

    /// <summary>The shape.</summary>
    /// <param name="classes">O: the number of classes.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    public AdaptiveSoftmaxShape ToShape(int classes)
        => new(new KeySubset(classes, Shortlist), new ValueList<TailCluster>([.. Tails.Select(tail => tail.Size > 0
            ? new TailCluster(new KeySubset(classes, tail.Classes), tail.Size)
            : throw new ArgumentException("Tails of a size were expected.", nameof(classes)))]));
}

/// <summary>The JSON of a <see cref="TailCluster"/>.</summary>
internal sealed record SavedTail(int[] Classes, int Size)
{
    public static SavedTail From(SavedValue json) => new(json["classes"].Array(run => run.Int32()), json["size"].Int32());
}
