using System.Runtime.Intrinsics;

namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>
/// Simple exponential smoothing: level += α·(value − level), whose last level is the forecast of all values to come. α, from 0.0001 to
/// 0.9999, and the level before the first value are those with the least squared errors one step ahead (the same as <c>ses</c> of the R
/// package forecast with <c>initial = "optimal"</c>).
/// </summary>
/// <param name="Alpha">α.</param>
/// <param name="Level">The level after the last value; NaN where there is no value.</param>
internal readonly record struct ExponentialSmoothing(double Alpha, double Level)
{
    private const double LeastAlpha = 1e-4;
    private const double MostAlpha = 1 - LeastAlpha;

    // Vectors of candidates for α that are tried together: each waits for its last step, meanwhile the others go on.
    private const int Vectors = 3;

    // How often the range of candidates is narrowed around the best one: to a distance of 0.0003 between them.
    private const int Passes = 3;

    private static readonly int Candidates = Vectors * Vector512<double>.Count;

    /// <summary>Smooths values, which must be finite.</summary>
    public static ExponentialSmoothing Fit(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            return new ExponentialSmoothing(LeastAlpha, double.NaN);
        double from = LeastAlpha, to = MostAlpha, least = double.PositiveInfinity;
        var best = new ExponentialSmoothing(LeastAlpha, values[0]);
        for (int pass = 0; pass < Passes; pass++)
        {
            double distance = (to - from) / (Candidates - 1);
            Try(values, from, distance, ref best, ref least);
            (from, to) = (Math.Max(LeastAlpha, best.Alpha - distance), Math.Min(MostAlpha, best.Alpha + distance));
        }
        return best;
    }

    /// <summary>Tries the candidates that begin with <paramref name="from"/> and are <paramref name="distance"/> apart.</summary>
    private static void Try(ReadOnlySpan<double> values, double from, double distance, ref ExponentialSmoothing best, ref double least)
    {
        // Errors are linear in the level l before the first value: e − r·l, with the errors e for l = 0 and r = (1 − α)^t. So the
        // sums of e², e·r and r², which is a geometric series, say which l is best. Levels are relative to the first value, for
        // precision.
        Vector512<double> step = Vector512.Create(distance), lanes = Vector512.CreateSequence(0.0, 1.0);
        Vector512<double> alpha0 = Vector512.Create(from) + lanes * step;
        Vector512<double> alpha1 = Vector512.Create(from + Vector512<double>.Count * distance) + lanes * step;
        Vector512<double> alpha2 = Vector512.Create(from + 2 * Vector512<double>.Count * distance) + lanes * step;
        (Sums sums0, Sums sums1, Sums sums2) = (new(), new(), new());
        double first = values[0];
        foreach (double value in values)
        {
            Vector512<double> x = Vector512.Create(value - first);
            sums0.Add(x, alpha0);
            sums1.Add(x, alpha1);
            sums2.Add(x, alpha2);
        }
        sums0.Choose(alpha0, values, ref best, ref least);
        sums1.Choose(alpha1, values, ref best, ref least);
        sums2.Choose(alpha2, values, ref best, ref least);
    }

    /// <summary>What smoothing with a vector of α keeps; with more fields it would not be kept in registers.</summary>
    private struct Sums()
    {
        private Vector512<double> _level;
        private Vector512<double> _rest = Vector512<double>.One;
        private Vector512<double> _errors;
        private Vector512<double> _products;

        public void Add(Vector512<double> value, Vector512<double> alpha)
        {
            Vector512<double> error = value - _level;
            _errors += error * error;
            _products += error * _rest;
            _level += alpha * error;
            _rest -= alpha * _rest;
        }

        public readonly void Choose(Vector512<double> alpha, ReadOnlySpan<double> values, ref ExponentialSmoothing best, ref double least)
        {
            Vector512<double> rests = (Vector512<double>.One - _rest * _rest) / (alpha * (Vector512.Create(2.0) - alpha));
            Vector512<double> start = _products / rests, errors = _errors - start * _products, level = _level + _rest * start;
            for (int i = 0; i < Vector512<double>.Count; i++)
            {
                if (errors[i] < least)
                    (best, least) = (new ExponentialSmoothing(alpha[i], values[0] + level[i]), errors[i]);
            }
        }
    }
}
