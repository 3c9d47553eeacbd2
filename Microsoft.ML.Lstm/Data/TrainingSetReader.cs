using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Data;

/// <summary>Brings the rows of a data view into memory as sequences with numbers for labels.</summary>
/// <param name="input">Where the sequences are.</param>
/// <param name="labelColumn">The column of labels.</param>
/// <param name="labelSize">Numbers of a label.</param>
/// <param name="weightColumn">The column of weights; null for rows that all count the same.</param>
/// <param name="badRows">What to do with rows that can't be used.</param>
/// <param name="host">Is asked now and then whether to go on.</param>
/// <param name="cancellation">As well.</param>
internal sealed class TrainingSetReader(SequenceInput input, string labelColumn, int labelSize, string? weightColumn, BadRowHandling badRows,
    IHost host, CancellationToken cancellation)
{
    // Asking is cheap, but not as cheap as reading a short row.
    private const int RowsPerCancellationCheck = 256;

    /// <summary>Reads all rows once.</summary>
    /// <param name="data">The data view; its columns must already be known to fit.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="warn">Receives the one warning about rows that were skipped.</param>
    public SequenceSet Read(IDataView data, string name, Action<string> warn)
    {
        DataViewSchema schema = data.Schema;
        DataViewSchema.Column[] columns = input.Find(host, schema);
        DataViewSchema.Column label = ColumnRole.RegressionLabel.Find(host, schema, labelColumn);
        if (NumberReader.SizeOf(label.Type) != labelSize)
            throw ColumnRole.RegressionLabel.DimensionMismatch(host, label, $"{labelSize} values");
        DataViewSchema.Column? weight = weightColumn is null ? null : ColumnRole.Weight.Find(host, schema, weightColumn);

        var set = new SequenceSet(input.FeaturesPerStep, input.StaticSize, labelSize);
        var tally = new RowTally(name, input.FeaturesPerStep);
        float[] steps = [];
        float[] statics = new float[input.StaticSize];
        float[] targets = new float[labelSize];
        float[] weights = [1f];

        using DataViewRowCursor cursor = data.GetRowCursor(weight is null ? [.. columns, label] : [.. columns, label, weight.Value]);
        var sequence = new SequenceRowReader(cursor, input, columns);
        var labels = new NumberReader(cursor, label);
        NumberReader? weightReader = weight is null ? null : new NumberReader(cursor, weight.Value);
        while (cursor.MoveNext())
        {
            if (tally.Rows % RowsPerCancellationCheck == 0)
            {
                host.ThrowIfCanceled();
                cancellation.ThrowIfCancellationRequested();
            }

            weightReader?.Read();
            weightReader?.CopyTo(weights);
            float rowWeight = weights[0];
            RowFault fault = ReadRow(sequence, labels, rowWeight);
            if (fault != RowFault.None && badRows == BadRowHandling.Throw)
                throw host.Process(new InvalidOperationException(tally.Describe(cursor.Position, fault)));
            tally.Add(fault, rowWeight);
            if (fault != RowFault.None || rowWeight == 0)
                continue;

            int length = sequence.Steps * input.FeaturesPerStep;
            if (steps.Length < length)
                steps = new float[Math.Max(length, 2 * steps.Length)];
            sequence.CopySteps(steps);
            sequence.CopyStatics(statics);
            labels.CopyTo(targets);
            set.Add(steps.AsSpan(0, length), statics, targets, rowWeight);
        }

        if (set.Count == 0)
            throw host.Process(new InvalidOperationException(tally.DescribeNoUsableRow()));
        if (tally.BadRows > 0)
            warn(tally.DescribeSkipped());
        return set;
    }

    private RowFault ReadRow(SequenceRowReader sequence, NumberReader labels, float weight)
    {
        labels.Read();
        RowFault fault = sequence.Read();
        if (fault != RowFault.None)
            return fault;
        if (labels.Length != labelSize || !labels.IsFinite)
            return RowFault.MissingLabel;
        return weight >= 0 && float.IsFinite(weight) ? RowFault.None : RowFault.BadWeight;
    }
}
