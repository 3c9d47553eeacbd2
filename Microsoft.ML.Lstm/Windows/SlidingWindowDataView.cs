using Microsoft.ML.Lstm.MlNet;


namespace Microsoft.ML.Lstm.Windows;

/// <summary>
/// The rows of an input with the windows that end there. Nothing is computed before a cursor is asked for it, and each cursor has one
/// cursor over the input.
/// </summary>
/// <remarks>The order of the rows is the series, so there is no shuffling, and a cursor set has one cursor.</remarks>
internal sealed class SlidingWindowDataView(SlidingWindowBindings bindings, SlidingWindowTransformer transformer, IDataView input)
    : TransformedView(bindings.Host, transformer, input)
{
    public override DataViewSchema Schema => bindings.OutputSchema;

    public override bool CanShuffle => false;

    public override long? GetRowCount() => Source.GetRowCount() is { } count ? Math.Max(0, count - bindings.RowsDropped) : null;

    public override DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        return new SlidingWindowCursor(bindings, Source, [.. columnsNeeded]);
    }

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded)];
}
