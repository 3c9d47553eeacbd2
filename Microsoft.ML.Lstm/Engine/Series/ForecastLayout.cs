using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>What a step of a forecasting network reads, and what it gives.</summary>
internal sealed record ForecastLayout
{
    /// <summary>D: series of numbers to be forecast together.</summary>
    public required int Targets { get; init; }

    /// <summary>P: covariates that are known up to the present step.</summary>
    public int PastCovariates { get; init; }

    /// <summary>K: covariates that are known over the horizon too.</summary>
    public int KnownCovariates { get; init; }

    /// <summary>Features of the time of the next step.</summary>
    public int CalendarFeatures { get; init; }

    /// <summary>H: steps ahead to forecast.</summary>
    public required int Horizon { get; init; }

    /// <summary>L: the last values of each target that a step reads, its own among them.</summary>
    public required int Lags { get; init; }

    /// <summary>W: steps that <see cref="SeriesScaling.Window"/> is over.</summary>
    public required int WindowSize { get; init; }

    public SeriesScaling Scaling { get; init; }

    public ForecastLoss Loss { get; init; }

    /// <summary>Whether a step says which targets and past covariates were missing.</summary>
    public bool HasMissing { get; init; }

    /// <summary>
    /// Whether the values of a window say how large they are where the training data does not, and <see cref="SeriesScaling.LastValue"/>
    /// with one lag reads changes. Version 0.1.0 did neither, and what it saved says neither.
    /// </summary>
    public bool WindowDecides { get; init; }

    /// <summary>
    /// Numbers that the network gives for one value: the point, or with quantiles lower, median and upper, or mean and deviation.
    /// </summary>
    [JsonIgnore]
    public int OutputsOfValue => Loss switch { ForecastLoss.Quantile => 3, ForecastLoss.Gaussian => 2, _ => 1 };

    /// <summary>H·D: values of a forecast, those of the first step ahead first.</summary>
    [JsonIgnore]
    public int Values => Horizon * Targets;

    /// <summary>Outputs of a step.</summary>
    [JsonIgnore]
    public int OutputSize => Values * OutputsOfValue;

    /// <summary>Numbers of a row: targets and past covariates, then known covariates.</summary>
    [JsonIgnore]
    public int RowSize => Targets + PastCovariates + KnownCovariates;

    /// <summary>F: features of a step.</summary>
    [JsonIgnore]
    public int FeatureSize
        => Targets * Lags + PastCovariates + KnownCovariates * (Horizon + 1) + CalendarFeatures
            + (HasMissing ? Targets + PastCovariates : 0);

    /// <summary>
    /// Whether the one lag of a target is its last change: its last value, measured by the last value, would say nothing.
    /// </summary>
    [JsonIgnore]
    public bool ReadsChange => WindowDecides && Scaling == SeriesScaling.LastValue && Lags == 1;

    /// <summary>Steps of history that a step's features are made of.</summary>
    [JsonIgnore]
    public int History => Math.Max(Lags, WindowDecides ? Math.Max(WindowSize, 2) : Scaling == SeriesScaling.Window ? WindowSize : 1);
}
