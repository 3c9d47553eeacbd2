namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>A forecast that needs no training (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 5.2 and 8.1).</summary>
internal enum Baseline
{
    /// <summary>The last value.</summary>
    Naive,

    /// <summary>The line through the first and the last value.</summary>
    Drift,

    /// <summary>The values of the last season.</summary>
    SeasonalNaive,

    /// <summary>The level of <see cref="Baselines.ExponentialSmoothing"/>.</summary>
    ExponentialSmoothing,

    /// <summary>The <see cref="ThetaMethod"/>.</summary>
    Theta,
}

/// <summary>The baselines that there are.</summary>
internal static class BaselineNames
{
    private static readonly string[] Names = ["naive", "drift", "seasonal naive", "exponential smoothing", "theta"];

    /// <summary>The baselines of a series, in the order of the enumeration; <see cref="Baseline.SeasonalNaive"/> only where a season has
    /// more than one row.</summary>
    public static Baseline[] Of(int seasonality)
        => [.. Enum.GetValues<Baseline>().Where(baseline => seasonality > 1 || baseline != Baseline.SeasonalNaive)];

    /// <summary>The name of a baseline in tables, logs and reports.</summary>
    public static string NameOf(Baseline baseline) => Names[(int)baseline];
}
