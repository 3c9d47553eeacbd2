// How warm will it be at each of five stations on each of the next seven days? One network for all of them reads what was measured, what
// the weather service says of the clouds to come, and the calendar.
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;
using Shared.Charts;
using Weather;

const int Horizon = 7, HeldOutDays = 365, DaysOfHistoryInChart = 28;

return Sample.Run(args, "Train an LSTM to forecast the temperature of several stations.", MadeUpWeather.Make, Go);

static void Go(Sample sample, StationDay[] days)
{
    MLContext ml = sample.ML;
    DateTime[] dates = [.. days.Select(day => day.Day).Distinct().Order()];
    sample.Require(dates.Length, 2 * HeldOutDays, "days");
    DateTime end = dates[^HeldOutDays];
    StationDay[] before = [.. days.Where(day => day.Day < end)], after = [.. days.Where(day => day.Day >= end)];
    IDataView train = ml.Data.LoadFromEnumerable(before), test = ml.Data.LoadFromEnumerable(after);

    LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(new()
    {
        TargetColumnNames = [nameof(StationDay.Temperature)],
        SeriesColumnName = nameof(StationDay.Station),
        TimeColumnName = nameof(StationDay.Day),
        PastCovariateColumnNames = [nameof(StationDay.Pressure)],
        KnownCovariateColumnNames = [nameof(StationDay.Clouds)],
        Horizon = Horizon,
        LowerBoundColumnName = nameof(Week.Lower),
        UpperBoundColumnName = nameof(Week.Upper),
    }).Fit(train);

    IDataView weeks = model.Transform(test);
    ForecastMetrics metrics = ml.Forecasting.EvaluateForecast(weeks, nameof(StationDay.Temperature), nameof(Week.Forecast),
        nameof(Week.Lower), nameof(Week.Upper), seriesColumnName: nameof(StationDay.Station), trainingData: train,
        timeColumnName: nameof(StationDay.Day));
    Console.WriteLine(metrics);
    sample.WriteChart("week.svg",
        Draw([.. after.Where(day => day.Station == after[0].Station)],
            [.. ml.Data.CreateEnumerable<Week>(weeks, reuseRowObject: false).Where((_, row) => after[row].Station == after[0].Station)]));
    Sample.End(new Figure("degrees off over the week, on average,", metrics.Overall.MeanAbsoluteError, ErrorOfCalendar(before, after),
        "what is usual at this time of the year", LessIsBetter: true),
        "other columns of yours as covariates; model.CreateForecastEngine for a live feed (docs/tasks/forecasting.md)");
}

// For temperatures a week ahead the climate is harder to beat than the last value: the mean of the days around the same date.
static double ErrorOfCalendar(StationDay[] before, StationDay[] after)
{
    const int daysAround = 10;
    return after.Where(day => float.IsFinite(day.Temperature)).Average(day =>
    {
        double usual = before.Where(other => other.Station == day.Station && float.IsFinite(other.Temperature)
                && Math.Abs((day.Day - other.Day).TotalDays % 365.25) is <= daysAround or >= 365.25 - daysAround)
            .Average(other => other.Temperature);
        return Math.Abs(day.Temperature - usual);
    });
}

static Chart Draw(StationDay[] days, Week[] weeks)
{
    int now = days.Length / 2, first = now - DaysOfHistoryInChart + 1;
    float[] degrees = [.. days.Select(day => day.Temperature)];
    return new Chart($"{days[now].Station}, as forecast on {days[now].Day:yyyy-MM-dd}")
    {
        Times = [.. days[first..(now + Horizon + 1)].Select(day => day.Day)],
        YLabel = "degrees",
    }
        .AddBand("95 % interval", Ink.Accent, DaysOfHistoryInChart, weeks[now].Lower, weeks[now].Upper)
        .AddLine("history", Ink.Neutral, 0, degrees[first..(now + 1)])
        .AddLine("what came", Ink.Neutral, DaysOfHistoryInChart - 1, degrees[now..(now + Horizon + 1)], dashed: true)
        .AddLine("forecast", Ink.Accent, DaysOfHistoryInChart, weeks[now].Forecast);
}
