using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// Looks ahead in a table for the known covariates of the H steps that follow each row in its series. A step that a gap in time leaves out
/// has missing values; a row without a time, which has no place in its series, is none.
/// </summary>
internal sealed class FutureCovariates
{
    private readonly NumberReader[] _readers;
    private readonly SeriesNameReader? _nameReader;
    private readonly Func<DateTimeOffset>? _getTime;
    private readonly RowInterval? _filledGaps;
    private readonly Dictionary<string, SeriesQueue> _queues = [];
    private readonly int _horizon;
    private readonly int _size;
    private readonly float[] _numbers;

    /// <param name="row">The row of the cursor that reads ahead; <see cref="Add"/> reads it where the cursor stands.</param>
    /// <param name="columns">The columns of the row.</param>
    /// <param name="horizon">H.</param>
    /// <param name="filledGaps">The time between rows where gaps are filled; null where they are not.</param>
    public FutureCovariates(DataViewRow row, BoundSeriesColumns columns, int horizon, RowInterval? filledGaps)
    {
        _readers = Array.ConvertAll(columns.Known, column => new NumberReader(row, column));
        _nameReader = columns.Series is { } series ? new SeriesNameReader(row, series) : null;
        _filledGaps = filledGaps;
        _getTime = columns.Time is { } time ? SeriesRowReader.TimeGetter(row, time) : null;
        _horizon = horizon;
        _size = columns.KnownCovariates;
        _numbers = new float[horizon * _size];
    }

    /// <summary>Reads the covariates of one more row.</summary>
    public void Add()
    {
        SeriesQueue series = Find(_nameReader?.Read() ?? "");
        if (_getTime is not null)
        {
            DateTimeOffset time = _getTime();
            if (time.Ticks == 0)
                return;
            if (_filledGaps is not null)
                AddGap(series, _filledGaps, time);
        }
        foreach (NumberReader reader in _readers)
        {
            reader.Read();
            Span<float> numbers = _numbers.AsSpan(0, reader.Length);
            reader.CopyTo(numbers);
            foreach (float number in numbers)
                series.Numbers.Enqueue(number);
        }
    }

    /// <summary>Whether the covariates of all H steps after the next row of <paramref name="series"/> have been read.</summary>
    public bool IsComplete(string series)
    {
        SeriesQueue queue = Find(series);
        // The queue begins with the gap before that row, and the row itself.
        queue.Gaps.TryPeek(out int gap);
        return queue.Numbers.Count >= (gap + 1 + _horizon) * _size;
    }

    /// <summary>
    /// Moves on to the next row of <paramref name="series"/> and returns the covariates of the H steps after it, step by step; of fewer
    /// steps where the series ends.
    /// </summary>
    public ReadOnlySpan<float> Next(string series)
    {
        SeriesQueue queue = Find(series);
        queue.Gaps.TryDequeue(out int gap);
        for (int i = 0; i < (gap + 1) * _size; i++)
            queue.Numbers.Dequeue();
        int at = 0;
        foreach (float number in queue.Numbers)
        {
            if (at == _numbers.Length)
                break;
            _numbers[at++] = number;
        }
        return _numbers.AsSpan(0, at);
    }

    private void AddGap(SeriesQueue series, RowInterval interval, DateTimeOffset time)
    {
        // No forecast needs more than H steps of a gap. Rows out of order are dealt with when their turn comes.
        int gap = series.LastTime is { } last && time > last ? (int)Math.Min(interval.StepsBetween(last, time) - 1, _horizon) : 0;
        series.LastTime = time;
        series.Gaps.Enqueue(gap);
        for (int i = 0; i < gap * _size; i++)
            series.Numbers.Enqueue(float.NaN);
    }

    private SeriesQueue Find(string series)
    {
        if (!_queues.TryGetValue(series, out SeriesQueue? queue))
            _queues.Add(series, queue = new SeriesQueue());
        return queue;
    }

    /// <summary>The rows of a series that have been read and not yet passed.</summary>
    private sealed class SeriesQueue
    {
        /// <summary>The covariates of each step, including the steps that gaps leave out.</summary>
        public Queue<float> Numbers { get; } = [];

        /// <summary>How many steps are left out before each row; empty where gaps are not filled.</summary>
        public Queue<int> Gaps { get; } = [];

        /// <summary>The time of the last row that was read.</summary>
        public DateTimeOffset? LastTime { get; set; }
    }
}
