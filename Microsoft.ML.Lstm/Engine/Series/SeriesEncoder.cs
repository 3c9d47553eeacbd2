using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Turns the rows of one series, as they come, into the features of the network's steps, and says by what the forecast after each step is
/// measured: a forecast is level + scale·output. All of it is made of rows up to the present one and of what is known beforehand.
/// </summary>
/// <remarks>
/// The features are, in this order: the last L values of each target, measured by the present level and scale, the latest first and zero
/// where the series has none yet (or the last change, where <see cref="ForecastLayout.ReadsChange"/>); the past covariates; the known
/// covariates of this row and of the next H; the calendar's features; and, if values may be missing, 1 for each target and past covariate
/// that is. A missing value counts as the one before it; of a series that the training data does not tell the level of, the values begin
/// with the first that is there, and after a window of zeros, where training had none, with the first that is not (of a series that
/// training did not have, once three are not). What has no scale, since nothing ever moved it, is zero. The scale of a window of n values
/// is √((Σ(x − x̄)² + c²) / (n + 1)), c being the change over the horizon in the training data, so that the first values, or a flat
/// stretch, are not blown up; <see cref="SeriesScaler"/> says what is done where the training data does not tell.
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
    private readonly int[] _counts;
    private readonly SeriesScaler[] _measures;
    private readonly ReadOnlyMemory<float> _start;

    /// <param name="layout">The features.</param>
    /// <param name="scaling">What the training data says.</param>
    /// <param name="series">The series, counted from 1; 0 for one that the training data does not have.</param>
    public SeriesEncoder(ForecastLayout layout, RowScaling scaling, int series)
    {
        _layout = layout;
        _scaling = scaling;
        _start = scaling.Levels.AsMemory(series * layout.Targets, layout.Targets);
        _capacity = Math.Min(layout.History, FirstCapacity);
        _history = new float[layout.Targets * _capacity];
        _last = new float[layout.RowSize];
        _levels = new float[layout.Targets];
        _scales = new float[layout.Targets];
        _counts = new int[layout.Targets];
        _measures = [.. Enumerable.Range(0, layout.Targets).Select(target => new SeriesScaler(layout, scaling, series, target))];
        Reset();
    }

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is anything to measure a target by.</summary>
    public bool IsMeasured
    {
        get
        {
            for (int d = 0; d < _counts.Length; d++)
            {
                if (_measures[d].IsKnown || _counts[d] > 0)
                    return true;
            }
            return false;
        }
    }

    /// <summary>The level of each target [D] after the last row.</summary>
    public ReadOnlySpan<float> Levels => _levels;

    /// <summary>The scale of each target [D] after the last row.</summary>
    public ReadOnlySpan<float> Scales => _scales;

    /// <summary>Numbers in the state.</summary>
    public int StateLength => (int)StateLengthOf(_layout);

    /// <summary>Numbers in the state of rows laid out like this.</summary>
    public static long StateLengthOf(ForecastLayout layout)
        => 1 + (long)layout.Targets * layout.History + layout.RowSize + (layout.WindowDecides ? layout.Targets : 0);

    /// <summary>Goes back to before the first row.</summary>
    public void Reset()
    {
        Count = 0;
        Array.Clear(_counts);
        Array.Clear(_history);
        _start.Span.CopyTo(_last);
        _scaling.Covariates.Offset.CopyTo(_last.AsSpan(_layout.Targets));
        Measure();
    }

    /// <summary>Takes a row and gives the features of its step.</summary>
    /// <param name="row">Targets, past covariates and known covariates; NaN or infinite where one is missing.</param>
    /// <param name="future">The known covariates of the next rows, row by row, fewer than H where the rows end; those of the last row stand
    /// for what is missing.</param>
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
            if (!_measures[d].IsKnown && _counts[d] == 0 && !float.IsFinite(row[d]))
                continue;
            Span<float> history = HistoryOf(d);
            if (_last[d] != 0 && _counts[d] >= _layout.WindowSize)
                ForgetZeros(d, history[.._layout.WindowSize]);
            history[..^1].CopyTo(history[1..]);
            history[0] = _last[d];
            _counts[d] = Math.Min(_counts[d] + 1, _layout.History);
        }
        Measure();

        int at = 0;
        for (int d = 0; d < targets; d++)
        {
            Span<float> history = HistoryOf(d);
            for (int lag = 0; lag < _layout.Lags; lag++)
                features[at++] = lag >= _counts[d] ? 0 : _layout.ReadsChange ? Change(d) : Measured(history[lag] - (double)_levels[d], d);
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
        for (int d = 0; _layout.WindowDecides && d < _counts.Length; d++)
            destination[1 + histories.Length + _last.Length + d] = _counts[d];
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
        ReadOnlySpan<float> counts = source[(1 + histories.Length + _last.Length)..];
        for (int d = 0; d < _counts.Length; d++)
            _counts[d] = _layout.WindowDecides ? (int)Math.Clamp(counts[d], 0, Count) : Count;
        Measure();
    }

    /// <summary>Shortens the window of a target to the values before the present one that follow zeros, where there are enough.</summary>
    private void ForgetZeros(int target, ReadOnlySpan<float> window)
    {
        int before = _measures[target].ForgetsZerosAfter - 1;
        if (before >= 0 && before < window.Length && !window[..before].Contains(0f) && !window[before..].ContainsAnyExcept(0f))
            _counts[target] = before;
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

    /// <summary>
    /// The last change, in units of how far all series move from a row to the next where this one's scale says how far it moves over the
    /// horizon.
    /// </summary>
    private float Change(int target)
    {
        Span<float> history = HistoryOf(target);
        double step = _scaling.Sizes[target];
        return Measured((history[0] - (double)history[Math.Min(1, _counts[target] - 1)]) * (step > 0 ? _scaling.Changes[target] / step : 1),
            target);
    }

    private float Measured(double difference, int target)
        => _scales[target] > 0 ? (float)Math.Clamp(difference / _scales[target], -Largest, Largest) : 0;

    private void Measure()
    {
        for (int d = 0; d < _layout.Targets; d++)
            (_levels[d], _scales[d]) = _measures[d].Of(_last[d], HistoryOf(d)[..Math.Min(_counts[d], _layout.WindowSize)]);
    }
}
