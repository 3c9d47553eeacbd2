namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// How scores are distributed when nothing is wrong: quantiles of those seen, and beyond the outermost of them exponential tails, as extreme
/// values are taken to have (peaks over a threshold; Siffer et al. 2017, with shape 0).
/// </summary>
internal sealed class ScoreDistribution
{
    /// <summary>Quantiles that are kept, those of the probabilities (i + ½) / 100.</summary>
    public const int QuantileCount = 100;

    private const double TailProbability = 0.5 / QuantileCount;

    private readonly float[] _quantiles;

    /// <param name="quantiles">The quantiles, ascending.</param>
    /// <param name="lowerExcess">How far scores below the first quantile are below it on average, above 0.</param>
    /// <param name="upperExcess">How far scores above the last quantile are above it on average, above 0.</param>
    public ScoreDistribution(float[] quantiles, double lowerExcess, double upperExcess)
    {
        _quantiles = quantiles;
        LowerExcess = lowerExcess;
        UpperExcess = upperExcess;
    }

    public ReadOnlySpan<float> Quantiles => _quantiles;

    public double LowerExcess { get; }

    public double UpperExcess { get; }

    /// <summary>The distribution of some scores, at least one.</summary>
    public static ScoreDistribution Of(IEnumerable<float> scores)
    {
        float[] sorted = [.. scores.Order()];
        if (sorted.Length == 0)
            throw new ArgumentException("There are no scores.", nameof(scores));
        float[] quantiles = new float[QuantileCount];
        for (int i = 0; i < QuantileCount; i++)
        {
            double at = Math.Clamp((i + 0.5) / QuantileCount * sorted.Length - 0.5, 0, sorted.Length - 1);
            int below = (int)at;
            quantiles[i] = (float)(sorted[below] + (at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - (double)sorted[below]));
        }
        // Where nothing lies beyond, as where all are the same, the tails are as a normal distribution's with these quartiles.
        double least = Math.Max(0.15 * (quantiles[3 * QuantileCount / 4] - (double)quantiles[QuantileCount / 4]), 1e-6 * Math.Max(1, Math.Abs(quantiles[QuantileCount / 2])));
        return new ScoreDistribution(quantiles,
            Math.Max(least, MeanExcess(sorted.Where(score => score < quantiles[0]).Select(score => (double)quantiles[0] - score))),
            Math.Max(least, MeanExcess(sorted.Where(score => score > quantiles[^1]).Select(score => (double)score - quantiles[^1]))));

        static double MeanExcess(IEnumerable<double> excesses) => excesses.DefaultIfEmpty().Average();
    }

    /// <summary>The probability of a score of at least <paramref name="score"/>.</summary>
    public double Above(double score)
    {
        if (score > _quantiles[^1])
            return TailProbability * Math.Exp(-(score - _quantiles[^1]) / UpperExcess);
        return score < _quantiles[0] ? 1 - TailProbability * Math.Exp(-(_quantiles[0] - score) / LowerExcess) : 1 - Inside(score);
    }

    /// <summary>The probability of a score of at most <paramref name="score"/>.</summary>
    public double Below(double score) => score < _quantiles[0] ? TailProbability * Math.Exp(-(_quantiles[0] - score) / LowerExcess) : 1 - Above(score);

    /// <summary>The score that one is below with <paramref name="probability"/>, above 0 and below 1.</summary>
    public double Quantile(double probability)
    {
        if (probability < TailProbability)
            return _quantiles[0] + LowerExcess * Math.Log(probability / TailProbability);
        if (1 - probability < TailProbability)
            return _quantiles[^1] - UpperExcess * Math.Log((1 - probability) / TailProbability);
        double at = Math.Clamp(probability * QuantileCount - 0.5, 0, QuantileCount - 1);
        int below = Math.Min((int)at, QuantileCount - 2);
        return _quantiles[below] + (at - below) * (_quantiles[below + 1] - (double)_quantiles[below]);
    }

    private double Inside(double score)
    {
        int found = Array.BinarySearch(_quantiles, (float)score);
        int above = found >= 0 ? found : ~found;
        // Of equal quantiles the middle.
        int first = above, last = above;
        while (first > 0 && _quantiles[first - 1] == _quantiles[above])
            first--;
        while (last < QuantileCount - 1 && _quantiles[last + 1] == _quantiles[above])
            last++;
        if (found >= 0)
            return (0.5 * (first + last) + 0.5) / QuantileCount;
        double width = (double)_quantiles[above] - _quantiles[above - 1];
        return (above - 1 + (score - _quantiles[above - 1]) / width + 0.5) / QuantileCount;
    }
}
