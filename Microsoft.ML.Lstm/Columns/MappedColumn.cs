using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// A column whose value in a row is made of the values of other columns in the same row, bound to the columns of an input.
/// </summary>
/// <param name="host">The transformer's host.</param>
/// <param name="inputSchema">The columns of the input.</param>
/// <param name="sources">The columns that it is made of.</param>
/// <param name="column">The column.</param>
/// <param name="createGetter">Makes the <see cref="ValueGetter{TValue}"/> of the column, given a row of the input.</param>
internal sealed class MappedColumn(IHost host, DataViewSchema inputSchema, DataViewSchema.Column[] sources,
    DataViewSchema.DetachedColumn column, Func<DataViewRow, Delegate> createGetter) : OutputBindings(host, inputSchema, [column])
{
    /// <summary>A view of <paramref name="input"/> with the column.</summary>
    public IDataView AddTo(IDataView input, ITransformer transformer, string onnxReason)
        => new MappedDataView(this, transformer, input, onnxReason);

    /// <summary>What adds the column to single rows.</summary>
    public IRowToRowMapper ToRowMapper() => new OutputRowMapper(this, input => _ => createGetter(input));

    protected override IEnumerable<DataViewSchema.Column> SourcesOf(DataViewSchema.Column ownColumn) => sources;

    private OutputRow RowOf(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
        => new(this, input, activeColumns, _ => createGetter(input));

    private sealed class MappedDataView(MappedColumn bindings, ITransformer transformer, IDataView source, string onnxReason)
        : OutputDataView(bindings, transformer, source, keepsOrder: false)
    {
        protected override DataViewRowCursor CreateCursor(DataViewRowCursor input, DataViewSchema.Column[] inputColumns,
            DataViewSchema.Column[] activeColumns, int threads) => new Cursor(input, bindings.RowOf(input, activeColumns));

        protected override void WriteTo(Model.OnnxConverter.OnnxContext context) => LeaveOut(context, onnxReason);
    }

    private sealed class Cursor(DataViewRowCursor source, OutputRow row) : OutputCursor(source)
    {
        protected override OutputRow Row { get; } = row;
    }
}
