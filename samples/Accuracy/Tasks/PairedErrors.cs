namespace Accuracy.Tasks;

/// <summary>
/// The mean absolute error of each forecast beside those of the simple methods at the same row: how sure it is that one is better.
/// </summary>
/// <param name="season">The rows of a season.</param>
/// <param name="overlap">How many forecasts in a row have values in common, whose errors are alike.</param>
internal sealed class PairedErrors(int season, int overlap)
{
    private readonly List<double> _ours = [];
    private readonly Dictionary<string, List<double>> _simple = new() { ["naive"] = [], ["seasonal naive"] = [], ["drift"] = [] };

    /// <summary>Adds the errors of one forecast.</summary>
    /// <param name="known">The values up to the forecast.</param>
    /// <param name="forecast">The values forecast.</param>
    /// <param name="values">Those that followed; fewer than were forecast where the series ends.</param>
    /// <param name="unit">The unit of errors.</param>
    public void Add(ReadOnlySpan<float> known, ReadOnlySpan<float> forecast, ReadOnlySpan<float> values, double unit)
    {
        int first = 0, last = known.Length - 1;
        while (first < last && !float.IsFinite(known[first]))
            first++;
        while (last > first && !float.IsFinite(known[last]))
            last--;
        double slope = last > first ? ((double)known[last] - known[first]) / (last - first) : 0;
        double ours = 0, naive = 0, seasonal = 0, drift = 0;
        int count = 0;
        for (int h = 0; h < values.Length; h++)
        {
            int before = known.Length - season + h % season;
            double ofSeason = before >= 0 && float.IsFinite(known[before]) ? known[before] : known[last];
            double ahead = known.Length + h - last;
            if (!float.IsFinite(values[h]) || !float.IsFinite(known[last]))
                continue;
            count++;
            ours += Math.Abs(forecast[h] - values[h]);
            naive += Math.Abs(known[last] - values[h]);
            seasonal += Math.Abs(ofSeason - values[h]);
            drift += Math.Abs(known[last] + ahead * slope - values[h]);
        }
        if (count == 0)
            return;
        _ours.Add(ours / count / unit);
        _simple["naive"].Add(naive / count / unit);
        _simple["seasonal naive"].Add(seasonal / count / unit);
        _simple["drift"].Add(drift / count / unit);
    }

    /// <summary>
    /// By how many standard errors of the mean difference the forecasts' error is above that of a simple method (Diebold and Mariano 1995;
    /// with the weights of Newey and West 1987 for forecasts that overlap); NaN for another method.
    /// </summary>
    public double StandardErrorsAbove(string method)
    {
        if (!_simple.TryGetValue(method, out List<double>? other) || _ours.Count < 2)
            return double.NaN;
        double[] differences = [.. _ours.Zip(other, (one, two) => one - two)];
        double mean = differences.Average(), variance = 0;
        for (int lag = 0; lag < Math.Min(overlap, differences.Length); lag++)
        {
            double covariance = 0;
            for (int t = lag; t < differences.Length; t++)
                covariance += (differences[t] - mean) * (differences[t - lag] - mean);
            variance += (lag == 0 ? 1 : 2 * (1 - (double)lag / overlap)) * covariance / differences.Length;
        }
        return mean == 0 ? 0 : mean / Math.Sqrt(variance / differences.Length);
    }
}
