namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// What lies beyond a threshold: exponentially distributed, as extreme values are taken to be (peaks over a threshold,
/// <see href="https://doi.org/10.1145/3097983.3098144">Siffer et al. 2017</see>, with shape 0).
/// </summary>
/// <param name="Rate">The share of scores beyond the threshold, from 0 to 1.</param>
/// <param name="Excess">How far beyond it they are on average, above 0.</param>
internal readonly record struct ScoreTail(float Rate, float Excess)
{
    // Above this many mean excesses there are 2 percent of an exponential tail.
    private const double LargestExcess = 4;

    /// <summary>The probability of a score at least <paramref name="distance"/> beyond the threshold, which is 0 or more.</summary>
    public double Beyond(double distance) => Rate * Math.Exp(-distance / Excess);

    /// <summary>
    /// The distance beyond the threshold that has <paramref name="probability"/>, at most <see cref="Rate"/> and above 0.
    /// </summary>
    public double Distance(double probability) => Excess * Math.Log(Rate / probability);

    /// <summary>
    /// The tail as it looks when one more score is known, those before it fading exponentially. However far out, a score counts as
    /// <see cref="LargestExcess"/> mean excesses at the most, so that an anomaly hardly changes what is usual, and many do.
    /// </summary>
    /// <param name="distance">How far the score is beyond the threshold; not above 0 if it is not.</param>
    /// <param name="weight">The score's weight in the rate, from 0 to 1.</param>
    /// <param name="excessWeight">Its weight in the mean excess if it is beyond the threshold, from 0 to 1.</param>
    public ScoreTail Follow(double distance, double weight, double excessWeight) => distance > 0
        ? new ScoreTail((float)(Rate + weight * (1 - Rate)),
            (float)(Excess + excessWeight * (Math.Min(distance, LargestExcess * Excess) - Excess)))
        : this with { Rate = (float)(Rate - weight * Rate) };
}
