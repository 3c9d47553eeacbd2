using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// A transformer bound to the columns of an input: the output has the input's columns at the same indices, and behind them the
/// transformer's own.
/// </summary>
internal abstract class OutputBindings
{
    /// <param name="host">The transformer's host.</param>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <param name="own">The transformer's own columns.</param>
    protected OutputBindings(IHost host, DataViewSchema inputSchema, IEnumerable<DataViewSchema.DetachedColumn> own)
    {
        Host = host;
        InputSchema = inputSchema;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        builder.AddColumns(own);
        OutputSchema = builder.ToSchema();
    }

    public IHost Host { get; }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>Whether a column of the output is the transformer's own, rather than one of the input.</summary>
    public bool IsOwn(DataViewSchema.Column outputColumn) => outputColumn.Index >= InputSchema.Count;

    /// <summary>
    /// The columns of the input that columns of the output need: first the columns that pass through from the input, then the sources of
    /// the transformer's own columns.
    /// </summary>
    public IEnumerable<DataViewSchema.Column> Dependencies(IEnumerable<DataViewSchema.Column> outputColumns)
        => outputColumns.OrderBy(IsOwn)
            .SelectMany(column => IsOwn(column) ? SourcesOf(column) : [InputSchema[column.Index]])
            .DistinctBy(column => column.Index);

    /// <summary>The columns of the input that one of the transformer's own columns is computed from.</summary>
    protected abstract IEnumerable<DataViewSchema.Column> SourcesOf(DataViewSchema.Column ownColumn);
}
