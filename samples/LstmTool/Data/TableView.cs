using Microsoft.ML;
using Microsoft.ML.Data;

namespace LstmTool.Data;

/// <summary>Rows of a <see cref="Table"/> for ML.NET, without a copy.</summary>
internal sealed class TableView : IDataView
{
    private readonly Table _table;
    private readonly int[] _rows;

    public TableView(Table table, int[] rows)
    {
        (_table, _rows) = (table, rows);
        var builder = new DataViewSchema.Builder();
        foreach (TableColumn column in table.Columns)
            builder.AddColumn(column.Name, column.Type);
        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => false;

    public long? GetRowCount() => _rows.Length;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        => new Cursor(this, [.. columnsNeeded.Select(column => column.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(TableView view, HashSet<int> active) : DataViewRowCursor
    {
        private long _position = -1;

        public override long Position => _position;

        public override long Batch => 0;

        public override DataViewSchema Schema => view.Schema;

        private int Row => view._rows[_position];

        public override bool MoveNext()
        {
            if (_position < view._rows.Length)
                _position++;
            if (_position < view._rows.Length)
                return true;
            _position = view._rows.Length;
            return false;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)Row, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new InvalidOperationException($"The column '{column.Name}' was not asked for.");
            Delegate getter = view._table.Columns[column.Index].Values switch
            {
                float[] numbers => (ValueGetter<float>)((ref float value) => value = numbers[Row]),
                DateTime[] times => (ValueGetter<DateTime>)((ref DateTime value) => value = times[Row]),
                string[] texts => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = texts[Row].AsMemory()),
                float[][] lists => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(lists[Row], ref value)),
                string[][] lists => (ValueGetter<VBuffer<ReadOnlyMemory<char>>>)((ref VBuffer<ReadOnlyMemory<char>> value) =>
                    Copy(Array.ConvertAll(lists[Row], text => text.AsMemory()), ref value)),
                _ => throw new InvalidOperationException($"The column '{column.Name}' is of no known kind."),
            };
            return getter as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"The column '{column.Name}' is {column.Type}, not {typeof(TValue).Name}.");
        }

        private static void Copy<T>(T[] source, ref VBuffer<T> target)
        {
            var editor = VBufferEditor.Create(ref target, source.Length);
            source.CopyTo(editor.Values);
            target = editor.Commit();
        }
    }
}
