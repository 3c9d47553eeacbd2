using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>The rows of a data view that are in a range of their own series, in their order.</summary>
internal sealed class SeriesRangeDataView(IDataView data, SeriesRowCounts rowCounts, RowRange[] ranges) : IDataView
{
    private readonly long _count = rowCounts.OfSeries.Zip(ranges, (count, range) => range.Count(count)).Sum();

    private SeriesRowCounts RowCounts => rowCounts;

    private RowRange[] Ranges => ranges;

    public DataViewSchema Schema => data.Schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => _count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        IEnumerable<DataViewSchema.Column> read = rowCounts.Column is { } series
            ? needed.Append(series).DistinctBy(column => column.Index)
            : needed;
        return new Cursor(this, data.GetRowCursor(read), needed);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded)];

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly SeriesRangeDataView _view;
        private readonly DataViewRowCursor _source;
        private readonly Func<int> _seriesOfRow;
        private readonly long[] _next;
        private readonly HashSet<int> _active;
        private long _given;
        private bool _ended;

        public Cursor(SeriesRangeDataView view, DataViewRowCursor source, DataViewSchema.Column[] active)
        {
            _view = view;
            _source = source;
            _seriesOfRow = view.RowCounts.Reader(source);
            _next = new long[view.Ranges.Length];
            _active = [.. active.Select(column => column.Index)];
        }

        public override DataViewSchema Schema => _source.Schema;

        public override long Position => _ended ? -1 : _given - 1;

        public override long Batch => 0;

        public override ValueGetter<DataViewRowId> GetIdGetter() => _source.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => IsColumnActive(column)
            ? _source.GetGetter<TValue>(column)
            : throw new ArgumentOutOfRangeException(nameof(column), $"Column '{column.Name}' is not active.");

        public override bool MoveNext()
        {
            // Ends with the last row that is wanted: there may be many behind it.
            while (_given < _view._count && _source.MoveNext())
            {
                int series = _seriesOfRow();
                if (!_view.Ranges[series].Contains(_next[series]++))
                    continue;
                _given++;
                return true;
            }
            _ended = true;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _source.Dispose();
            base.Dispose(disposing);
        }
    }
}
