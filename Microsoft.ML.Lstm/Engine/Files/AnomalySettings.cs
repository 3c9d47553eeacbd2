using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Detection;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The settings that an anomaly detector has beside its forecaster's settings, stored with the model as JSON.</summary>
internal sealed record AnomalySettings
{
    /// <summary>The most rows that a score may be summed over.</summary>
    public const int MaxSmoothing = 10_000;

    /// <summary>The range of <see cref="IsHistory"/>, for messages.</summary>
    public const string HistoryRange = "0, or from 100 to 1000000";

    /// <summary>The range of <see cref="IsUsualWeight"/>, for messages.</summary>
    public const string UsualWeightRange = "from 0 to 1000";

    /// <summary>The column that receives the results.</summary>
    public required string OutputColumnName { get; init; }

    /// <summary>In percent: a row gets an alert if its p-value is at most 1 − Confidence/100.</summary>
    public required double Confidence { get; init; }

    public ResidualSide Side { get; init; }

    /// <summary>About how many scores of a series its p-values are based on; 0 for the calibration scores only.</summary>
    public required int History { get; init; }

    /// <summary>How residuals are standardized and summed.</summary>
    public required ResidualScale Residuals { get; init; }

    /// <summary>By what rows are judged.</summary>
    [JsonIgnore]
    public DetectionRule Rule => new(Residuals, Side, History, 1 - Confidence / 100);

    public static AnomalySettings From(SavedValue json) => new()
    {
        OutputColumnName = json["outputColumnName"].Text(),
        Confidence = json["confidence"].Double(),
        Side = json.Find("side")?.Enum<ResidualSide>() ?? default,
        History = json["history"].Int32(),
        Residuals = json["residuals"].Object(scale
            => new ResidualScale(scale["median"].Double(), scale["unit"].Double(), scale["smoothing"].Int32())
            {
                UsualWeight = scale.Find("usualWeight")?.Double() ?? 0,
            }),
    };

    /// <summary>Whether a number is a valid <see cref="ResidualScale.UsualWeight"/>.</summary>
    public static bool IsUsualWeight(double weight) => weight is >= 0 and <= 1000;

    /// <summary>Whether a length is a valid <see cref="History"/>.</summary>
    public static bool IsHistory(int length) => length is 0 or (>= 100 and <= 1_000_000);
}
