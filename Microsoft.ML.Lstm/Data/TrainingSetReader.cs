using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Data;

/// <summary>Brings the rows of a data view into memory as sequences with labels.</summary>
/// <param name="input">Where the sequences are.</param>
/// <param name="label">Where the labels are.</param>
/// <param name="weightColumnName">The column of weights; null for rows that all count the same.</param>
/// <param name="maximumLength">Steps after which sequences are cut; null for no limit.</param>
/// <param name="badRows">What to do with rows that can't be used.</param>
/// <param name="host">Is asked now and then whether to go on.</param>
/// <param name="cancellation">As well.</param>
internal sealed class TrainingSetReader(SequenceInput input, LabelColumn label, string? weightColumnName, int? maximumLength, BadRowHandling badRows,
    IHost host, CancellationToken cancellation)
{
    // Asking is cheap, but not as cheap as reading a short row.
    private const int RowsPerCancellationCheck = 256;

    /// <summary>Reads all rows once.</summary>
    /// <param name="data">The data view; its columns must already be known to fit.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="warn">Receives one warning about rows that were skipped, and one about sequences that were cut.</param>
    public SequenceSet Read(IDataView data, string name, Action<string> warn)
    {
        DataViewSchema schema = data.Schema;
        DataViewSchema.Column[] columns = input.Find(host, schema);
        DataViewSchema.Column labelColumn = label.Find(host, schema);
        DataViewSchema.Column? weightColumn = weightColumnName is null ? null : ColumnRole.Weight.Find(host, schema, weightColumnName);

        var set = new SequenceSet(input.FeatureSize, input.StaticSize, label.TargetSize, input.Vocabularies);
        var tally = new RowTally(name, input);
        long cut = 0;
        using DataViewRowCursor cursor = data.GetRowCursor(weightColumn is null ? [.. columns, labelColumn] : [.. columns, labelColumn, weightColumn.Value]);
        var sequence = new SequenceRowReader(cursor, input, columns);
        var labels = LabelReader.Create(cursor, label, labelColumn);
        NumberReader? weights = weightColumn is null ? null : new NumberReader(cursor, weightColumn.Value);
        while (cursor.MoveNext())
        {
            if (tally.Rows % RowsPerCancellationCheck == 0)
            {
                host.ThrowIfCanceled();
                cancellation.ThrowIfCancellationRequested();
            }

            float weight = ReadWeight(weights);
            RowFault fault = ReadRow(sequence, labels, weight);
            if (fault != RowFault.None && badRows == BadRowHandling.Throw)
                throw host.Process(new InvalidOperationException(tally.Describe(cursor.Position, fault)));
            tally.Add(fault, weight);
            if (fault != RowFault.None || weight == 0)
                continue;
            cut += sequence.Steps > maximumLength ? 1 : 0;
            set.Add(Copy(sequence, labels, weight, Math.Min(sequence.Steps, maximumLength ?? int.MaxValue)));
        }

        if (set.Count == 0)
            throw host.Process(new InvalidOperationException(tally.DescribeNoUsableRow()));
        if (tally.BadRows > 0)
            warn(tally.DescribeSkipped());
        if (cut > 0)
            warn($"Cut {cut} of the {set.Count} sequences of the {name} after {maximumLength} steps (MaximumSequenceLength).");
        return set;
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

    private TrainingSequence Copy(SequenceRowReader sequence, LabelReader labels, float weight, int steps)
    {
        float[] features = new float[sequence.Steps * input.FeatureSize];
        int[] tokens = new int[sequence.Steps * input.Vocabularies.Length];
        float[] statics = new float[input.StaticSize];
        sequence.CopyFeatures(features);
        sequence.CopyTokens(tokens);
        sequence.CopyStatics(statics);
        return new TrainingSequence
        {
            Features = features[..(steps * input.FeatureSize)],
            Tokens = tokens[..(steps * input.Vocabularies.Length)],
            Statics = statics,
            Targets = labels.Targets(),
            Labels = labels.Labels(steps),
            Weight = weight,
        };
    }
}
