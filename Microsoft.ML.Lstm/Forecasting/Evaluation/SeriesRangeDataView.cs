using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>The rows of a data view that lie in the range given for their series, in the order of the data view.</summary>
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

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded)];

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
            // Stops at the last row of the ranges: many more may follow in the data.
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

/// <summary>The rows of a series from <paramref name="First"/> to before <paramref name="End"/>, counted from 0.</summary>
internal readonly record struct RowRange(long First, long End)
{
    public bool Contains(long row) => First <= row && row < End;

    /// <summary>How many rows of a series with <paramref name="rows"/> rows are in the range.</summary>
    public long Count(long rows) => Math.Max(0, Math.Min(End, rows) - First);
}

/// <summary>How many rows each series of a data view has.</summary>
internal sealed class SeriesRowCounts
{
    private readonly SeriesIndex _index = new();

    private SeriesRowCounts(DataViewSchema.Column? column, IDataView data)
    {
        Column = column;
        var counts = new List<long>();
        using DataViewRowCursor cursor = data.GetRowCursor(column is { } series ? [series] : []);
        Func<int> seriesOfRow = Reader(cursor);
        while (cursor.MoveNext())
        {
            int number = seriesOfRow();
            if (number == counts.Count)
                counts.Add(0);
            counts[number]++;
        }
        OfSeries = [.. counts];
    }

    /// <summary>The series column; null if there is a single series.</summary>
    public DataViewSchema.Column? Column { get; }

    /// <summary>The number of rows of each series.</summary>
    public long[] OfSeries { get; }

    public static SeriesRowCounts Count(IDataView data, DataViewSchema.Column? column) => new(column, data);

    /// <summary>A function that reads the number of the series that the current row belongs to.</summary>
    public Func<int> Reader(DataViewRow row) => _index.Reader(row, Column);
}
