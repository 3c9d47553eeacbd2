using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A data view over objects, which are enumerated anew by every cursor.</summary>
internal sealed class EnumerableDataView<TRow> : IDataView
    where TRow : class
{
    private readonly IEnumerable<TRow> _rows;
    private readonly SchemaDefinition _definition;

    public EnumerableDataView(IEnumerable<TRow> rows, SchemaDefinition definition)
    {
        _rows = rows;
        _definition = definition;
        Schema = ObjectReader.Schema(definition);
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => (_rows as ICollection<TRow>)?.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(this, RowGetters.Active(Schema, columnsNeeded));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(EnumerableDataView<TRow> view, bool[] active) : SourceCursor(view.Schema, active)
    {
        private readonly IEnumerator<TRow> _rows = view._rows.GetEnumerator();
        private TRow _current;

        protected override bool MoveNextCore()
        {
            bool moved = _rows.MoveNext();
            _current = moved ? _rows.Current : null;
            return !moved || _current is not null ? moved
                : throw Contracts.Except("Encountered null when iterating over data, this is not supported.");
        }

        protected override Delegate MakeGetter(DataViewSchema.Column column) =>
            ObjectReader.MakeGetter(view._definition[column.Index], () => _current);

        protected override void Dispose(bool disposing) => _rows.Dispose();
    }
}

/// <summary>The object that a prediction engine was last given, as a row.</summary>
internal sealed class ObjectRow<TRow>(SchemaDefinition definition) : DataViewRow
{
    private readonly Delegate[] _getters = new Delegate[definition.Count];

    private TRow _current;
    private long _position = -1;

    public override DataViewSchema Schema { get; } = ObjectReader.Schema(definition);

    /// <summary>One further with each object, so that mappers which keep a row's results know a new row.</summary>
    public override long Position => _position;

    public override long Batch => 0;

    public void Show(TRow row)
    {
        _current = row;
        _position++;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => true;

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        RowGetters.Checked<TValue>(column, _getters[column.Index] ??= ObjectReader.MakeGetter(definition[column.Index], () => _current));

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new((ulong)_position, 0);
}
