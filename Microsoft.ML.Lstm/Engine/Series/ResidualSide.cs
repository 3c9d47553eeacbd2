using Microsoft.ML.Lstm.Engine.Series;


namespace Microsoft.ML.Lstm;

/// <summary>On which side of what was expected a value has to be to be an anomaly.</summary>
public enum ResidualSide
{
    /// <summary>On either.</summary>
    TwoSided,

    /// <summary>Above.</summary>
    Above,

    /// <summary>Below.</summary>
    Below,
}

/// <summary>What a side means for scores.</summary>
internal static class ResidualSides
{
    /// <summary>The probability of a score at least as far on the side, when nothing is wrong.</summary>
    public static double PValue(this ResidualSide side, ScoreDistribution scores, double score) => side switch
    {
        ResidualSide.Above => scores.Above(score),
        ResidualSide.Below => scores.Below(score),
        _ => Math.Min(1, 2 * Math.Min(scores.Above(score), scores.Below(score))),
    };

    /// <summary>The scores between which the p-value is above <paramref name="probability"/>; infinite where the side has no end.</summary>
    public static (double Lower, double Upper) Bounds(this ResidualSide side, ScoreDistribution scores, double probability) => side switch
    {
        ResidualSide.Above => (double.NegativeInfinity, scores.Quantile(1 - probability)),
        ResidualSide.Below => (scores.Quantile(probability), double.PositiveInfinity),
        _ => (scores.Quantile(probability / 2), scores.Quantile(1 - probability / 2)),
    };
}
