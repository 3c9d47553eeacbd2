using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;

/// <summary>Reads the labels that a row has in one column, keys or texts, as texts.</summary>
internal abstract class StepTextReader
{
    /// <summary>What stands for a missing key or an empty text among right labels of sequences that are compared.</summary>
    public const string UnseenLabel = "\0label";

    /// <summary>
    /// What stands for one among predicted labels: another, since what training did not see is right nowhere.
    /// </summary>
    public const string UnseenPrediction = "\0prediction";

    /// <summary>A reader of a column.</summary>
    /// <param name="row">The row, or a cursor over rows.</param>
    /// <param name="column">The column.</param>
    /// <param name="names">The names of the column's keys; null for a column of texts.</param>
    /// <param name="missing">The name of the missing key; null to read it as a missing label.</param>
    public static StepTextReader Create(DataViewRow row, DataViewSchema.Column column, LabelNames? names, string? missing)
        => names is null ? new Texts(row, column) : new Keys(row, column, names, names.AreNumbers ? null : missing);

    /// <summary>The labels of the steps of the current row; null for a step without a label.</summary>
    public abstract string?[] Read();

    /// <summary>The labels of the current row, with <paramref name="unseen"/> in place of missing ones.</summary>
    public string[] Read(string unseen) => Array.ConvertAll(Read(), label => label ?? unseen);

    private sealed class Keys(DataViewRow row, DataViewSchema.Column column, LabelNames names, string? missing) : StepTextReader
    {
        private readonly TokenReader _reader = TokenReader.Create(row, column);

        public override string?[] Read()
        {
            _reader.Read();
            int[] keys = new int[_reader.Length];
            _reader.CopyTo(keys);
            return Array.ConvertAll(keys, key => key == 0 ? missing : names[key]);
        }
    }

    private sealed class Texts(DataViewRow row, DataViewSchema.Column column) : StepTextReader
    {
        private readonly ValueGetter<VBuffer<ReadOnlyMemory<char>>> _get = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        private VBuffer<ReadOnlyMemory<char>> _texts;

        public override string?[] Read()
        {
            _get(ref _texts);
            return [.. _texts.DenseValues().Select(text => text.IsEmpty ? null : text.ToString())];
        }
    }
}
