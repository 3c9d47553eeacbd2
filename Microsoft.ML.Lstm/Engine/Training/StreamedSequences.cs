using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// Sequences that are read anew for each epoch, for data larger than memory. They go through a buffer of bounded size: when it is full it
/// is shuffled, and half of it is trained on, so that neighbours in the data rarely meet in a batch.
/// </summary>
/// <param name="read">Reads all sequences, always in the same order.</param>
/// <param name="layout">An empty set with the sizes of the sequences.</param>
/// <param name="bufferBytes">Bytes that the buffer may hold.</param>
/// <param name="readShare">Reads the sequences that this rank trains on; null for all of them.</param>
internal sealed class StreamedSequences(Func<IEnumerable<TrainingSequence>> read, SequenceSet layout, long bufferBytes,
    Func<IEnumerable<TrainingSequence>>? readShare = null)
    : TrainingData(layout.FeatureSize, layout.StaticSize, layout.TargetSize, layout.Vocabularies, layout.Keys,
        layout.Words)
{
    // What an object and its five arrays take beside their elements.
    private const int BytesOfSequence = 200;

    private int? _count;

    public override int Count => _count ??= Sequences.Count();

    public override bool HasStepTargets => layout.HasStepTargets;

    public override IEnumerable<TrainingSequence> Sequences => read();

    /// <summary>A set without sequences, with the sizes of these.</summary>
    public SequenceSet NewSet() => layout.NewLike();

    public override StreamedSequences Renumber(KeyNumbering numbering)
    {
        return new StreamedSequences(Renumbered(read), layout.Renumber(numbering), bufferBytes,
            readShare is null ? null : Renumbered(readShare));

        Func<IEnumerable<TrainingSequence>> Renumbered(Func<IEnumerable<TrainingSequence>> original) => () => original().Select(sequence =>
        {
            numbering.Apply(sequence, TokenColumns);
            return sequence;
        });
    }

    /// <summary>Whether the sets of each rank have other sequences.</summary>
    public bool HasShares => readShare is not null;

    public override IEnumerable<SequenceSet> Sets(Random? random)
    {
        var buffer = new List<TrainingSequence>();
        long bytes = 0;
        foreach (TrainingSequence sequence in (readShare ?? read)())
        {
            buffer.Add(sequence);
            bytes += BytesOf(sequence);
            if (bytes < bufferBytes)
                continue;
            yield return Take(buffer, random, (buffer.Count + 1) / 2);
            bytes = buffer.Sum(BytesOf);
        }
        if (buffer.Count > 0)
            yield return Take(buffer, random, buffer.Count);
    }

    /// <summary>Moves sequences from the buffer to a set: randomly drawn ones, or the first.</summary>
    private SequenceSet Take(List<TrainingSequence> buffer, Random? random, int count)
    {
        random?.Shuffle(CollectionsMarshal.AsSpan(buffer));
        SequenceSet set = layout.NewLike();
        foreach (TrainingSequence sequence in buffer.Take(count))
            set.Add(sequence);
        buffer.RemoveRange(0, count);
        return set;
    }

    private static long BytesOf(TrainingSequence sequence)
        => BytesOfSequence + 4L * (sequence.Features.Length + sequence.Tokens.Length + sequence.Statics.Length
            + sequence.Targets.Length + sequence.Labels.Length);
}
