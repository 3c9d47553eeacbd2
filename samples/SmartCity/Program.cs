// The water meters of a town: one network forecasts the next day of all of them, another one calls where a pipe may have burst. Both go on
// reading by reading, as in production: a row comes in, a forecast and a verdict come out, and each is one step of a network.
using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;
using Shared.Charts;
using SmartCity;

return Sample.Run(args, "Train LSTMs to forecast the meters of a town, and to find leaks.", MadeUpTown.Make, Go);

static void Go(Sample sample, MeterHour[] hours)
{
    MLContext ml = sample.ML;
    DateTime[] times = [.. hours.Select(hour => hour.Time).Distinct().Order()];
    sample.Require(times.Length, 3 * MadeUpTown.HoursOfAWeek, "hours");
    DateTime end = times[^MadeUpTown.HoursOfAWeek];
    MeterHour[] week = [.. hours.Where(hour => hour.Time >= end)];
    IDataView train = ml.Data.LoadFromEnumerable(hours.Where(hour => hour.Time < end).ToArray());

    LstmForecastingTransformer forecaster = ml.Forecasting.ForecastByLstm(new()
    {
        TargetColumnNames = [nameof(MeterHour.Flow)],
        SeriesColumnName = nameof(MeterHour.Meter),
        TimeColumnName = nameof(MeterHour.Time),
        KnownCovariateColumnNames = [nameof(MeterHour.Heat)],
        Horizon = Outlook.Hours,
    }).Fit(train);
    LstmAnomalyTransformer detector = ml.Transforms.DetectAnomalyByLstm(new()
    {
        OutputColumnName = nameof(Verdict.Anomaly),
        InputColumnName = nameof(MeterHour.Flow),
        SeriesColumnName = nameof(MeterHour.Meter),
        TimeColumnName = nameof(MeterHour.Time),
        KnownCovariateColumnNames = [nameof(MeterHour.Heat)],
        // Pipes do not take water back.
        Side = ResidualSide.Above,
    }).Fit(train);

    using ForecastEngine<MeterHour, Outlook> forecasts = forecaster.CreateForecastEngine<MeterHour, Outlook>(ml);
    using ForecastEngine<MeterHour, Verdict> verdicts = detector.CreateForecastEngine<MeterHour, Verdict>(ml);
    List<Outlook> outlooks = [];
    List<MeterHour> alerts = [];
    var clock = Stopwatch.StartNew();
    // What is known ahead goes in with a reading: the heat of the day to come. Nothing else is read of these rows.
    ILookup<string, MeterHour> meters = week.ToLookup(hour => hour.Meter);
    foreach (MeterHour hour in week)
    {
        MeterHour[] ahead = [.. meters[hour.Meter].SkipWhile(other => other.Time <= hour.Time).Take(Outlook.Hours)];
        outlooks.Add(forecasts.Predict(hour, ahead));
        if (verdicts.Predict(hour, ahead.Take(1)).IsAlert)
            alerts.Add(hour);
    }
    Console.WriteLine($"{hours.DistinctBy(hour => hour.Meter).Count()} meters; the last week came in reading by reading, "
        + $"{outlooks.Count / clock.Elapsed.TotalSeconds:0} a second.");
    if (sample.DataFile is null)
        PrintLeaks(alerts);
    else
        PrintAlerts(alerts);
    string shown = alerts.Count > 0 ? alerts.CountBy(alert => alert.Meter).MaxBy(count => count.Value).Key : week[0].Meter;
    sample.WriteChart("meter.svg", Draw([.. outlooks.Where(hour => hour.Meter == shown)],
        [.. alerts.Where(alert => alert.Meter == shown).Select(alert => alert.Time)]));

    ForecastMetrics metrics = ml.Forecasting.EvaluateForecast(ml.Data.LoadFromEnumerable(outlooks), nameof(Outlook.Flow),
        nameof(Outlook.Forecast), seriesColumnName: nameof(Outlook.Meter), seasonality: MadeUpTown.HoursOfAWeek, trainingData: train,
        timeColumnName: nameof(Outlook.Time));
    ForecastAccuracy simple = metrics.Baselines.MinBy(baseline => baseline.Overall.MeanAbsoluteError)!;
    Sample.End(new Figure("litres off over the next day, on average,", metrics.Overall.MeanAbsoluteError,
        simple.Overall.MeanAbsoluteError, $"the best of five simple forecasts, {simple.Name}", LessIsBetter: true),
        "engine.CheckPoint each night, and samples/WebApi for many clients at once");
}

static void PrintLeaks(List<MeterHour> alerts)
{
    foreach ((string meter, int hour) in MadeUpTown.Leaks)
    {
        MeterHour? first = alerts.Find(alert => alert.Meter == meter && MadeUpTown.IsLeak(meter, alert.Time));
        Console.WriteLine($"  leak behind {meter}: "
            + (first is null ? "not found" : $"found after {MadeUpTown.HoursAfter(hour, first.Time) + 1:0} h, {first.Time:dddd HH:mm}"));
    }
    // For a day after a leak the forecasts still come from it.
    int other = alerts.Count(alert => MadeUpTown.Leaks.All(leak => alert.Meter != leak.Meter
        || MadeUpTown.HoursAfter(leak.Hour, alert.Time) is < 0 or > 36));
    Console.WriteLine($"  other alerts: {other}, where 1 in 1000 readings gets one without cause");
}

static void PrintAlerts(List<MeterHour> alerts)
{
    foreach (IGrouping<string, MeterHour> meter in alerts.GroupBy(alert => alert.Meter))
    {
        MeterHour first = meter.First();
        Console.WriteLine($"  {meter.Key}: {meter.Count()} alerts, first {first.Time:yyyy-MM-dd HH:mm} at {first.Flow:0.#}");
    }
}

// Each hour as the day before foretold it.
static Chart Draw(Outlook[] hours, HashSet<DateTime> alerts) => new Chart($"{hours[0].Meter}, the last week")
{
    Times = [.. hours.Select(hour => hour.Time)],
    YLabel = "litres an hour",
}
    .AddLine("forecast a day before", Ink.Accent, Outlook.Hours, hours.SkipLast(Outlook.Hours).Select(hour => hour.Forecast[^1]))
    .AddLine("what came", Ink.Neutral, 0, hours.Select(hour => hour.Flow))
    .AddDots("alert", Ink.Alert, hours.Index().Where(hour => alerts.Contains(hour.Item.Time))
        .Select(hour => ((double)hour.Index, (double)hour.Item.Flow)));
