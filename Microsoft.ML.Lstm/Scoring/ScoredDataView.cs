namespace Microsoft.ML.Lstm.Scoring;

/// <summary>An input with the network's columns behind its own. Nothing is computed before a cursor is asked for it.</summary>
/// <remarks>
/// Two cursors over the input go through it in step, one of them ahead. Cursors that shuffle need not agree on an order, so
/// there is no shuffling here (a view that already is shuffled gives the same order to both); and cursor sets need not agree
/// on who gets which rows, so a set has one cursor, whose batches use all processors.
/// </remarks>
internal sealed class ScoredDataView(ScoringBindings bindings, IDataView input) : IDataView
{
    public DataViewSchema Schema => bindings.OutputSchema;

    public bool CanShuffle => false;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded];
        DataViewRowCursor source = input.GetRowCursor(bindings.PassedOn(active));
        return bindings.NeedNetwork(active)
            ? new ScoringCursor(bindings, source, input.GetRowCursor(bindings.SourceColumns), active)
            : new RelabeledCursor(bindings, source);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded];
        if (bindings.NeedNetwork(active))
            return [GetRowCursor(active)];
        return Array.ConvertAll(input.GetRowCursorSet(bindings.PassedOn(active), n), DataViewRowCursor (source) => new RelabeledCursor(bindings, source));
    }
}
