using System.Runtime.CompilerServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Copies of rows of a cursor, each in a slot: the values of some columns, and the rows' positions, batches and ids.</summary>
/// <remarks>Slots keep their buffers: once these are long enough, rows come and go without allocation.</remarks>
internal sealed class RowStore
{
    private readonly DataViewRow _source;
    private readonly StoredColumn?[] _columns;
    private readonly StoredColumn[] _copied;
    private readonly ValueGetter<DataViewRowId> _getId;
    private (long Position, long Batch, DataViewRowId Id)[] _rows;

    /// <param name="source">The cursor.</param>
    /// <param name="columns">The columns to copy, active in the cursor and all of types that <see cref="CanStore"/>.</param>
    /// <param name="slots">How many rows the store has room for.</param>
    public RowStore(DataViewRow source, IEnumerable<DataViewSchema.Column> columns, int slots)
    {
        _source = source;
        _columns = new StoredColumn?[source.Schema.Count];
        foreach (DataViewSchema.Column column in columns)
            _columns[column.Index] = StoredColumn.Create(source, column, slots);
        _copied = [.. _columns.OfType<StoredColumn>()];
        _getId = source.GetIdGetter();
        _rows = new (long, long, DataViewRowId)[slots];
    }

    public int Slots => _rows.Length;

    /// <summary>
    /// Whether values of a type can outlive their row. ML.NET's own shuffling and caching keep the same types; others, images and custom
    /// types, may refer to something that changes.
    /// </summary>
    public static bool CanStore(DataViewType type) => type is PrimitiveDataViewType or VectorDataViewType;

    /// <summary>Copies the row that the source is at, each value once.</summary>
    /// <param name="slot">The slot that receives the copy.</param>
    /// <param name="number">The row's number; no two rows that are copied to the same slot share a number.</param>
    /// <returns>How many bytes the row's vectors have.</returns>
    public long Copy(int slot, long number)
    {
        long bytes = 0;
        foreach (StoredColumn column in _copied)
            bytes += column.Copy(slot, number);
        ref var row = ref _rows[slot];
        (row.Position, row.Batch) = (_source.Position, _source.Batch);
        _getId(ref row.Id);
        return bytes;
    }

    /// <summary>Copies one value of the row that the source is at, unless it is copied already.</summary>
    public void CopyValue(int column, int slot, long number) => _columns[column]!.Copy(slot, number);

    /// <summary>Makes room for more rows.</summary>
    public void Grow(int slots)
    {
        Array.Resize(ref _rows, slots);
        foreach (StoredColumn column in _copied)
            column.Grow(slots);
    }

    /// <summary>A row that stands at slot 0, to be moved by its <see cref="Row.Slot"/>.</summary>
    public Row CreateRow() => new(this);

    /// <summary>A copied row.</summary>
    public sealed class Row(RowStore store) : DataViewRow
    {
        public int Slot { get; set; }

        public override DataViewSchema Schema => store._source.Schema;

        public override long Position => store._rows[Slot].Position;

        public override long Batch => store._rows[Slot].Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = store._rows[Slot].Id;

        public override bool IsColumnActive(DataViewSchema.Column column) => store._columns[column.Index] is not null;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (store._columns[column.Index] is not { } stored)
                throw new ArgumentOutOfRangeException(nameof(column), $"Column '{column.Name}' is not active.");
            return stored.CreateGetter(this) as ValueGetter<TValue> ?? throw WrongType<TValue>(column);
        }
    }

    /// <summary>The error for a getter of another type than its column's, in ML.NET's words.</summary>
    public static InvalidOperationException WrongType<TValue>(DataViewSchema.Column column)
        => new($"Invalid TValue in GetGetter: '{typeof(TValue)}', expected type: '{column.Type.RawType}'.");

    private abstract class StoredColumn(int slots)
    {
        private long[] _numbers = NewNumbers(slots, before: []);

        public static StoredColumn Create(DataViewRow source, DataViewSchema.Column column, int slots)
        {
            Type type = column.Type is VectorDataViewType vector
                ? typeof(Vectors<>).MakeGenericType(vector.ItemType.RawType)
                : typeof(Scalars<>).MakeGenericType(column.Type.RawType);
            return (StoredColumn)Activator.CreateInstance(type, source, column, slots)!;
        }

        public abstract Delegate CreateGetter(Row row);

        public long Copy(int slot, long number)
        {
            if (_numbers[slot] != number)
                Fetch(slot);
            _numbers[slot] = number;
            return Bytes(slot);
        }

        public virtual void Grow(int slots) => _numbers = NewNumbers(slots, _numbers);

        protected abstract void Fetch(int slot);

        protected abstract long Bytes(int slot);

        private static long[] NewNumbers(int slots, long[] before)
        {
            long[] numbers = new long[slots];
            Array.Fill(numbers, -1);
            before.CopyTo(numbers, 0);
            return numbers;
        }
    }

    private sealed class Scalars<T>(DataViewRow source, DataViewSchema.Column column, int slots) : StoredColumn(slots)
    {
        private readonly ValueGetter<T> _get = source.GetGetter<T>(column);
        private T[] _values = new T[slots];

        public override void Grow(int slots)
        {
            base.Grow(slots);
            Array.Resize(ref _values, slots);
        }

        public override Delegate CreateGetter(Row row) => (ValueGetter<T>)((ref T value) => value = _values[row.Slot]);

        protected override void Fetch(int slot) => _get(ref _values[slot]);

        protected override long Bytes(int slot) => 0;
    }

    private sealed class Vectors<T>(DataViewRow source, DataViewSchema.Column column, int slots) : StoredColumn(slots)
    {
        private readonly ValueGetter<VBuffer<T>> _get = source.GetGetter<VBuffer<T>>(column);
        private VBuffer<T>[] _values = new VBuffer<T>[slots];

        public override void Grow(int slots)
        {
            base.Grow(slots);
            Array.Resize(ref _values, slots);
        }

        public override Delegate CreateGetter(Row row)
            => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => _values[row.Slot].CopyTo(ref value));

        protected override void Fetch(int slot) => _get(ref _values[slot]);

        protected override long Bytes(int slot) => (long)_values[slot].GetValues().Length * Unsafe.SizeOf<T>();
    }
}
