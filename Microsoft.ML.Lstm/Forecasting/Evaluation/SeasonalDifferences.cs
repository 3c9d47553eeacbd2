namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>
/// Finds the scale of MASE for one target of one series: the mean absolute error of the seasonal naive forecast one season ahead (Hyndman
/// and Koehler 2006). Missing values are left out.
/// </summary>
/// <param name="seasonality">How many rows a season has.</param>
internal sealed class SeasonalDifferences(int seasonality)
{
    private readonly Queue<float> _lastSeason = [];
    private double _sum;
    private long _count;

    /// <summary>The scale; NaN if no two of the values that count are a season apart.</summary>
    public double Mean => _count == 0 ? double.NaN : _sum / _count;

    /// <summary>Adds the value of the next row, NaN if it is missing.</summary>
    public void Add(float value, bool counts)
    {
        double difference = _lastSeason.Count < seasonality ? double.NaN : Math.Abs(value - (double)_lastSeason.Dequeue());
        if (counts && !double.IsNaN(difference))
            (_sum, _count) = (_sum + difference, _count + 1);
        _lastSeason.Enqueue(value);
    }

    /// <summary>Adds missing values for any number of steps without a row.</summary>
    public void LeaveOut(long steps)
    {
        if (steps >= seasonality)
            _lastSeason.Clear();
        for (long i = 0; i < steps && _lastSeason.Count > 0; i++)
            Add(float.NaN, counts: false);
    }
}
