namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>
/// The baseline forecasts of one target of one series: what each baseline, at any of the last H rows, forecast for the next row. Of the
/// values so far it keeps only as many as that takes. A missing value is NaN; the naive forecast replaces it by the last value, the
/// seasonal naive forecast by the value a season before.
/// </summary>
internal sealed class BaselineForecasts
{
    private readonly int _seasonality;
    // The last rows: row t is in slot (t - _notKept) % _mostRows. The list grows up to _mostRows.
    private readonly List<Row> _rows = [];
    private readonly long _mostRows;
    private long _count;
    // How many rows were never kept: whole seasons without a value, whose rows would equal the kept ones.
    private long _notKept;
    private double _first = double.NaN;
    private long _firstAt = -1;
    private double _sumOfDifferences;
    private long _differences;

    public BaselineForecasts(int horizon, int seasonality)
    {
        _seasonality = seasonality;
        _mostRows = (long)horizon + seasonality;
    }

    /// <summary>
    /// The scale of MASE: the mean absolute error of the seasonal naive forecast one season ahead, over the values that count for the
    /// scale. NaN if no two of these values are a season apart.
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

    /// <summary>Adds missing values for any number of steps without a row.</summary>
    public void LeaveOut(long steps)
    {
        // Once none of the kept rows has a value, each equals the row a season before.
        long like = steps <= _mostRows ? 0 : (steps - _mostRows) / _seasonality * _seasonality;
        for (long i = like; i < steps; i++)
            Add(double.NaN, countsForScale: false);
        _count += like;
        _notKept += like;
    }

    /// <summary>
    /// The naive forecast of the next row, made <paramref name="ahead"/> rows before it: the last value. NaN if there was none yet.
    /// </summary>
    public double Naive(int ahead) => ahead > _count ? double.NaN : this[_count - ahead].Last;

    /// <summary>
    /// The seasonal naive forecast of the next row, made <paramref name="ahead"/> rows before it: the last value at the same point of a
    /// season. NaN if there was none yet.
    /// </summary>
    public double SeasonalNaive(int ahead)
    {
        long at = _count - (long)_seasonality * ((ahead - 1) / _seasonality + 1);
        return at < 0 ? double.NaN : this[at].Seasonal;
    }

    /// <summary>
    /// The drift forecast of the next row, made <paramref name="ahead"/> rows before it: on the line through the first and the last value.
    /// NaN if there were no two values yet.
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

    /// <summary>The value of a row, and what the naive forecasts repeat from there.</summary>
    /// <param name="Value">The value, NaN if it is missing.</param>
    /// <param name="Seasonal">The value or, if it is missing, the value a season before.</param>
    /// <param name="Last">The last value that is not missing; NaN if there is none.</param>
    /// <param name="LastAt">The row of <paramref name="Last"/>; -1 if there is none.</param>
    private readonly record struct Row(double Value, double Seasonal, double Last, long LastAt)
    {
        public static Row None { get; } = new(double.NaN, double.NaN, double.NaN, -1);
    }
}
