using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// The known covariates of the steps that follow a row in its series: a row is complete when those of as many steps as the horizon have
/// come, or no more will. Steps that a gap leaves out are missing values.
/// </summary>
internal sealed class KnownAhead
{
    private readonly NumberReader[] _readers;
    private readonly SeriesNameReader? _nameReader;
    private readonly Func<DateTimeOffset>? _getTime;
    private readonly RowInterval? _step;
    private readonly Dictionary<string, Queued> _ahead = [];
    private readonly int _horizon;
    private readonly int _size;
    private readonly float[] _numbers;

    /// <param name="row">The row that comes next, whenever <see cref="Add"/> is called.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="horizon">H.</param>
    /// <param name="step">The time between rows, where gaps are filled; else null.</param>
    public KnownAhead(DataViewRow row, BoundSeriesColumns columns, int horizon, RowInterval? step)
    {
        _readers = Array.ConvertAll(columns.Known, column => new NumberReader(row, column));
        _nameReader = columns.Series is { } series ? new SeriesNameReader(row, series) : null;
        _step = step;
        _getTime = step is not null && columns.Time is { } time ? SeriesRowReader.TimeGetter(row, time) : null;
        _horizon = horizon;
        _size = columns.KnownCovariates;
        _numbers = new float[horizon * _size];
    }

    /// <summary>Takes in a row.</summary>
    public void Add()
    {
        Queued series = Of(_nameReader?.Read() ?? "");
        Queue<float> queue = series.Numbers;
        if (_getTime is not null)
            AddGap(series, _getTime());
        foreach (NumberReader reader in _readers)
        {
            reader.Read();
            Span<float> numbers = _numbers.AsSpan(0, reader.Length);
            reader.CopyTo(numbers);
            foreach (float number in numbers)
                queue.Enqueue(number);
        }
    }

    /// <summary>Whether all that can be asked of the next row of <paramref name="series"/> is there.</summary>
    public bool IsComplete(string series)
    {
        Queued queued = Of(series);
        // The row itself comes first, behind the gap before it.
        queued.Gaps.TryPeek(out int gap);
        return queued.Numbers.Count >= (gap + 1 + _horizon) * _size;
    }

    /// <summary>
    /// Moves on to the next row of <paramref name="series"/> and gives what follows it as far as it has come, row by row, at most the
    /// horizon's.
    /// </summary>
    public ReadOnlySpan<float> Next(string series)
    {
        Queued queued = Of(series);
        Queue<float> queue = queued.Numbers;
        queued.Gaps.TryDequeue(out int gap);
        for (int i = 0; i < (gap + 1) * _size; i++)
            queue.Dequeue();
        int at = 0;
        foreach (float number in queue)
        {
            if (at == _numbers.Length)
                break;
            _numbers[at++] = number;
        }
        return _numbers.AsSpan(0, at);
    }

    private void AddGap(Queued series, DateTimeOffset time)
    {
        // No more than can be asked of; rows whose time is none or not later are another's business.
        int gap = series.Last is { } last && time > last ? (int)Math.Min(_step!.StepsBetween(last, time) - 1, _horizon) : 0;
        if (time.Ticks > 0)
            series.Last = time;
        series.Gaps.Enqueue(gap);
        for (int i = 0; i < gap * _size; i++)
            series.Numbers.Enqueue(float.NaN);
    }

    private Queued Of(string series)
    {
        if (!_ahead.TryGetValue(series, out Queued? queued))
            _ahead.Add(series, queued = new Queued());
        return queued;
    }

    /// <summary>What has come of a series and is not past.</summary>
    private sealed class Queued
    {
        public Queue<float> Numbers { get; } = [];

        /// <summary>Steps left out before each row; nothing where gaps are not filled.</summary>
        public Queue<int> Gaps { get; } = [];

        /// <summary>The time of the last row that has come.</summary>
        public DateTimeOffset? Last { get; set; }
    }
}
