namespace Microsoft.ML.Lstm.Data;

/// <summary>
/// The known covariates of the rows that follow the current one in its series, read by a cursor of its own that runs ahead as far as it must; what it passes of
/// other series is kept for their turn.
/// </summary>
internal sealed class KnownAhead : IDisposable
{
    private readonly DataViewRowCursor _cursor;
    private readonly NumberReader[] _readers;
    private readonly SeriesNameReader? _nameReader;
    private readonly Dictionary<string, Queue<float>> _ahead = [];
    private readonly int _horizon;
    private readonly int _size;
    private readonly float[] _numbers;
    private bool _ended;

    public KnownAhead(IDataView input, BoundSeriesColumns columns, int horizon)
    {
        _cursor = input.GetRowCursor(columns.Ahead);
        _readers = Array.ConvertAll(columns.Known, column => new NumberReader(_cursor, column));
        _nameReader = columns.Series is { } series ? new SeriesNameReader(_cursor, series) : null;
        _horizon = horizon;
        _size = columns.KnownCovariates;
        _numbers = new float[horizon * _size];
    }

    /// <summary>Moves on to the next row of <paramref name="series"/> and gives what follows it, row by row, at most the horizon's.</summary>
    public ReadOnlySpan<float> Next(string series)
    {
        // The row itself comes first.
        int wanted = (_horizon + 1) * _size;
        Queue<float> queue = QueueOf(series);
        while (queue.Count < wanted && !_ended)
            ReadRow();
        for (int i = 0; i < _size; i++)
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

    public void Dispose() => _cursor.Dispose();

    private void ReadRow()
    {
        if (!_cursor.MoveNext())
        {
            _ended = true;
            return;
        }
        Queue<float> queue = QueueOf(_nameReader?.Read() ?? "");
        foreach (NumberReader reader in _readers)
        {
            reader.Read();
            Span<float> numbers = _numbers.AsSpan(0, reader.Length);
            reader.CopyTo(numbers);
            foreach (float number in numbers)
                queue.Enqueue(number);
        }
    }

    private Queue<float> QueueOf(string series)
    {
        if (!_ahead.TryGetValue(series, out Queue<float>? queue))
            _ahead.Add(series, queue = []);
        return queue;
    }
}
