using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>The base of transformers that add a column whose value is made of other columns of the same row.</summary>
public abstract class RowMappingTransformer : ITransformer
{
    private protected RowMappingTransformer(IHost host) => Host = host;

    private protected IHost Host { get; }

    /// <summary>Why the column can't be in an ONNX model.</summary>
    private protected abstract string OnnxReason { get; }

    /// <summary>The column that is added.</summary>
    public abstract string OutputColumnName { get; }

    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>The columns of the output.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns><paramref name="inputSchema"/> with <see cref="OutputColumnName"/> behind it.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column to read is missing, or of the wrong type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => BindChecked(inputSchema).OutputSchema;

    /// <summary>Adds the column. Its values are made when the result is read.</summary>
    /// <param name="input">The data.</param>
    /// <returns>The columns of <paramref name="input"/> and, behind them, <see cref="OutputColumnName"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column to read is missing, or of the wrong type.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        MappedColumn column = Bind(input.Schema);
        WarnOf(input.Schema);
        return column.AddTo(input, this, OnnxReason);
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        MappedColumn column = BindChecked(inputSchema);
        WarnOf(inputSchema);
        return column.ToRowMapper();
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx);

    private protected abstract void Save(ModelSaveContext ctx);

    /// <summary>Warns of columns that can be read, but may not be what was meant.</summary>
    private protected virtual void WarnOf(DataViewSchema inputSchema)
    {
    }

    /// <summary>The column, bound to those of an input.</summary>
    private protected abstract MappedColumn Bind(DataViewSchema inputSchema);

    private MappedColumn BindChecked(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return Bind(inputSchema);
    }

    /// <summary>
    /// A column whose value in a row is made of the values of other columns in the same row, bound to the columns of an input.
    /// </summary>
    /// <param name="host">The transformer's host.</param>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <param name="sources">The columns that it is made of.</param>
    /// <param name="column">The column.</param>
    /// <param name="createGetter">Makes the <see cref="ValueGetter{TValue}"/> of the column, given a row of the input.</param>
    private protected sealed class MappedColumn(IHost host, DataViewSchema inputSchema, DataViewSchema.Column[] sources,
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
}
