using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// The settings of a forecasting transformer: its columns, the row interval and the names of the series. Saved in
/// <see cref="SavedForecast"/>.
/// </summary>
internal sealed record ForecastSettings
{
    public required SeriesColumns Columns { get; init; }

    /// <summary>The column that receives forecasts.</summary>
    public required string OutputColumnName { get; init; }

    /// <summary>The columns that receive the bounds of the intervals; null for none.</summary>
    public string? LowerBoundColumnName { get; init; }

    /// <inheritdoc cref="LowerBoundColumnName"/>
    public string? UpperBoundColumnName { get; init; }

    /// <summary>The share of values that should lie within the interval.</summary>
    public required double ConfidenceLevel { get; init; }

    /// <summary>The time between rows; null where there are no times.</summary>
    [JsonPropertyName("timeStep")]
    public RowInterval? RowInterval { get; init; }

    /// <summary>Whether a gap in time is filled with steps whose values are missing. Version 0.1.0 did not fill gaps.</summary>
    public bool FillsGaps { get; init; }

    /// <summary>The most steps of a gap that is usual, such as a weekend.</summary>
    public long UsualGap { get; init; }

    /// <summary>
    /// The times of the day or week that have rows, where usual gaps leave out the others; null where they are unknown, as in files of
    /// earlier versions.
    /// </summary>
    public TimeSlots? TimeSlots { get; init; }

    /// <summary>Whether times have offsets from UTC.</summary>
    public bool HasOffsets { get; init; }

    public MissingValueHandling Missing { get; init; }

    /// <summary>
    /// The time of the row that follows one at <paramref name="time"/>; null where nobody knows, since there are no times, or usual gaps
    /// leave out rows without a rule.
    /// </summary>
    public DateTimeOffset? NextTime(DateTimeOffset time) => RowInterval is not { } interval ? null
        : FillsGaps || UsualGap == 0 ? interval.After(time, 1)
        : TimeSlots?.Next(interval, time);

    /// <summary>The names of the series of the training data, in the order of their numbers.</summary>
    public required string[] Series { get; init; }

    public static ForecastSettings From(SavedValue json) => new()
    {
        Columns = json["columns"].Object(SeriesColumns.From),
        OutputColumnName = json["outputColumnName"].Text(),
        LowerBoundColumnName = json.Find("lowerBoundColumnName")?.Text(),
        UpperBoundColumnName = json.Find("upperBoundColumnName")?.Text(),
        ConfidenceLevel = json["confidenceLevel"].Double(),
        RowInterval = json.Find("timeStep")?.Object(step
            => new RowInterval(step["months"].Int32(), step["ticks"].Int64(), step["calendar"].Enum<CalendarFeatures>())
            {
                Day = step.Find("day")?.Int32(),
            }),
        FillsGaps = json.Find("fillsGaps")?.Boolean() ?? false,
        UsualGap = json.Find("usualGap")?.Int64() ?? 0,
        TimeSlots = json.Find("timeSlots")?.Object(slots
            => new TimeSlots(slots["days"].Int32(), slots["open"].Array(slot => slot.Int32()))),
        HasOffsets = json.Find("hasOffsets")?.Boolean() ?? false,
        Missing = json.Find("missing")?.Enum<MissingValueHandling>() ?? default,
        Series = json["series"].Array(name => name.Text()),
    };
}

/// <summary>The names of the columns that the rows of series are read from.</summary>
internal sealed record SeriesColumns
{
    public required string[] Targets { get; init; }

    public string[] PastCovariates { get; init; } = [];

    public string[] KnownCovariates { get; init; } = [];

    /// <summary>The column of times; null for none.</summary>
    public string? Time { get; init; }

    /// <summary>The column of the names of series; null where there is only one series.</summary>
    public string? Series { get; init; }

    /// <summary>The column of static features; null for none.</summary>
    public string? Statics { get; init; }

    /// <summary>The columns of numbers, in the order of the numbers of a row.</summary>
    [JsonIgnore]
    public IEnumerable<string> Numbers => [.. Targets, .. PastCovariates, .. KnownCovariates];

    public static SeriesColumns From(SavedValue json) => new()
    {
        Targets = json["targets"].Array(name => name.Text()),
        PastCovariates = json.Find("pastCovariates")?.Array(name => name.Text()) ?? [],
        KnownCovariates = json.Find("knownCovariates")?.Array(name => name.Text()) ?? [],
        Time = json.Find("time")?.Text(),
        Series = json.Find("series")?.Text(),
        Statics = json.Find("statics")?.Text(),
    };
}
