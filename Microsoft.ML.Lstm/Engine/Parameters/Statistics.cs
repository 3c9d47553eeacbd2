using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>Medians and quantiles of samples.</summary>
internal static class Statistics
{
    /// <summary>The median of one or more values: where their number is even, the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<float> values)
    {
        float[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + (double)sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The quantile <paramref name="part"/>/<paramref name="of"/> of sorted values without interpolation.</summary>
    public static T Quantile<T>(IReadOnlyList<T> sorted, int part, int of) => sorted[(int)((long)sorted.Count * part / of)];

    /// <summary>
    /// A quantile of sorted values, interpolated linearly where value i of n, from 0, is the quantile (i + ½)/n (Hazen; type 5 of Hyndman
    /// and Fan 1996).
    /// </summary>
    public static double InterpolatedQuantile(float[] sorted, double probability)
    {
        double at = Math.Clamp(probability * sorted.Length - 0.5, 0, sorted.Length - 1);
        int below = (int)at;
        return sorted[below] + (at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - (double)sorted[below]);
    }

    /// <summary>
    /// The value that a further one exceeds with a probability of at most 1 − <paramref name="probability"/>: the value of rank
    /// ⌈(n + 1)·probability⌉ among n sorted values (split conformal prediction; Vovk et al. 2005). Null where n is too small.
    /// </summary>
    public static float? ConformalQuantile(float[] sorted, double probability)
    {
        int rank = (int)Math.Ceiling((sorted.Length + 1) * probability - 1e-9);
        return rank <= sorted.Length ? sorted[rank - 1] : null;
    }

    /// <summary>
    /// How much of a correction to take: from 0 to 1 the share with the least squared error, shrunk by how uncertain it is. A share s whose
    /// deviation is d becomes s·(1 − d²/s²) (the positive-part estimator of James and Stein 1961, for one number).
    /// </summary>
    /// <param name="products">Of each block of rows the sum of error times correction; errors in a block may go together.</param>
    /// <param name="squares">Of each block the sum of the squared corrections.</param>
    public static double ShrunkShare(ReadOnlySpan<double> products, ReadOnlySpan<double> squares)
    {
        double all = TensorPrimitives.Sum(squares), share = TensorPrimitives.Sum(products) / all, variance = 0;
        if (!(all > 0))
            return 1;
        if (!(share > 0))
            return 0;
        for (int i = 0; i < products.Length; i++)
        {
            double off = (products[i] - share * squares[i]) / all;
            variance += off * off;
        }
        return Math.Min(share, 1) * Math.Max(0, 1 - variance / (share * share));
    }

    /// <summary>The quantile of a logistic distribution with mean 0 and deviation 1.</summary>
    public static double LogisticQuantile(double probability) => Math.Sqrt(3) / Math.PI * Math.Log(probability / (1 - probability));
}

/// <summary>
/// The tail of a distribution beyond a threshold, exponential as extreme values are taken to be (peaks over a threshold,
/// <see href="https://doi.org/10.1145/3097983.3098144">Siffer et al. 2017</see>, with shape 0).
/// </summary>
/// <param name="Rate">The share of values beyond the threshold, from 0 to 1.</param>
/// <param name="Excess">The mean distance from the threshold of the values beyond it, above 0.</param>
internal readonly record struct ExponentialTail(float Rate, float Excess)
{
    // Two percent of an exponential tail lie beyond this many mean excesses.
    private const double LargestExcess = 4;

    /// <summary>The probability of a value at least <paramref name="distance"/>, 0 or more, beyond the threshold.</summary>
    public double Beyond(double distance) => Rate * Math.Exp(-distance / Excess);

    /// <summary>
    /// The distance beyond the threshold that a value exceeds with <paramref name="probability"/>, above 0 and at most <see cref="Rate"/>.
    /// </summary>
    public double Distance(double probability) => Excess * Math.Log(Rate / probability);

    /// <summary>
    /// The tail updated by one more value, earlier values fading exponentially. However far out, a value counts as at most
    /// <see cref="LargestExcess"/> mean excesses, so that a single anomaly hardly changes the tail, and many do.
    /// </summary>
    /// <param name="distance">The value's distance beyond the threshold; 0 or less if it is not beyond.</param>
    /// <param name="weight">The value's weight in the rate, from 0 to 1.</param>
    /// <param name="excessWeight">The value's weight in the mean excess if it is beyond the threshold, from 0 to 1.</param>
    public ExponentialTail Follow(double distance, double weight, double excessWeight) => distance > 0
        ? new ExponentialTail((float)(Rate + weight * (1 - Rate)),
            (float)(Excess + excessWeight * (Math.Min(distance, LargestExcess * Excess) - Excess)))
        : this with { Rate = (float)(Rate - weight * Rate) };
}
