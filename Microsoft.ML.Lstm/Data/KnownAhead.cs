namespace Microsoft.ML.Lstm.Data;

/// <summary>The known covariates of the rows that follow a row in its series: a row is complete when those of as many rows as the horizon have come, or no more will.</summary>
internal sealed class KnownAhead
{
    private readonly NumberReader[] _readers;
    private readonly SeriesNameReader? _nameReader;
    private readonly Dictionary<string, Queue<float>> _ahead = [];
    private readonly int _size;
    private readonly int _complete;
    private readonly float[] _numbers;

    /// <param name="row">The row that comes next, whenever <see cref="Add"/> is called.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="horizon">H.</param>
    public KnownAhead(DataViewRow row, BoundSeriesColumns columns, int horizon)
    {
        _readers = Array.ConvertAll(columns.Known, column => new NumberReader(row, column));
        _nameReader = columns.Series is { } series ? new SeriesNameReader(row, series) : null;
        _size = columns.KnownCovariates;
        _numbers = new float[horizon * _size];
        // The row itself comes first.
        _complete = (horizon + 1) * _size;
    }

    /// <summary>Takes in a row.</summary>
    public void Add()
    {
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

    /// <summary>Whether all that can be asked of the next row of <paramref name="series"/> is there.</summary>
    public bool IsComplete(string series) => QueueOf(series).Count >= _complete;

    /// <summary>Moves on to the next row of <paramref name="series"/> and gives what follows it as far as it has come, row by row, at most the horizon's.</summary>
    public ReadOnlySpan<float> Next(string series)
    {
        Queue<float> queue = QueueOf(series);
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

    private Queue<float> QueueOf(string series)
    {
        if (!_ahead.TryGetValue(series, out Queue<float>? queue))
            _ahead.Add(series, queue = []);
        return queue;
    }
}
