namespace Microsoft.ML.Data;

/// <summary>Keeps the columns of a source in memory, each from when it is first asked for. Any number of threads may read it.</summary>
internal sealed class CacheDataView : IDataView
{
    private readonly IDataView _source;
    private readonly ColumnCache[] _columns;
    private readonly object _filling = new();
    private long _rowCount = -1;

    public CacheDataView(IDataView source, IEnumerable<DataViewSchema.Column> prefetch)
    {
        _source = source;
        _columns = new ColumnCache[source.Schema.Count];
        DataViewSchema.Column[] first = prefetch.ToArray();
        if (first.Length > 0)
            Fill(first);
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema => _source.Schema;

    public long? GetRowCount() => Interlocked.Read(ref _rowCount) is >= 0 and var count ? count : _source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] needed = columnsNeeded.ToArray();
        Fill(needed);
        int[] order = null;
        if (rand is not null)
        {
            order = Enumerable.Range(0, (int)_rowCount).ToArray();
            rand.Shuffle(order);
        }
        return new Cursor(this, RowGetters.Active(Schema, needed), order);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private void Fill(IEnumerable<DataViewSchema.Column> needed)
    {
        lock (_filling)
        {
            DataViewSchema.Column[] missing = needed.Where(c => _columns[c.Index] is null).DistinctBy(c => c.Index).ToArray();
            if (missing.Length == 0 && _rowCount >= 0)
                return;
            using DataViewRowCursor cursor = _source.GetRowCursor(missing);
            ColumnCache[] caches = missing.Select(c => (ColumnCache)ByType.Call(ColumnCache.Create<int>, c.Type.RawType, cursor, c)).ToArray();
            long count = 0;
            for (; cursor.MoveNext(); count++)
            {
                foreach (ColumnCache cache in caches)
                    cache.Add();
            }
            for (int i = 0; i < missing.Length; i++)
                _columns[missing[i].Index] = caches[i];
            Interlocked.Exchange(ref _rowCount, count);
        }
    }

    private sealed class Cursor(CacheDataView view, bool[] active, int[] order) : SourceCursor(view.Schema, active)
    {
        private readonly long _count = view._rowCount;
        private int _next;

        protected override long Row => order is null ? _next - 1 : order[_next - 1];

        protected override bool MoveNextCore() => _next++ < _count;

        protected override Delegate MakeGetter(DataViewSchema.Column column) => view._columns[column.Index].MakeGetter(() => (int)Row);
    }

    private abstract class ColumnCache
    {
        public abstract void Add();

        public abstract Delegate MakeGetter(Func<int> row);

        public static ColumnCache Create<TValue>(DataViewRow row, DataViewSchema.Column column) => new ColumnCache<TValue>(row.GetGetter<TValue>(column));
    }

    private sealed class ColumnCache<TValue>(ValueGetter<TValue> source) : ColumnCache
    {
        private readonly List<TValue> _values = [];

        public override void Add()
        {
            TValue value = default;
            source(ref value);
            _values.Add(value);
        }

        public override Delegate MakeGetter(Func<int> row) => ValueCopy<TValue>.Copy is { } copy
            ? (ref TValue value) => copy(_values[row()], ref value)
            : (ValueGetter<TValue>)((ref TValue value) => value = _values[row()]);
    }
}

/// <summary>Copies a value so that the copy can be written to: null where assigning it is enough.</summary>
internal static class ValueCopy<TValue>
{
    public delegate void Copier(TValue source, ref TValue target);

    public static readonly Copier Copy = typeof(TValue).IsGenericType && typeof(TValue).GetGenericTypeDefinition() == typeof(VBuffer<>)
        ? (Copier)ByType.Call(Buffer<int>, typeof(TValue).GetGenericArguments()[0])
        : null;

    private static object Buffer<TItem>() =>
        (ValueCopy<VBuffer<TItem>>.Copier)((VBuffer<TItem> source, ref VBuffer<TItem> target) => source.CopyTo(ref target));
}

/// <summary>A source in another order, the same for every cursor.</summary>
internal sealed class ShuffleDataView(IDataView source, int seed) : IDataView
{
    private readonly CacheDataView _cache = new(source, []);

    public bool CanShuffle => true;

    public DataViewSchema Schema => _cache.Schema;

    public long? GetRowCount() => _cache.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        _cache.GetRowCursor(columnsNeeded, rand ?? new(seed));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
