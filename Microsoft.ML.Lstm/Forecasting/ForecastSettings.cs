using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>
/// What a forecasting transformer needs to know beside its network: its columns, the calendar and the names of the series.
/// </summary>
internal sealed record ForecastSettings
{
    public required SeriesColumns Columns { get; init; }

    /// <summary>The column that receives forecasts.</summary>
    public required string OutputColumnName { get; init; }

    /// <summary>The columns that receive the ends of the intervals; null for none.</summary>
    public string? LowerBoundColumnName { get; init; }

    /// <inheritdoc cref="LowerBoundColumnName"/>
    public string? UpperBoundColumnName { get; init; }

    /// <summary>The share of values that an interval is to hold.</summary>
    public required double ConfidenceLevel { get; init; }

    /// <summary>The time between rows; null where there are no times.</summary>
    [JsonPropertyName("timeStep")]
    public RowInterval? RowInterval { get; init; }

    /// <summary>Whether the steps that a gap in time leaves out are taken as steps with missing values. Version 0.1.0 did not.</summary>
    public bool FillsGaps { get; init; }

    /// <summary>Gaps of up to so many steps, as weekends, are usual.</summary>
    public long UsualGap { get; init; }

    /// <summary>Whether times have offsets from UTC.</summary>
    public bool HasOffsets { get; init; }

    public MissingValueHandling Missing { get; init; }

    /// <summary>The names of the series of the training data, in the order of their numbers.</summary>
    public required string[] Series { get; init; }
}
