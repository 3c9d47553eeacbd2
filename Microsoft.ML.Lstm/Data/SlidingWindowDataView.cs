namespace Microsoft.ML.Lstm.Data;

/// <summary>The rows of an input with the windows that end there. Nothing is computed before a cursor is asked for it.</summary>
/// <remarks>The order of the rows is the series, so there is no shuffling, and a cursor set has one cursor.</remarks>
internal sealed class SlidingWindowDataView(SlidingWindowBindings bindings, IDataView input) : IDataView
{
    public DataViewSchema Schema => bindings.OutputSchema;

    public bool CanShuffle => false;

    public long? GetRowCount() => input.GetRowCount() is { } count ? Math.Max(0, count - bindings.RowsDropped) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        return new SlidingWindowCursor(bindings, input, [.. columnsNeeded]);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded)];
}
