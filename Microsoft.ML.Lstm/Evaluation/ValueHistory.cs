namespace Microsoft.ML.Lstm.Evaluation;

/// <summary>
/// The values of one target of one series so far, as many as the baselines need: what they forecast for the next row at each of
/// the rows before it, and how much seasons differ. A missing value is NaN; in its place the naive forecasts take the last one
/// that there is, the seasonal ones that of a season before.
/// </summary>
internal sealed class ValueHistory
{
    private readonly int _seasonality;
    private readonly double[] _values;
    private readonly double[] _seasonal;
    private readonly double[] _last;
    private readonly long[] _lastAt;
    private long _count;
    private double _first = double.NaN;
    private long _firstAt = -1;
    private double _sumOfDifferences;
    private long _differences;

    public ValueHistory(int horizon, int seasonality)
    {
        _seasonality = seasonality;
        int rows = checked(horizon + seasonality);
        _values = new double[rows];
        _seasonal = new double[rows];
        _last = new double[rows];
        _lastAt = new long[rows];
    }

    /// <summary>
    /// The mean absolute error of the seasonal naive forecast one season ahead, among the values that were added for it: what
    /// MASE is scaled by. NaN if there are no two values a season apart.
    /// </summary>
    public double Scale => _differences == 0 ? double.NaN : _sumOfDifferences / _differences;

    public void Add(double value, bool countsForScale)
    {
        bool isKnown = !double.IsNaN(value);
        int slot = Slot(_count);
        _values[slot] = value;
        _seasonal[slot] = isKnown || _count < _seasonality ? value : _seasonal[Slot(_count - _seasonality)];
        (_last[slot], _lastAt[slot]) = isKnown ? (value, _count) : _count == 0 ? (double.NaN, -1) : (_last[Slot(_count - 1)], _lastAt[Slot(_count - 1)]);
        if (isKnown && _firstAt < 0)
            (_first, _firstAt) = (value, _count);
        if (countsForScale && isKnown && _count >= _seasonality && _values[Slot(_count - _seasonality)] is var before && !double.IsNaN(before))
        {
            _sumOfDifferences += Math.Abs(value - before);
            _differences++;
        }
        _count++;
    }

    /// <summary>The last value, as forecast <paramref name="ahead"/> rows before the next row. NaN if there is none yet.</summary>
    public double Naive(int ahead) => ahead > _count ? double.NaN : _last[Slot(_count - ahead)];

    /// <summary>The last value at the same point of a season, as forecast <paramref name="ahead"/> rows before the next row. NaN if there is none yet.</summary>
    public double SeasonalNaive(int ahead)
    {
        long at = _count - (long)_seasonality * ((ahead - 1) / _seasonality + 1);
        return at < 0 ? double.NaN : _seasonal[Slot(at)];
    }

    /// <summary>
    /// The line through the first and the last value, as forecast <paramref name="ahead"/> rows before the next row. NaN if
    /// there are no two values yet.
    /// </summary>
    public double Drift(int ahead)
    {
        if (ahead > _count)
            return double.NaN;
        int slot = Slot(_count - ahead);
        double last = _last[slot];
        long lastAt = _lastAt[slot];
        return lastAt > _firstAt ? last + (_count - lastAt) * ((last - _first) / (lastAt - _firstAt)) : double.NaN;
    }

    private int Slot(long row) => (int)(row % _values.Length);
}
