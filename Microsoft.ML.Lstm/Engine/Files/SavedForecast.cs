using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>A series whose state is saved. The numbers of the state are in <see cref="ForecastFile"/>.</summary>
/// <param name="Name">The name of the series.</param>
/// <param name="Time">The local time of its last row.</param>
/// <param name="OffsetMinutes">The offset of that time from UTC, where times have offsets.</param>
/// <param name="Until">The local time up to which rows at the end are known to be missing; null where none are.</param>
/// <param name="Statics">The static features of the series, where rows at the end are missing.</param>
/// <param name="Start">Hashes of its first rows in the training data, unless rows have times.</param>
internal sealed record KnownSeries(
    string Name, DateTime Time, int? OffsetMinutes = null, DateTime? Until = null, float[]? Statics = null, SeriesStart? Start = null)
{
    /// <summary>Whether times and offset are within the calendar, and the start has a valid number of rows.</summary>
    [JsonIgnore]
    public bool IsValid
        => Math.Abs((long)(OffsetMinutes ?? 0)) <= 14 * 60
            && IsTime(Time)
            && (Until is null || (IsTime(Until.Value) && Until > Time))
            && (Start is null or { Rows: >= 1 and <= SeriesStart.MostRows });

    private TimeSpan Offset => TimeSpan.FromMinutes(OffsetMinutes ?? 0);

    public static KnownSeries From(SavedValue json)
        => new(json["name"].Text(), json["time"].Time(), json.Find("offsetMinutes")?.Int32(), json.Find("until")?.Time(),
            json.Find("statics")?.Array(value => value.Single()),
            json.Find("start")?.Object(start
                => new SeriesStart(start["rows"].Int32(), start["first"].UInt64(), start.Find("all")?.UInt64())));

    public static KnownSeries Of(string name, SeriesState state)
        => new(name, state.Time.DateTime,
            state.Time.Offset == TimeSpan.Zero ? null : (int)state.Time.Offset.TotalMinutes,
            state.Missing?.Until.ToOffset(state.Time.Offset).DateTime, state.Missing?.Statics, state.Start);

    public SeriesState With(float[] values)
        => new(values, new DateTimeOffset(Time.Ticks, Offset),
            Until is { } until ? new MissingEnd(new DateTimeOffset(until.Ticks, Offset), Statics ?? []) : null,
            Start);

    private bool IsTime(DateTime time) => time.Ticks - Offset.Ticks >= 0 && time.Ticks - Offset.Ticks <= DateTime.MaxValue.Ticks;
}

/// <summary>
/// The JSON of a forecasting transformer, <c>Forecast.json</c>; its numbers are in <see cref="ModelFile"/> and <see cref="ForecastFile"/>.
/// </summary>
/// <param name="Settings">The columns, the row interval and the series.</param>
/// <param name="Layout">The inputs and outputs of a step.</param>
/// <param name="Known">The series whose states are saved.</param>
internal sealed record SavedForecast(ForecastSettings Settings, ForecastLayout Layout, KnownSeries[] Known)
{
    // Far above the sizes that options allow, yet too small for products of sizes to overflow.
    private const int MaxSize = 1 << 20;

    private const int MaxNetworks = 64;

    /// <summary>The layouts of further networks; null for none.</summary>
    public ForecastLayout[]? OtherLayouts { get; set; }

    /// <summary>The weights of the networks, with the sum 1; null where all have the same.</summary>
    public double[]? Weights { get; set; }

    /// <summary>What the networks' forecast is mixed with; null for nothing.</summary>
    public BaselineMixture? Baselines { get; set; }

    /// <summary>The layout of each network.</summary>
    [JsonIgnore]
    public ForecastLayout[] Layouts => [Layout, .. OtherLayouts ?? []];

    /// <summary>The JSON of a model.</summary>
    public static SavedForecast Of(ForecastModel model, ForecastSettings settings, KnownSeries[] known)
        => new(settings, model.Layout, known)
        {
            OtherLayouts = model.Networks.Count == 1 ? null : [.. model.Networks.Skip(1).Select(network => network.Layout)],
            Weights = model.Weights.Count == 0 ? null : [.. model.Weights],
            Baselines = model.Baselines,
        };

    public byte[] ToJson() => SavedJson.Write(this, SavedJsonContext.Default.SavedForecast);

    /// <exception cref="InvalidDataException">It is not the JSON of a forecasting transformer.</exception>
    public static SavedForecast FromJson(ReadOnlyMemory<byte> json)
    {
        SavedForecast saved = SavedJson.Read(json, value => value.Object(From), "A saved LSTM forecast");
        saved.Check();
        return saved;
    }

    private static SavedForecast From(SavedValue json)
        => new(json["settings"].Object(ForecastSettings.From), json["layout"].Object(LayoutFrom),
            json["known"].Array(series => series.Object(KnownSeries.From)))
        {
            OtherLayouts = json.Find("otherLayouts")?.Array(layout => layout.Object(LayoutFrom)),
            Weights = json.Find("weights")?.Array(weight => weight.Double()),
            Baselines = json.Find("baselines")?.Object(mixture
                => new BaselineMixture(mixture["seasonality"].Int32(), mixture["weights"].Array(weight => weight.Double()))),
        };

    private static ForecastLayout LayoutFrom(SavedValue json) => new()
    {
        Targets = json["targets"].Int32(),
        PastCovariates = json.Find("pastCovariates")?.Int32() ?? 0,
        KnownCovariates = json.Find("knownCovariates")?.Int32() ?? 0,
        CalendarFeatures = json.Find("calendarFeatures")?.Int32() ?? 0,
        Horizon = json["horizon"].Int32(),
        Lags = json["lags"].Int32(),
        WindowSize = json["windowSize"].Int32(),
        Scaling = json.Find("scaling")?.Enum<SeriesScaling>() ?? default,
        ThetaSeason = json.Find("thetaSeason")?.Int32(),
        Loss = json.Find("loss")?.Enum<ForecastLoss>() ?? default,
        HasMissing = json.Find("hasMissing")?.Boolean() ?? false,
        WindowDecides = json.Find("windowDecides")?.Boolean() ?? false,
    };

    /// <summary>Checks that a network is that of these settings, with one of their layouts.</summary>
    /// <exception cref="InvalidDataException">It is another one.</exception>
    public void Check(NetworkShape shape, ForecastLayout layout)
    {
        if (shape.Head != Head.EveryStepWithSkip || shape.Bidirectional || shape.Classes is not null)
            throw new InvalidDataException("A saved LSTM forecast has the network of another task.");
        if (shape.NumericSize != layout.FeatureSize || shape.OutputSize != layout.OutputSize)
            throw new InvalidDataException(
                $"A saved LSTM forecast has a network of {shape.NumericSize} features and {shape.OutputSize} outputs; expected "
                + $"{layout.FeatureSize} and {layout.OutputSize}.");
        if (shape.StaticSize == 0 != (Settings.Columns.Statics is null))
            throw new InvalidDataException(
                $"A saved LSTM forecast has {shape.StaticSize} static features, but its columns say '{Settings.Columns.Statics}'.");
        if (Known.Any(known => known.Until is not null
            && (Settings.RowInterval is null
                || (known.Statics?.Length ?? 0) != shape.StaticSize
                || known.Statics?.Any(value => !float.IsFinite(value)) == true)))
            throw new InvalidDataException(
                "A saved LSTM forecast has a series with a missing end, but without times, "
                + $"or without {shape.StaticSize} finite static features.");
        if (shape.Embeddings.Count > 1 || (shape.Embeddings.Count == 1 && shape.Embeddings[0].Vocabulary != Settings.Series.Length))
            throw new InvalidDataException(
                $"A saved LSTM forecast has embeddings of other series than its {Settings.Series.Length}.");
    }

    private void Check()
    {
        if (OtherLayouts is { Length: 0 or >= MaxNetworks })
            throw Invalid($"expected 1 to {MaxNetworks} networks, found others");
        foreach (ForecastLayout one in Layouts)
            Check(one);
        ForecastLayout layout = Layout;
        if (OtherLayouts?.All(other => IsLike(other, layout)) == false)
            throw Invalid("expected networks with the same inputs and steps ahead, found others");
        if (Weights is { } weights && (weights.Length != Layouts.Length || !Array.TrueForAll(weights, weight => weight is >= 0 and <= 1)
            || Math.Abs(weights.Sum() - 1) > 1e-6))
            throw Invalid($"expected {Layouts.Length} weights of networks from 0 to 1 with the sum 1, found others");
        if (Baselines is { IsValid: false })
            throw Invalid("expected weights of baselines from 0 to 1, found others");
        if (Settings.Columns.Targets.Length != layout.Targets)
            throw Invalid($"expected {layout.Targets} columns of targets, found {Settings.Columns.Targets.Length}");
        if (Settings.Columns.PastCovariates.Length > layout.PastCovariates
            || Settings.Columns.KnownCovariates.Length > layout.KnownCovariates
            || (Settings.Columns.PastCovariates.Length == 0 && layout.PastCovariates > 0)
            || (Settings.Columns.KnownCovariates.Length == 0 && layout.KnownCovariates > 0))
            throw Invalid($"expected columns of {layout.PastCovariates} past and {layout.KnownCovariates} known covariates, found others");
        if (Settings.RowInterval is null != Settings.Columns.Time is null)
            throw Invalid("expected a time step where there is a column of times");
        if ((Settings.RowInterval?.FeatureCount ?? 0) != layout.CalendarFeatures
            || Settings.RowInterval is { } step && (step.Ticks < 0 || step.Months is < 0 or > MaxSize || step.Day is < 1 or > 31))
            throw Invalid($"expected {layout.CalendarFeatures} features of the calendar and a step ahead, found others");
        if (Settings.TimeSlots is { } slots && (Settings.RowInterval is null || !slots.IsValidFor(Settings.RowInterval)))
            throw Invalid("expected times of day or week with rows, found others");
        IEnumerable<string?> names = [.. Settings.Columns.Numbers, Settings.OutputColumnName];
        if (names.Any(string.IsNullOrEmpty)
            || Settings.LowerBoundColumnName == ""
            || Settings.UpperBoundColumnName == ""
            || Settings.Columns.Time == ""
            || Settings.Columns.Series == ""
            || Settings.Columns.Statics == "")
            throw Invalid("expected names of columns, found an empty one");
        if (!(Settings.ConfidenceLevel is > 0 and < 1))
            throw Invalid($"expected a confidence level above 0 and below 1, found {Settings.ConfidenceLevel}");
        if (Settings.Series.Length == 0 || Settings.Series.Distinct().Count() != Settings.Series.Length)
            throw Invalid("expected different names of series, found others");
        if (Settings.UsualGap < 0 || !Array.TrueForAll(Known, known => known.IsValid))
            throw Invalid("expected times within the calendar, with offsets of at most 14 hours, found others");
        if (Known.DistinctBy(known => known.Name).Count() != Known.Length)
            throw Invalid("expected one state a series, found more");
    }

    private static void Check(ForecastLayout layout)
    {
        if (layout.Targets is < 1 or > MaxSize
            || layout.Horizon is < 1 or > MaxSize
            || layout.Lags is < 1 or > MaxSize
            || layout.WindowSize is < 1 or > MaxSize
            || layout.PastCovariates is < 0 or > MaxSize
            || layout.KnownCovariates is < 0 or > MaxSize
            || layout.CalendarFeatures is < 0 or > MaxSize
            || layout.ThetaSeason is < 1 or > MaxSize)
            throw Invalid($"expected sizes from 1 to {MaxSize}, found others");
        if ((long)layout.Targets * layout.Horizon * 3 > int.MaxValue
            || (long)layout.Targets * layout.History > int.MaxValue
            || (long)layout.Targets * (layout.Lags + layout.Horizon) + (long)layout.KnownCovariates * (layout.Horizon + 1) + 3L * MaxSize
                > int.MaxValue
            || ThetaInputs.StateLengthOf(layout.ThetaSeason, layout.Targets) > int.MaxValue)
            throw Invalid("expected sizes whose products are small, found others");
    }

    // The same rows, and forecasts of the same values.
    private static bool IsLike(ForecastLayout one, ForecastLayout other)
        => (one.Targets, one.PastCovariates, one.KnownCovariates, one.CalendarFeatures, one.Horizon, one.ThetaSeason)
            == (other.Targets, other.PastCovariates, other.KnownCovariates, other.CalendarFeatures, other.Horizon, other.ThetaSeason);

    private static InvalidDataException Invalid(string what) => new($"A saved LSTM forecast can't be read: {what}.");
}
