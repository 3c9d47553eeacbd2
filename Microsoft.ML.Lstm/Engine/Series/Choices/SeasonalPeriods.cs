using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Engine.Series.Choices;

/// <summary>
/// Finds the periods of seasonal series by their autocorrelation, which at a period is significant, and higher than around it. A period
/// that the time between rows suggests (24 hours, 12 months) needs less evidence than any other.
/// </summary>
/// <remarks>
/// Two series are looked at: the residuals from a straight line, in which a long season shows, and the differences from row to row, in
/// which a wandering level does not hide a short one. The autocorrelation r(k) of n values is significant beyond z·√((1 + 2Σ r(j)²)/n),
/// j below k (Bartlett 1946), with z = 1.645 for a suggested period, as in the M4 competition, and 3 for others. Of many series, the
/// autocorrelations are averaged.
/// </remarks>
internal static class SeasonalPeriods
{
    // A period has to be seen this often.
    private const int LeastCycles = 3;

    private const int LongestPeriod = 2000;
    private const int MostSeries = 100;
    private const int MostRows = 20_000;
    private const double SuggestedEvidence = 1.645;
    private const double OtherEvidence = 3;

    // How far from the top of a broad peak a suggested period may lie, relative to itself.
    private const double PeakWidth = 0.04;

    /// <summary>The periods, the strongest first, each with the autocorrelation there.</summary>
    /// <param name="series">The values of each series, NaN where one is missing.</param>
    /// <param name="suggested">The periods that the time between rows suggests.</param>
    /// <param name="stop">Cancels the search.</param>
    public static IReadOnlyList<SeasonalPeriod> Find(IReadOnlyList<float[]> series, IReadOnlyList<int> suggested,
        CancellationToken stop = default)
    {
        int every = Math.Max(1, series.Count / MostSeries);
        float[][] chosen = [.. series.Where((values, i) => i % every == 0 && values.Length >= 2 * LeastCycles)];
        if (chosen.Length == 0)
            return [];
        // A few long series must not hide what most of them are too short for.
        int usual = chosen.Select(values => values.Length).Order().ElementAt(chosen.Length / 2);
        int longest = Math.Min(usual / LeastCycles, LongestPeriod);
        if (longest < 2)
            return [];
        Correlogram residuals = new(longest), changes = new(longest);
        foreach (float[] values in chosen)
        {
            stop.ThrowIfCancellationRequested();
            double[] filled = Fill(values.AsSpan(Math.Max(0, values.Length - Math.Max(2 * longest, MostRows / chosen.Length))));
            residuals.Add(Detrend(filled));
            changes.Add([.. filled.Zip(filled.Skip(1), (value, next) => next - value)]);
        }
        var found = new List<SeasonalPeriod>();
        foreach (int period in suggested.Where(period => period > 1 && period <= longest))
        {
            if (Strength(residuals, changes, period, SuggestedEvidence) is { } strength)
                found.Add(new SeasonalPeriod(period, strength));
        }
        for (int period = 2; period <= longest; period++)
        {
            bool isKnown = found.Exists(other => Math.Abs(other.Period - period) <= Math.Max(1, PeakWidth * other.Period));
            if (!isKnown && Strength(residuals, changes, period, OtherEvidence) is { } strength)
                found.Add(new SeasonalPeriod(period, strength));
        }
        // The second cycle of a period is no period of its own, unless it is clearly stronger: days in a week.
        found.Sort((one, other) => other.Strength != one.Strength ? other.Strength.CompareTo(one.Strength) : one.Period - other.Period);
        return [.. found.Where(one => !found.Exists(other => other.Period < one.Period && IsMultiple(one.Period, other.Period)
            && one.Strength < other.Strength + 0.05))];
    }

    private static bool IsMultiple(int period, int of)
    {
        double times = Math.Round((double)period / of);
        return times >= 2 && Math.Abs(period - times * of) <= Math.Max(1, PeakWidth * of) * times / 2;
    }

    private static double? Strength(Correlogram residuals, Correlogram changes, int period, double evidence)
    {
        double? one = residuals.PeakAt(period, evidence), other = changes.PeakAt(period, evidence);
        return one is null ? other : other is null ? one : Math.Max(one.Value, other.Value);
    }

    private static double[] Fill(ReadOnlySpan<float> values)
    {
        double[] filled = new double[values.Length];
        double last = 0;
        foreach (float value in values)
        {
            if (float.IsFinite(value))
            {
                last = value;
                break;
            }
        }
        for (int t = 0; t < values.Length; t++)
            filled[t] = last = float.IsFinite(values[t]) ? values[t] : last;
        return filled;
    }

    private static double[] Detrend(double[] values)
    {
        double middle = (values.Length - 1) / 2.0, products = 0, squares = 0, mean = values.Average();
        for (int t = 0; t < values.Length; t++)
            (products, squares) = (products + (t - middle) * (values[t] - mean), squares + (t - middle) * (t - middle));
        return [.. values.Select((value, t) => value - mean - products / squares * (t - middle))];
    }

    /// <summary>The mean autocorrelation of several series.</summary>
    private sealed class Correlogram(int longest)
    {
        // The lags of a peak's shoulders.
        private readonly double[] _sums = new double[longest + 2];
        private double _weights;
        private double _values;

        public void Add(double[] values)
        {
            double mean = values.Average();
            for (int t = 0; t < values.Length; t++)
                values[t] -= mean;
            double squares = TensorPrimitives.SumOfSquares<double>(values);
            if (!(squares > 0 && double.IsFinite(squares)) || values.Length <= LeastCycles)
                return;
            for (int lag = 1; lag < Math.Min(_sums.Length, values.Length - 1); lag++)
                _sums[lag] += TensorPrimitives.Dot<double>(values.AsSpan(lag), values.AsSpan(0, values.Length - lag)) / squares;
            _weights++;
            _values += values.Length;
        }

        /// <summary>The autocorrelation at a peak near a lag, where it is significant; else null.</summary>
        public double? PeakAt(int period, double evidence)
        {
            if (_weights == 0)
                return null;
            int around = Math.Max(1, (int)(PeakWidth * period)), top = period;
            for (int lag = Math.Max(1, period - around); lag <= Math.Min(period + around, longest + 1); lag++)
                top = _sums[lag] > _sums[top] ? lag : top;
            // A peak at the edge belongs to another period; of any other period only the top itself counts.
            if (top == Math.Max(1, period - around) || top >= Math.Min(period + around, longest + 1)
                || (evidence > SuggestedEvidence && top != period))
                return null;
            double squares = 0;
            for (int lag = 1; lag < top; lag++)
                squares += _sums[lag] * _sums[lag] / (_weights * _weights);
            double correlation = _sums[top] / _weights;
            return correlation > evidence * Math.Sqrt((1 + 2 * squares) / _values) ? correlation : null;
        }
    }
}

/// <summary>A period of seasonal series.</summary>
/// <param name="Period">The steps of a cycle.</param>
/// <param name="Strength">The autocorrelation over a cycle, up to 1.</param>
internal readonly record struct SeasonalPeriod(int Period, double Strength);
