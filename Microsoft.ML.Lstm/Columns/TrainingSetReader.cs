using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Reads the rows of a data view as sequences with labels.</summary>
/// <param name="input">Where the sequences are.</param>
/// <param name="label">Where the labels are, if there are any.</param>
/// <param name="weightColumnName">The column of weights; null for rows that all count the same.</param>
/// <param name="maximumLength">Steps after which sequences are cut; null for no limit.</param>
/// <param name="badRows">What to do with rows that can't be used.</param>
/// <param name="rowsAhead">How many rows behind a window its label is: so many at the end have none, and need no warning.</param>
/// <param name="host">Throws when it is canceled.</param>
/// <param name="cancellation">Stops reading when it is canceled.</param>
/// <param name="ranks">The processes that share the rows of what is streamed; null for this one alone.</param>
internal sealed class TrainingSetReader(SequenceInput input, LabelColumn label, string? weightColumnName, int? maximumLength,
    BadRowHandling badRows, int rowsAhead, IHost host, CancellationToken cancellation, Communicator? ranks = null)
{
    // The words of all data that is read, for training and for validation.
    private readonly Spellings _spellings = new(CharacterShape.KeysOfText);

    /// <summary>T: steps of the longest sequence of the data that was read last.</summary>
    public int LongestSequence { get; private set; }

    /// <summary>Reads all rows once, into memory.</summary>
    /// <param name="data">The data view; its columns must already be known to fit.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="warn">Receives one warning about rows that were skipped, and one about sequences that were cut.</param>
    public SequenceSet Read(IDataView data, string name, Action<string> warn)
    {
        SequenceSet set = NewSet();
        var store = new NumberStore();
        Scan(data, name, warn, store.Take, set.Add);
        return set;
    }

    /// <summary>
    /// Reads all rows once, to count the usable rows, and returns sequences that are read again each time they are enumerated.
    /// </summary>
    /// <param name="data">The data view; its columns must already be known to fit.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="bufferBytes">Bytes of sequences that may be in memory at once.</param>
    /// <param name="warn">Receives one warning about rows that were skipped, and one about sequences that were cut.</param>
    public StreamedSequences Stream(IDataView data, string name, long bufferBytes, Action<string> warn)
    {
        long first = Scan(data, name, warn, NewNumbers, static _ => { });
        bool isWarned = false;
        return new StreamedSequences(ReadAgain, NewSet(), bufferBytes, ranks is { Size: > 1 } ? ReadShare : null);

        IEnumerable<TrainingSequence> ReadShare()
        {
            foreach (TrainingSequence? sequence in Rows(data, new RowTally(name, input), NewNumbers, ranks))
            {
                if (sequence is not null)
                    yield return sequence;
            }
        }

        IEnumerable<TrainingSequence> ReadAgain()
        {
            var tally = new RowTally(name, input);
            long taken = 0;
            foreach (TrainingSequence? sequence in Rows(data, tally, NewNumbers))
            {
                host.CheckAlive();
                if (sequence is null)
                    continue;
                taken++;
                yield return sequence;
            }
            if (taken == 0)
                throw host.Process(new InvalidOperationException(tally.DescribeNoUsableRow()));
            if (taken != first && !isWarned)
                warn($"The {name} had {first} usable rows when it was read first, and {taken} when it was read again. With "
                    + "StreamingBufferMegabytes it is read once an epoch, and has to be the same each time.");
            isWarned |= taken != first;
        }
    }

    private SequenceSet NewSet() => new(input.FeatureSize, input.StaticSize, label.TargetSize, input.Vocabularies, keys: null,
        input.CharacterColumnName is null ? null : new SpelledWords(_spellings, Known: null))
    {
        HasStepTargets = label.Kind is LabelKind.NumbersPerStep or LabelKind.TruthsPerStep,
    };

    // A sequence that comes and goes has its numbers by itself.
    private static Memory<float> NewNumbers(int length) => new float[length];

    /// <summary>Reads all rows once, and returns how many can be used.</summary>
    private long Scan(IDataView data, string name, Action<string> warn, Func<int, Memory<float>> roomFor, Action<TrainingSequence> take)
    {
        var tally = new RowTally(name, input, rowsAhead);
        long taken = 0;
        SequenceSet layout = NewSet();
        LongestSequence = 0;
        foreach (TrainingSequence? sequence in Rows(data, tally, roomFor))
        {
            host.CheckAlive();
            cancellation.ThrowIfCancellationRequested();
            if (sequence is null)
                continue;
            take(sequence);
            taken++;
            LongestSequence = Math.Max(LongestSequence, layout.LengthOf(sequence));
        }
        if (taken == 0)
            throw host.Process(new InvalidOperationException(tally.DescribeNoUsableRow()));
        tally.ForgetEnd();
        if (tally.BadRows > 0)
            warn(tally.DescribeSkipped());
        if (tally.CutRows > 0)
            warn($"Cut {tally.CutRows} of the {taken} sequences of the {name} after {maximumLength} steps (MaximumSequenceLength).");
        return taken;
    }

    /// <summary>Reads all rows, or of all ranks' the own share; null stands for a row that does not count.</summary>
    private IEnumerable<TrainingSequence?> Rows(IDataView data, RowTally tally, Func<int, Memory<float>> roomFor,
        Communicator? share = null)
    {
        DataViewSchema schema = data.Schema;
        DataViewSchema.Column[] columns = input.Find(host, schema);
        DataViewSchema.Column? labelColumn = label.Find(host, schema);
        DataViewSchema.Column? weightColumn = weightColumnName is null ? null : ColumnRole.Weight.Find(host, schema, weightColumnName);
        IEnumerable<DataViewSchema.Column> others = new[] { labelColumn, weightColumn }.OfType<DataViewSchema.Column>();
        using DataViewRowCursor cursor = data.GetRowCursor([.. columns, .. others]);
        var sequence = new SequenceRowReader(cursor, input, columns);
        var labels = LabelReader.Create(cursor, label, labelColumn);
        NumberReader? weights = weightColumn is null ? null : new NumberReader(cursor, weightColumn.Value);
        while (cursor.MoveNext())
        {
            if (share is not null && cursor.Position % share.Size != share.Rank)
                continue;
            float weight = ReadWeight(weights);
            // What has no weight is not looked at.
            RowFault fault = weight == 0 ? RowFault.None : ReadRow(sequence, labels, weight);
            if (fault != RowFault.None && badRows == BadRowHandling.Throw)
                throw host.Process(new InvalidOperationException(tally.Describe(cursor.Position, fault)));
            bool counts = fault == RowFault.None && weight != 0;
            bool isCut = counts && sequence.Steps > maximumLength;
            tally.Add(fault, weight, isCut);
            yield return counts ? Copy(sequence, labels, weight, isCut ? maximumLength!.Value : sequence.Steps, roomFor) : null;
        }
    }

    private static float ReadWeight(NumberReader? reader)
    {
        float weight = 1;
        reader?.Read();
        reader?.CopyTo(new Span<float>(ref weight));
        return weight;
    }

    private static RowFault ReadRow(SequenceRowReader sequence, LabelReader labels, float weight)
    {
        RowFault fault = sequence.Read();
        if (fault == RowFault.None)
            fault = labels.Read(sequence.Steps);
        if (fault != RowFault.None)
            return fault;
        return weight >= 0 && float.IsFinite(weight) ? RowFault.None : RowFault.BadWeight;
    }

    private TrainingSequence Copy(SequenceRowReader sequence, LabelReader labels, float weight, int steps,
        Func<int, Memory<float>> roomFor)
    {
        Memory<float> features = roomFor(steps * input.FeatureSize);
        int[] tokens = NewArray<int>(sequence.Steps * input.TokenColumns);
        float[] statics = NewArray<float>(input.StaticSize);
        if (steps == sequence.Steps)
        {
            sequence.CopyFeatures(features.Span);
        }
        else
        {
            float[] whole = new float[sequence.Steps * input.FeatureSize];
            sequence.CopyFeatures(whole);
            whole.AsMemory(0, features.Length).CopyTo(features);
        }
        sequence.CopyTokens(tokens, _spellings);
        sequence.CopyStatics(statics);
        // Without effect on a sequence that is not cut.
        Array.Resize(ref tokens, steps * input.TokenColumns);
        return new TrainingSequence
        {
            Features = features,
            Tokens = tokens,
            Statics = statics,
            Targets = labels.Targets(steps),
            Labels = labels.Labels(steps),
            IsCut = steps < sequence.Steps,
            Weight = weight,
        };
    }

    // All that are empty are one.
    private static T[] NewArray<T>(int length) => length == 0 ? [] : new T[length];
}
