using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;


namespace Microsoft.ML.Lstm.Sequences;

/// <summary>An input with the network's columns behind its own. Nothing is computed before a cursor is asked for it.</summary>
/// <remarks>
/// Each cursor has one cursor over the input. Rows are scored each by itself, so they may come in any order and be shared out among cursors
/// as the input does it.
/// </remarks>
internal sealed class ScoredDataView(ScoringBindings bindings, ITransformer transformer, IDataView input)
    : TransformedView(bindings.Host, transformer, input)
{
    public override DataViewSchema Schema => bindings.OutputSchema;

    public override bool CanShuffle => Source.CanShuffle;

    public override long? GetRowCount() => Source.GetRowCount();

    public override DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded];
        return Wrap(Source.GetRowCursor(bindings.Dependencies(active), rand), active, Environment.ProcessorCount);
    }

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded];
        DataViewRowCursor[] sources = Source.GetRowCursorSet(bindings.Dependencies(active), n, rand);
        return Array.ConvertAll(sources, source => Wrap(source, active, Math.Max(1, Environment.ProcessorCount / sources.Length)));
    }

    private DataViewRowCursor Wrap(DataViewRowCursor source, DataViewSchema.Column[] active, int threads)
        => bindings.NeedNetwork(active)
            ? new ScoringCursor(bindings, source, Source.GetRowCount() is not null, active, threads)
            : new RelabeledCursor(bindings, source);
}
