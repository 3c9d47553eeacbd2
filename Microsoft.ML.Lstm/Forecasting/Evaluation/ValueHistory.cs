namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>
/// The values of one target of one series so far, as many as the baselines need: what they forecast for the next row at each of
/// the rows before it, and how much seasons differ. A missing value is NaN; in its place the naive forecasts take the last one
/// that there is, the seasonal ones that of a season before.
/// </summary>
internal sealed class ValueHistory
{
    private readonly int _seasonality;
    // The last rows, that of row t in slot (t - _notKept) % _mostRows; a slot is there once a row of the series gets to it.
    private readonly List<Row> _rows = [];
    private readonly long _mostRows;
    private long _count;
    // Rows of whole seasons without a value that were never kept: the last ones kept stand for those behind them.
    private long _notKept;
    private double _first = double.NaN;
    private long _firstAt = -1;
    private double _sumOfDifferences;
    private long _differences;

    public ValueHistory(int horizon, int seasonality)
    {
        _seasonality = seasonality;
        _mostRows = (long)horizon + seasonality;
    }

    /// <summary>
    /// The mean absolute error of the seasonal naive forecast one season ahead, among the values that were added for it: what
    /// MASE is scaled by. NaN if there are no two values a season apart.
    /// </summary>
    public double Scale => _differences == 0 ? double.NaN : _sumOfDifferences / _differences;

    public void Add(double value, bool countsForScale)
    {
        bool isKnown = !double.IsNaN(value);
        Row before = _count > 0 ? this[_count - 1] : Row.None;
        Row seasonBefore = _count >= _seasonality ? this[_count - _seasonality] : Row.None;
        var row = new Row(value, isKnown ? value : seasonBefore.Seasonal, isKnown ? value : before.Last, isKnown ? _count : before.LastAt);
        if (isKnown && _firstAt < 0)
            (_first, _firstAt) = (value, _count);
        if (countsForScale && isKnown && !double.IsNaN(seasonBefore.Value))
        {
            _sumOfDifferences += Math.Abs(value - seasonBefore.Value);
            _differences++;
        }
        Keep(row);
    }

    /// <summary>Adds missing values for steps that have no row, however many.</summary>
    public void LeaveOut(long steps)
    {
        // Once only steps without a value are kept, each is like that of a season before.
        long like = steps <= _mostRows ? 0 : (steps - _mostRows) / _seasonality * _seasonality;
        for (long i = like; i < steps; i++)
            Add(double.NaN, countsForScale: false);
        _count += like;
        _notKept += like;
    }

    /// <summary>The last value, as forecast <paramref name="ahead"/> rows before the next row. NaN if there is none yet.</summary>
    public double Naive(int ahead) => ahead > _count ? double.NaN : this[_count - ahead].Last;

    /// <summary>
    /// The last value at the same point of a season, as forecast <paramref name="ahead"/> rows before the next row. NaN if there is none
    /// yet.
    /// </summary>
    public double SeasonalNaive(int ahead)
    {
        long at = _count - (long)_seasonality * ((ahead - 1) / _seasonality + 1);
        return at < 0 ? double.NaN : this[at].Seasonal;
    }

    /// <summary>
    /// The line through the first and the last value, as forecast <paramref name="ahead"/> rows before the next row. NaN if
    /// there are no two values yet.
    /// </summary>
    public double Drift(int ahead)
    {
        if (ahead > _count)
            return double.NaN;
        Row row = this[_count - ahead];
        return row.LastAt > _firstAt ? row.Last + (_count - row.LastAt) * ((row.Last - _first) / (row.LastAt - _firstAt)) : double.NaN;
    }

    private Row this[long row] => _rows[(int)((row - _notKept) % _mostRows)];

    private void Keep(Row row)
    {
        if (_count - _notKept < _mostRows)
            _rows.Add(row);
        else
            _rows[(int)((_count - _notKept) % _mostRows)] = row;
        _count++;
    }

    /// <summary>A row's value, and what the forecasts that repeat values make of it and those before.</summary>
    /// <param name="Value">The value, NaN if it is missing.</param>
    /// <param name="Seasonal">The value, or if it is missing that of a season before.</param>
    /// <param name="Last">The last value up to here that is not missing, NaN if there is none.</param>
    /// <param name="LastAt">Its row, -1 if there is none.</param>
    private readonly record struct Row(double Value, double Seasonal, double Last, long LastAt)
    {
        public static Row None { get; } = new(double.NaN, double.NaN, double.NaN, -1);
    }
}
