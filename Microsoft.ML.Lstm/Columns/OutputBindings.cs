namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// The columns that a transformer adds to an input: the output has the columns of the input at the same indices, and behind them the
/// transformer's own.
/// </summary>
internal class OutputBindings
{
    private readonly IReadOnlyList<OutputColumn> _outputs;

    public OutputBindings(DataViewSchema inputSchema, IReadOnlyList<OutputColumn> outputs, IEnumerable<DataViewSchema.Column> sources)
    {
        _outputs = outputs;
        InputSchema = inputSchema;
        SourceColumns = [.. sources];

        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        foreach (OutputColumn output in outputs)
            builder.AddColumn(output.Name, output.Type, output.Annotate(inputSchema));
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>The columns of the input that the transformer's own are made of.</summary>
    public DataViewSchema.Column[] SourceColumns { get; }

    /// <summary>Whether any of these columns of the output is the transformer's own.</summary>
    public bool NeedNetwork(IEnumerable<DataViewSchema.Column> outputColumns)
        => outputColumns.Any(column => column.Index >= InputSchema.Count);

    /// <summary>The columns of the input that are passed on as these columns of the output.</summary>
    public IEnumerable<DataViewSchema.Column> PassedOn(IEnumerable<DataViewSchema.Column> outputColumns)
        => outputColumns.Where(column => column.Index < InputSchema.Count).Select(column => InputSchema[column.Index]);

    /// <summary>
    /// The columns of the input that these columns of the output need: those passed on, and the sources if any is the transformer's own.
    /// </summary>
    public IEnumerable<DataViewSchema.Column> Dependencies(IEnumerable<DataViewSchema.Column> outputColumns)
    {
        DataViewSchema.Column[] needed = [.. outputColumns];
        IEnumerable<DataViewSchema.Column> passedOn = PassedOn(needed);
        return NeedNetwork(needed) ? passedOn.Concat(SourceColumns).DistinctBy(column => column.Index) : passedOn;
    }

    /// <summary>Getters for those of these columns that are the transformer's own, at the columns' indices.</summary>
    public Delegate?[] CreateGetters(IEnumerable<DataViewSchema.Column> outputColumns, ScoredRow row)
    {
        var getters = new Delegate?[OutputSchema.Count];
        foreach (DataViewSchema.Column column in outputColumns)
        {
            if (column.Index >= InputSchema.Count)
                getters[column.Index] = _outputs[column.Index - InputSchema.Count].CreateGetter(row);
        }
        return getters;
    }
}
