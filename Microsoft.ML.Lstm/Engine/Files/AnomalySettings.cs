using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>What a detector of anomalies needs to know beside its forecasts.</summary>
internal sealed record AnomalySettings
{
    /// <summary>The most rows that a score is over.</summary>
    public const int MaxSmoothing = 10_000;

    /// <summary>What <see cref="IsHistory"/> allows.</summary>
    public const string HistoryRange = "0, or from 100 to 1000000";

    /// <summary>The column that receives what it says.</summary>
    public required string OutputColumnName { get; init; }

    /// <summary>In percent: alerts are given for p-values of at most 1 − this.</summary>
    public required double Confidence { get; init; }

    public ResidualSide Side { get; init; }

    /// <summary>About how many scores of a series p-values go by; 0 for those that the distribution was made of, for ever.</summary>
    public required int History { get; init; }

    /// <summary>Median and unit of the residuals, and the rows that a score is over.</summary>
    public required ResidualScale Residuals { get; init; }

    /// <summary>Whether a length may be that of <see cref="History"/>.</summary>
    public static bool IsHistory(int length) => length is 0 or (>= 100 and <= 1_000_000);
}
