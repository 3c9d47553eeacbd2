using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A column that a transformer adds: what it is, the input columns it is made from, and how it is read from a row of them.</summary>
internal sealed record AddedColumn(DataViewSchema.DetachedColumn Column, int[] Sources, Func<DataViewRow, Delegate> MakeGetter);

/// <summary>A transformer that adds columns, each made from columns of the same row.</summary>
public abstract class RowToRowTransformerBase : ITransformer
{
    private protected readonly IHost Host;

    private protected RowToRowTransformerBase(IHost host) => Host = host;

    bool ITransformer.IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => MakeMapper(inputSchema).OutputSchema;

    public IDataView Transform(IDataView input)
    {
        Host.CheckValue(input, nameof(input));
        return new MappedDataView(input, MakeMapper(input.Schema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => MakeMapper(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => SaveModel(ctx);

    private protected abstract void SaveModel(ModelSaveContext ctx);

    private protected abstract AddedColumn[] AddColumns(DataViewSchema input);

    private ColumnMapper MakeMapper(DataViewSchema inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return new(inputSchema, AddColumns(inputSchema));
    }
}

/// <summary>The input's columns, followed by the added ones.</summary>
internal sealed class ColumnMapper : IRowToRowMapper
{
    private readonly AddedColumn[] _added;

    public ColumnMapper(DataViewSchema input, AddedColumn[] added)
    {
        _added = added;
        InputSchema = input;
        OutputSchema = SchemaExtensions.MakeSchema(input.Select(c => new DataViewSchema.DetachedColumn(c)).Concat(added.Select(a => a.Column)));
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        bool[] active = RowGetters.Active(OutputSchema, dependingColumns);
        IEnumerable<int> sources = _added.Where((_, i) => active[InputSchema.Count + i]).SelectMany(a => a.Sources);
        return InputSchema.Where(c => active[c.Index]).Select(c => c.Index).Union(sources).Order().Select(i => InputSchema[i]).ToArray();
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) =>
        new Row(this, input, RowGetters.Active(OutputSchema, activeColumns));

    public DataViewRowCursor GetCursor(DataViewRowCursor input, IEnumerable<DataViewSchema.Column> activeColumns) =>
        new Cursor(this, input, RowGetters.Active(OutputSchema, activeColumns));

    private ValueGetter<TValue> GetGetter<TValue>(DataViewRow input, bool[] active, Delegate[] getters, DataViewSchema.Column column)
    {
        if (column.Index < InputSchema.Count)
        {
            Contracts.CheckParam(active[column.Index], nameof(column), "requested column not active.");
            return input.GetGetter<TValue>(InputSchema[column.Index]);
        }
        int added = column.Index - InputSchema.Count;
        return RowGetters.Checked<TValue>(column, active[column.Index] ? getters[added] ??= _added[added].MakeGetter(input) : null);
    }

    private sealed class Row(ColumnMapper mapper, DataViewRow input, bool[] active) : DataViewRow
    {
        private readonly Delegate[] _getters = new Delegate[mapper._added.Length];

        public override DataViewSchema Schema => mapper.OutputSchema;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => mapper.GetGetter<TValue>(input, active, _getters, column);

        protected override void Dispose(bool disposing) => input.Dispose();
    }

    private sealed class Cursor(ColumnMapper mapper, DataViewRowCursor input, bool[] active) : DataViewRowCursor
    {
        private readonly Delegate[] _getters = new Delegate[mapper._added.Length];

        public override DataViewSchema Schema => mapper.OutputSchema;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => mapper.GetGetter<TValue>(input, active, _getters, column);

        public override bool MoveNext() => input.MoveNext();

        protected override void Dispose(bool disposing) => input.Dispose();
    }
}

internal sealed class MappedDataView(IDataView input, ColumnMapper mapper) : IDataView
{
    public bool CanShuffle => input.CanShuffle;

    public DataViewSchema Schema => mapper.OutputSchema;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] needed = columnsNeeded.ToArray();
        return mapper.GetCursor(input.GetRowCursor(mapper.GetDependencies(needed), rand), needed);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
