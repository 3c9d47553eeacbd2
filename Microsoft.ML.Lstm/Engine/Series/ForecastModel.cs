using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>A trained forecaster: networks whose forecasts are averaged, and may be mixed with baselines.</summary>
/// <param name="Networks">The networks, at least one. Their layouts have the same rows, targets and horizon.</param>
/// <param name="Intervals">The calibration of the intervals.</param>
internal sealed record ForecastModel(IReadOnlyList<ForecastNetwork> Networks, ForecastIntervals Intervals)
{
    /// <summary>The weights of the networks in their mean, with the sum 1; empty where all have the same.</summary>
    public IReadOnlyList<double> Weights { get; init; } = [];

    /// <summary>What the networks' forecast is mixed with; null for nothing.</summary>
    public BaselineMixture? Baselines { get; init; }

    /// <summary>How the networks were trained; null where that is not known.</summary>
    public TrainingReport? Report { get; init; }

    /// <summary>The first network, whose inputs, other than lags, are those of all.</summary>
    public SequenceModel Network => Networks[0].Network;

    /// <summary>The layout of the first network.</summary>
    public ForecastLayout Layout => Networks[0].Layout;

    /// <summary>The units of the numbers in a row, as the first network has them.</summary>
    public RowScaling Scaling => Networks[0].Scaling;

    /// <summary>The number of series in the training data.</summary>
    public int Series => Scaling.Levels.Length / Layout.Targets - 1;

    /// <summary>This model with the weights of its networks rounded to a format.</summary>
    public ForecastModel WithFormat(WeightFormat format)
        => this with { Networks = [.. Networks.Select(one => one with { Network = one.Network.WithFormat(format) })] };

    /// <summary>The weight of a network in the mean of all.</summary>
    public double ShareOf(int network) => Weights.Count == 0 ? 1.0 / Networks.Count : Weights[network];

    /// <summary>The networks, ready to run.</summary>
    public SequenceNetwork[] Pack() => Pack(NetworkPasses.Forward);

    /// <summary>The networks, ready for some passes.</summary>
    public SequenceNetwork[] Pack(NetworkPasses passes)
        => [.. Networks.Select(one => new SequenceNetwork(one.Network.Parameters, passes))];
}

/// <summary>A forecasting network, with what it takes to encode rows as its steps and to read its outputs as forecasts.</summary>
/// <param name="Network">The network.</param>
/// <param name="Layout">The inputs and outputs of its steps.</param>
/// <param name="Scaling">The units of the numbers in a row.</param>
internal sealed record ForecastNetwork(SequenceModel Network, ForecastLayout Layout, RowScaling Scaling);

/// <summary>
/// The calibration of intervals: how far the ends that the network gives are moved, in units of the forecast's spread, for each of the
/// H·D values of a forecast, the first step ahead first.
/// </summary>
/// <param name="Lower">Added to the lower ends.</param>
/// <param name="Upper">Added to the upper ends.</param>
internal sealed record ForecastIntervals(float[] Lower, float[] Upper)
{
    /// <summary>An interval is at most so many times as wide, or as narrow, as usual.</summary>
    public const double MostFactor = 4;

    /// <summary>What a series that does not change at all counts as, as a share of the usual change: the next change may be one.</summary>
    public const double LeastChange = 0.125;

    /// <summary>How much each target changes usually (<see cref="SeriesEncoder.ChangeOf"/>), D; empty where it does not matter.</summary>
    public float[] UsualChanges { get; init; } = [];

    /// <summary>
    /// The power of the change, relative to the usual one, that the unit of each target's errors goes with, D; empty for 0.
    /// </summary>
    public float[] Powers { get; init; } = [];

    /// <summary>How widths follow the values that come; null where they stay as calibrated.</summary>
    public WidthAdaptation? Adaptation { get; init; }

    /// <summary>How many times as large as usual the unit of errors is behind a change.</summary>
    public double FactorOf(int target, double change) => Powers.Length == 0 ? 1 : FactorOf(target, change, Powers[target]);

    /// <summary>The same with another power.</summary>
    public double FactorOf(int target, double change, double power) => power == 0 ? 1
        : Math.Pow(Math.Clamp((change / UsualChanges[target] + LeastChange) / (1 + LeastChange), 1 / MostFactor, MostFactor), power);
}

/// <summary>
/// How the widths of a series' intervals follow what they held: where fewer values than they are to hold lay in them lately, they become
/// wider, where more did, narrower.
/// </summary>
/// <param name="ConfidenceLevel">The share of values to hold.</param>
/// <param name="Rate">By how much the logarithm of a width grows with each value missed, before what it shrinks by with each
/// value.</param>
/// <param name="FirstRow">How many rows a stream must have read before: of rows that training had, intervals hold too many.</param>
internal sealed record WidthAdaptation(float ConfidenceLevel, float Rate, int FirstRow)
{
    // Larger numbers of rows would not be whole in a file.
    private const int LargestRow = 1 << 24;

    // Errors of forecasts that overlap come in runs, so that the rate falls with the horizon; of far horizons it falls faster, since a
    // width that heard of its errors too late would swing.
    private const double RateOfOneStep = 0.2, RateOfFarHorizon = 1.5;

    private const int MostSteps = 4;

    /// <summary>Whether the numbers are in their ranges, as saved ones need not be.</summary>
    public bool IsValid => ConfidenceLevel is > 0 and < 1 && Rate is > 0 and < 1 && FirstRow is >= 0 and <= LargestRow;

    /// <summary>The adaptation of a forecaster.</summary>
    /// <param name="confidenceLevel">The share of values to hold.</param>
    /// <param name="horizon">H: how many steps ahead forecasts go.</param>
    /// <param name="rows">The rows of the longest series in the training data.</param>
    public static WidthAdaptation Of(double confidenceLevel, int horizon, int rows)
        => new((float)confidenceLevel, (float)Math.Min(RateOfOneStep / Math.Sqrt(horizon), RateOfFarHorizon / horizon),
            Math.Min(rows, LargestRow));

    /// <summary>The steps ahead whose intervals are compared with the values that come, spread evenly over the horizon.</summary>
    public static int[] StepsOf(int horizon)
    {
        int count = Math.Min(horizon, MostSteps);
        return [.. Enumerable.Range(0, count).Select(i => 1 + (2 * i + 1) * horizon / (2 * count)).Select(step => Math.Min(step, horizon))];
    }
}

/// <summary>The inputs and outputs of a step of a forecasting network.</summary>
internal sealed record ForecastLayout
{
    /// <summary>D: targets that are forecast together.</summary>
    public required int Targets { get; init; }

    /// <summary>P: covariates known up to the present step.</summary>
    public int PastCovariates { get; init; }

    /// <summary>K: covariates known over the horizon as well.</summary>
    public int KnownCovariates { get; init; }

    /// <summary>Features of the calendar, which describe the time of the next step.</summary>
    public int CalendarFeatures { get; init; }

    /// <summary>H: how many steps ahead a forecast goes.</summary>
    public required int Horizon { get; init; }

    /// <summary>L: how many of the last values of each target a step reads, the present one included.</summary>
    public required int Lags { get; init; }

    /// <summary>W: steps of a training window, over which <see cref="SeriesScaling.Window"/> measures.</summary>
    public required int WindowSize { get; init; }

    public SeriesScaling Scaling { get; init; }

    /// <summary>
    /// The rows of a season, 1 for none, of the theta method whose forecasts a step reads (<see cref="Baselines.ThetaInputs"/>); null where
    /// it reads none.
    /// </summary>
    public int? ThetaSeason { get; init; }

    public ForecastLoss Loss { get; init; }

    /// <summary>Whether a step has an indicator for each target and past covariate: 1 where it is missing, else 0.</summary>
    public bool HasMissing { get; init; }

    /// <summary>
    /// Whether a window's own values decide its scale where the training data does not, and whether <see cref="SeriesScaling.LastValue"/>
    /// with one lag reads changes. False in models of version 0.1.0, which did neither.
    /// </summary>
    public bool WindowDecides { get; init; }

    /// <summary>Outputs of the network for one value of a forecast.</summary>
    [JsonIgnore]
    public int OutputsPerValue => ForecastLossDescription.Of(Loss).OutputsPerValue;

    /// <summary>H·D: values of a forecast, the first step ahead first.</summary>
    [JsonIgnore]
    public int Values => Horizon * Targets;

    /// <summary>O: outputs of a step.</summary>
    [JsonIgnore]
    public int OutputSize => Values * OutputsPerValue;

    /// <summary>Numbers of a row: targets and past covariates, then known covariates.</summary>
    [JsonIgnore]
    public int RowSize => Targets + PastCovariates + KnownCovariates;

    /// <summary>Features of a step that are forecasts of the theta method, one for each value.</summary>
    [JsonIgnore]
    public int ThetaFeatures => ThetaSeason is null ? 0 : Values;

    /// <summary>Where these begin among the features of a step.</summary>
    [JsonIgnore]
    public int ThetaAt => FeatureSize - Indicators - ThetaFeatures;

    /// <summary>Features of a step that indicate which targets and past covariates are missing.</summary>
    [JsonIgnore]
    public int Indicators => HasMissing ? Targets + PastCovariates : 0;

    /// <summary>F: features of a step.</summary>
    [JsonIgnore]
    public int FeatureSize
        => Targets * Lags + PastCovariates + KnownCovariates * (Horizon + 1) + CalendarFeatures + ThetaFeatures + Indicators;

    /// <summary>
    /// Whether the one lag of a target is its last change: relative to itself, the last value would always be 0.
    /// </summary>
    [JsonIgnore]
    public bool ReadsChange => WindowDecides && Scaling == SeriesScaling.LastValue && Lags == 1;

    /// <summary>L·D: features of a step that are lags, the first ones.</summary>
    [JsonIgnore]
    public int LagFeatures => ReadsChange ? 0 : Targets * Lags;

    /// <summary>Past values of each target that the features of a step are computed from.</summary>
    [JsonIgnore]
    public int History => Math.Max(Lags, WindowDecides ? Math.Max(WindowSize, 2) : Scaling == SeriesScaling.Window ? WindowSize : 1);
}
