namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>
/// The last values of one target of one series, from which baselines forecast. A missing value is replaced by the value a season before or,
/// in the first season, by the last value.
/// </summary>
/// <remarks>
/// Exponential smoothing and the theta method see as many of the last values as are kept, at least 512 and at least four seasons, so that a
/// row costs the same however many came before. The history begins with the first value.
/// </remarks>
internal sealed class BaselineHistory
{
    /// <summary>The longest season that the theta method takes out of the values: the days of a leap year.</summary>
    public const int LongestSeason = 366;

    private const int LeastWindow = 512;
    private const int SeasonsInWindow = 4;
    private const int FirstCapacity = 16;

    // Counts of rows are split, so that floats hold them exactly.
    private const long Split = 1 << 20;

    private readonly int _seasonality;
    private readonly long _mostRows;

    // The value of row t is in slot t % length once there are _mostRows, and in slot t until then.
    private float[] _values;
    private long _count;
    // Whole seasons that were left out and would not have changed the kept values.
    private long _notKept;
    private float _first;
    private float _last;
    private long _lastAt;

    /// <param name="seasonality">m: how many rows a season has, at least 1.</param>
    public BaselineHistory(int seasonality)
    {
        _seasonality = seasonality;
        _mostRows = Math.Max(WindowOf(seasonality), seasonality);
        _values = new float[Math.Min(_mostRows, FirstCapacity)];
    }

    /// <summary>Whether there was a value.</summary>
    public bool HasValue => _count > 0;

    /// <summary>How many numbers the state has.</summary>
    public static long StateLengthOf(int seasonality) => 6 + Math.Max(WindowOf(seasonality), (long)seasonality);

    /// <summary>A theta method for histories with a season of <paramref name="seasonality"/> rows.</summary>
    public static ThetaMethod NewTheta(int seasonality)
        => new(WindowOf(seasonality), seasonality > LongestSeason ? 1 : seasonality);

    /// <summary>Adds the value of the next row; NaN or infinite if it is missing.</summary>
    public void Add(float value)
    {
        bool isKnown = float.IsFinite(value);
        if (_count == 0)
        {
            if (!isKnown)
                return;
            _first = value;
        }
        if (isKnown)
            (_last, _lastAt) = (value, _count);
        Keep(isKnown ? value : _count >= _seasonality ? this[_count - _seasonality] : _last);
    }

    /// <summary>Adds missing values for any number of steps without a row.</summary>
    public void LeaveOut(long steps)
    {
        // Once none of the kept values was observed, each equals the value a season before.
        long like = steps <= _mostRows || _count == 0 ? 0 : (steps - _mostRows) / _seasonality * _seasonality;
        for (long i = like; i < steps; i++)
            Add(float.NaN);
        _count += like;
        _notKept += like;
    }

    /// <summary>Forecasts from the last row.</summary>
    /// <param name="theta">Fits the theta method and exponential smoothing to the values: one that <see cref="NewTheta"/> gave. Null where
    /// these two are not needed.</param>
    /// <param name="forecasts">Receives the forecasts.</param>
    public void Forecast(ThetaMethod? theta, BaselineForecasts forecasts)
    {
        if (_count == 0)
        {
            (forecasts.Last, forecasts.Drift, forecasts.Level, forecasts.ThetaLevel) = (double.NaN, double.NaN, double.NaN, double.NaN);
            forecasts.Season.AsSpan().Fill(double.NaN);
            return;
        }
        (forecasts.Last, forecasts.RowsSinceLast) = (_last, _count - 1 - _lastAt);
        forecasts.Drift = _lastAt > 0 ? (_last - (double)_first) / _lastAt : double.NaN;
        for (int i = 0; i < forecasts.Season.Length; i++)
        {
            long row = _count - _seasonality + i;
            forecasts.Season[i] = row < 0 ? double.NaN : this[row];
        }
        if (theta is null)
            return;
        int window = (int)Math.Min(_count - _notKept, theta.Values.Length);
        for (int i = 0; i < window; i++)
            theta.Values[i] = this[_count - window + i];
        theta.Fit(window, forecasts);
    }

    /// <summary>Writes the state, <see cref="StateLengthOf"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        (long count, long lastAt) = (_count, _lastAt);
        (destination[0], destination[1], destination[2], destination[3]) = (count / Split, count % Split, lastAt / Split, lastAt % Split);
        (destination[4], destination[5]) = (_first, _last);
        Span<float> values = destination[6..];
        int kept = (int)Math.Min(_count - _notKept, _mostRows);
        for (int i = 0; i < kept; i++)
            values[i] = this[_count - kept + i];
        values[kept..].Clear();
    }

    /// <summary>Whether the numbers of a state can be those of a history, as saved ones need not be.</summary>
    public static bool IsValidState(ReadOnlySpan<float> state)
    {
        foreach (float count in state[..4])
        {
            if (!(count >= 0 && count < Split && float.IsInteger(count)))
                return false;
        }
        long rows = (long)state[0] * Split + (long)state[1], lastAt = (long)state[2] * Split + (long)state[3];
        return rows == 0 ? lastAt == 0 : lastAt < rows;
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        _count = (long)source[0] * Split + (long)source[1];
        _lastAt = (long)source[2] * Split + (long)source[3];
        (_first, _last) = (source[4], source[5]);
        int kept = (int)Math.Min(_count, _mostRows);
        _notKept = _count - kept;
        _values = source.Slice(6, kept).ToArray();
        if (kept == 0)
            _values = new float[FirstCapacity];
    }

    // A row since the last that was left out.
    private float this[long row] => _values[(row - _notKept) % _values.Length];

    private void Keep(float value)
    {
        long row = _count - _notKept;
        if (row == _values.Length && row < _mostRows)
            Array.Resize(ref _values, (int)Math.Min(Math.Min(2 * row, _mostRows), Array.MaxLength));
        _values[row % _values.Length] = value;
        _count++;
    }

    // How many of the last values exponential smoothing and the theta method see.
    private static int WindowOf(int seasonality)
        => seasonality > LongestSeason ? LeastWindow : Math.Max(LeastWindow, SeasonsInWindow * seasonality);
}
