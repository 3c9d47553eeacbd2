using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// The distribution of scores when nothing is wrong: the quantiles of calibration scores between two thresholds, and an exponential tail
/// beyond each. The tails can follow the scores of a series that changes (<see cref="Follow"/>).
/// </summary>
internal sealed class ScoreDistribution
{
    /// <summary>How many quantiles there are, at even probabilities from the lower threshold to the upper one.</summary>
    public const int QuantileCount = 96;

    // The share of the calibration scores in each tail.
    private const double TailRate = 0.025;

    private readonly float[] _quantiles;

    /// <param name="quantiles">The quantiles, ascending; the first and the last are the thresholds.</param>
    /// <param name="lower">The tail below the first quantile.</param>
    /// <param name="upper">The tail above the last quantile.</param>
    public ScoreDistribution(float[] quantiles, ExponentialTail lower, ExponentialTail upper)
    {
        _quantiles = quantiles;
        Lower = lower;
        Upper = upper;
    }

    public ReadOnlySpan<float> Quantiles => _quantiles;

    public ExponentialTail Lower { get; private set; }

    public ExponentialTail Upper { get; private set; }

    // The share of scores between the thresholds.
    private double Inner => 1 - (double)Lower.Rate - Upper.Rate;

    /// <summary>The distribution of some calibration scores, at least one.</summary>
    public static ScoreDistribution Of(IEnumerable<float> scores)
    {
        float[] sorted = [.. scores.Order()];
        if (sorted.Length == 0)
            throw new ArgumentException("There are no scores.", nameof(scores));
        float[] quantiles = new float[QuantileCount];
        for (int i = 0; i < QuantileCount; i++)
        {
            double probability = TailRate + (1 - 2 * TailRate) * i / (QuantileCount - 1);
            quantiles[i] = (float)Statistics.InterpolatedQuantile(sorted, probability);
        }
        // Where no score lies beyond a threshold, as when all are equal, the tail has the size that a normal distribution with these
        // quartiles would give it.
        double least = Math.Max(0.28 * (quantiles[3 * QuantileCount / 4] - (double)quantiles[QuantileCount / 4]),
            1e-6 * Math.Max(1, Math.Abs(quantiles[QuantileCount / 2])));
        return new ScoreDistribution(quantiles,
            Tail(sorted.Where(score => score < quantiles[0]).Select(score => (double)quantiles[0] - score)),
            Tail(sorted.Where(score => score > quantiles[^1]).Select(score => (double)score - quantiles[^1])));

        ExponentialTail Tail(IEnumerable<double> excesses)
            => new((float)TailRate, (float)Math.Max(least, excesses.DefaultIfEmpty().Average()));
    }

    /// <summary>A copy whose tails change independently.</summary>
    public ScoreDistribution Copy() => With(Lower, Upper);

    /// <summary>A copy with other tails.</summary>
    public ScoreDistribution With(ExponentialTail lower, ExponentialTail upper) => new(_quantiles, lower, upper);

    /// <summary>Updates the tails by a score, with the weight of one among about <paramref name="history"/>.</summary>
    public void Follow(double score, int history)
    {
        double weight = 1.0 / history;
        double excessWeight = Math.Min(1, weight / TailRate);
        Lower = Lower.Follow(_quantiles[0] - score, weight, excessWeight);
        Upper = Upper.Follow(score - _quantiles[^1], weight, excessWeight);
    }

    /// <summary>The probability of a score of at least <paramref name="score"/>.</summary>
    public double Above(double score)
    {
        if (score > _quantiles[^1])
            return Upper.Beyond(score - _quantiles[^1]);
        return score < _quantiles[0] ? 1 - Below(score) : Upper.Rate + Inner * (1 - Inside(score));
    }

    /// <summary>The probability of a score of at most <paramref name="score"/>.</summary>
    public double Below(double score) => score < _quantiles[0] ? Lower.Beyond(_quantiles[0] - score) : 1 - Above(score);

    /// <summary>The probability of a score at least as far out on a side.</summary>
    public double PValue(ResidualSide side, double score) => side switch
    {
        ResidualSide.Above => Above(score),
        ResidualSide.Below => Below(score),
        _ => Math.Min(1, 2 * Math.Min(Above(score), Below(score))),
    };

    /// <summary>
    /// The bounds within which a score's p-value is above <paramref name="probability"/>; infinite on a side where no score is an anomaly.
    /// </summary>
    public (double Lower, double Upper) Bounds(ResidualSide side, double probability) => side switch
    {
        ResidualSide.Above => (double.NegativeInfinity, Quantile(1 - probability)),
        ResidualSide.Below => (Quantile(probability), double.PositiveInfinity),
        _ => (Quantile(probability / 2), Quantile(1 - probability / 2)),
    };

    /// <summary>The quantile of <paramref name="probability"/>, above 0 and below 1.</summary>
    public double Quantile(double probability)
    {
        if (probability < Lower.Rate)
            return _quantiles[0] - Lower.Distance(probability);
        if (1 - probability < Upper.Rate)
            return _quantiles[^1] + Upper.Distance(1 - probability);
        double inside = Inner > 0 ? Math.Clamp((probability - Lower.Rate) / Inner, 0, 1) : 0.5;
        double at = inside * (QuantileCount - 1);
        int below = Math.Min((int)at, QuantileCount - 2);
        return _quantiles[below] + (at - below) * (_quantiles[below + 1] - (double)_quantiles[below]);
    }

    // The share of the scores between the thresholds that are below a score.
    private double Inside(double score)
    {
        int found = Array.BinarySearch(_quantiles, (float)score);
        int above = found >= 0 ? found : ~found;
        if (found < 0)
        {
            double width = (double)_quantiles[above] - _quantiles[above - 1];
            return (above - 1 + (score - _quantiles[above - 1]) / width) / (QuantileCount - 1);
        }
        // In the middle of equal quantiles.
        int first = above, last = above;
        while (first > 0 && _quantiles[first - 1] == _quantiles[above])
            first--;
        while (last < QuantileCount - 1 && _quantiles[last + 1] == _quantiles[above])
            last++;
        return 0.5 * (first + last) / (QuantileCount - 1);
    }
}
