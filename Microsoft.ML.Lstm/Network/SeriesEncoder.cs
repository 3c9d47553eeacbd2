namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// Turns the rows of one series, as they come, into the features of the network's steps, and says by what the forecast after each step is
/// measured: a forecast is level + scale·output. All of it is made of rows up to the present one and of what is known beforehand.
/// </summary>
/// <remarks>
/// The features are, in this order: the last L values of each target, measured by the present level and scale, the latest first and zero where
/// the series has none yet; the past covariates; the known covariates of this row and of the next H; the calendar's
/// features; and, if values may be missing, 1 for each target and past covariate that is. A missing value counts as the one before it.
/// The scale of a window of n values is √((Σ(x − x̄)² + c²) / (n + 1)), c being the change over the horizon in the training data, so that the
/// first values, or a flat stretch, are not blown up.
/// </remarks>
internal sealed class SeriesEncoder
{
    // Any number is a valid value, so none may become infinite here or in the products behind.
    private const double Largest = 1e18;

    // More than most windows have, so that series seldom allocate on their way.
    private const int FirstCapacity = 256;

    private readonly ForecastLayout _layout;
    private readonly RowScaling _scaling;

    // [D x capacity], the latest first; it grows with the rows, since a window may be far longer than the series that come.
    private float[] _history;
    private int _capacity;
    private readonly float[] _last;
    private readonly float[] _levels;
    private readonly float[] _scales;
    private readonly int _units;

    /// <param name="layout">The features.</param>
    /// <param name="scaling">What the training data says.</param>
    /// <param name="series">The series, counted from 1; 0 for one that the training data does not have.</param>
    public SeriesEncoder(ForecastLayout layout, RowScaling scaling, int series)
    {
        _layout = layout;
        _scaling = scaling;
        _units = series * layout.Targets;
        _capacity = Math.Min(layout.History, FirstCapacity);
        _history = new float[layout.Targets * _capacity];
        _last = new float[layout.RowSize];
        _levels = new float[layout.Targets];
        _scales = new float[layout.Targets];
        Reset();
    }

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>The level of each target [D] after the last row.</summary>
    public ReadOnlySpan<float> Levels => _levels;

    /// <summary>The scale of each target [D] after the last row.</summary>
    public ReadOnlySpan<float> Scales => _scales;

    /// <summary>Numbers in the state.</summary>
    public int StateLength => (int)StateLengthOf(_layout);

    /// <summary>Numbers in the state of rows laid out like this.</summary>
    public static long StateLengthOf(ForecastLayout layout) => 1 + (long)layout.Targets * layout.History + layout.RowSize;

    /// <summary>Goes back to before the first row.</summary>
    public void Reset()
    {
        Count = 0;
        Array.Clear(_history);
        _scaling.Levels.AsSpan(_units, _layout.Targets).CopyTo(_last);
        _scaling.Covariates.Offset.CopyTo(_last.AsSpan(_layout.Targets));
        Measure();
    }

    /// <summary>Takes a row and gives the features of its step.</summary>
    /// <param name="row">Targets, past covariates and known covariates; NaN or infinite where one is missing.</param>
    /// <param name="future">The known covariates of the next rows, row by row, fewer than H where the rows end; those of the last row stand for what is missing.</param>
    /// <param name="calendar">The features of the calendar.</param>
    /// <param name="features">Receives F features.</param>
    public void Encode(ReadOnlySpan<float> row, ReadOnlySpan<float> future, ReadOnlySpan<float> calendar, Span<float> features)
    {
        int targets = _layout.Targets, known = _layout.KnownCovariates, indicators = targets + _layout.PastCovariates;
        for (int i = 0; i < row.Length; i++)
        {
            bool isMissing = !float.IsFinite(row[i]);
            if (!isMissing)
                _last[i] = row[i];
            if (_layout.HasMissing && i < indicators)
                features[features.Length - indicators + i] = isMissing ? 1 : 0;
        }
        Count = Math.Min(Count + 1, _layout.History);
        Reserve(Count);
        for (int d = 0; d < targets; d++)
        {
            Span<float> history = HistoryOf(d);
            history[..^1].CopyTo(history[1..]);
            history[0] = _last[d];
        }
        Measure();

        int at = 0;
        for (int d = 0; d < targets; d++)
        {
            Span<float> history = HistoryOf(d);
            for (int lag = 0; lag < _layout.Lags; lag++)
                features[at++] = lag < Count ? (float)Math.Clamp(((double)history[lag] - _levels[d]) / _scales[d], -Largest, Largest) : 0;
        }
        for (int i = targets; i < row.Length; i++)
            features[at++] = Covariate(i - targets, _last[i]);
        for (int h = 0; h < _layout.Horizon; h++)
        {
            for (int k = 0; k < known; k++, at++)
            {
                bool isKnown = h * known + k < future.Length && float.IsFinite(future[h * known + k]);
                features[at] = isKnown ? Covariate(_layout.PastCovariates + k, future[h * known + k]) : features[at - known];
            }
        }
        calendar.CopyTo(features[at..]);
    }

    /// <summary>Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        destination[0] = Count;
        Span<float> histories = destination.Slice(1, _layout.Targets * _layout.History);
        histories.Clear();
        for (int d = 0; d < _layout.Targets; d++)
            HistoryOf(d).CopyTo(histories[(d * _layout.History)..]);
        _last.CopyTo(destination[(1 + histories.Length)..]);
    }

    /// <summary>Goes on from a state that <see cref="CopyStateTo"/> gave.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        Count = (int)source[0];
        Reserve(Count);
        ReadOnlySpan<float> histories = source.Slice(1, _layout.Targets * _layout.History);
        for (int d = 0; d < _layout.Targets; d++)
            histories.Slice(d * _layout.History, _capacity).CopyTo(HistoryOf(d));
        source.Slice(1 + histories.Length, _last.Length).CopyTo(_last);
        Measure();
    }

    private Span<float> HistoryOf(int target) => _history.AsSpan(target * _capacity, _capacity);

    private void Reserve(int rows)
    {
        if (rows <= _capacity)
            return;
        int capacity = (int)Math.Min(_layout.History, Math.Max(rows, 2L * _capacity));
        float[] history = new float[_layout.Targets * capacity];
        for (int d = 0; d < _layout.Targets; d++)
            HistoryOf(d).CopyTo(history.AsSpan(d * capacity));
        (_history, _capacity) = (history, capacity);
    }

    private float Covariate(int index, float value)
        => (float)Math.Clamp(((double)value - _scaling.Covariates.Offset[index]) * _scaling.Covariates.Scale[index], -Largest, Largest);

    private void Measure()
    {
        for (int d = 0; d < _layout.Targets; d++)
        {
            // Of all data where the height of a series is to be seen, else of the series.
            int units = _layout.Scaling == SeriesScaling.None ? d : _units + d;
            (_levels[d], _scales[d]) = _layout.Scaling switch
            {
                SeriesScaling.LastValue => (_last[d], _scaling.Changes[units]),
                SeriesScaling.Window => Window(d, _scaling.Changes[units]),
                _ => (_scaling.Levels[units], _scaling.Deviations[units]),
            };
        }
    }

    private (float Level, float Scale) Window(int target, double change)
    {
        ReadOnlySpan<float> values = HistoryOf(target)[..Math.Min(Count, _layout.WindowSize)];
        if (values.IsEmpty)
            return (_last[target], (float)change);
        double sum = 0, squares = change * change;
        foreach (float value in values)
            sum += value;
        float mean = (float)(sum / values.Length);
        foreach (float value in values)
            squares += ((double)value - mean) * ((double)value - mean);
        return (mean, (float)Math.Sqrt(squares / (values.Length + 1)));
    }
}
