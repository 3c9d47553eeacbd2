using System.Xml.Linq;
using LstmTool.Tasks;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>One forecast as it was made, and how errors grow with the horizon.</summary>
internal static class ForecastSection
{
    private const int LeastHistory = 40, MostHistory = 300;

    // Of fewer errors no quantile says much.
    private const int LeastErrors = 20;

    public static ReportSection? Of(TrainedTask trained, IReadOnlyList<SeriesValues> series)
    {
        if (trained.Columns.Forecast is null)
            return null;
        int horizon = Math.Max(1, trained.Columns.Horizon);
        List<XElement> content = [];
        if (Typical(series, horizon) is { } typical)
            content.Add(Fan(trained, typical.Series, typical.Row, typical.Count, horizon));
        StepErrors[] errors = [.. Enumerable.Range(1, horizon).Select(step => StepErrors.Of(series, step, trained.Dataset.Season))];
        if (errors.Any(step => step.Errors.Length > 0))
        {
            content.Add(Html.Element("div", Html.Class("pair"), ErrorFan(trained, errors), Growth(trained, errors)));
            content.Add(Html.Details("The errors of each step", ErrorTable(errors)));
        }
        if (content.Count == 0)
            content.Add(Html.Paragraph("No value that was forecast came: there are too few rows that were not trained on."));
        return new ReportSection("forecast", "Forecast by horizon", content);
    }

    /// <summary>The row whose forecast is shown.</summary>
    public static (SeriesValues Series, int Row)? ShownRow(TrainedTask trained, IReadOnlyList<SeriesValues> series)
        => Typical(series, Math.Max(1, trained.Columns.Horizon)) is { } typical ? (typical.Series, typical.Row) : null;

    /// <summary>The forecast whose error is the median of all that can be judged at every step; else the last one.</summary>
    private static (SeriesValues Series, int Row, int Count)? Typical(IReadOnlyList<SeriesValues> series, int horizon)
    {
        (SeriesValues Series, int Row, double Error)[] all = [.. (
            from one in series
            from row in Enumerable.Range(0, one.Scored.Count)
            let forecast = one.Scored[row].Forecast
            where forecast is not null && forecast.Length >= horizon
            let error = Enumerable.Range(1, horizon).Average(step => Math.Abs(one.Actual(row, step) - (double)forecast[step - 1]))
            where double.IsFinite(error)
            orderby error
            select (one, row, error))];
        if (all.Length > 0)
            return (all[all.Length / 2].Series, all[all.Length / 2].Row, all.Length);
        SeriesValues? any = series.FirstOrDefault(one => one.Scored.Count > 0 && one.Scored[^1].Forecast is not null);
        return any is null ? null : (any, any.Scored.Count - 1, 0);
    }

    private static XElement Fan(TrainedTask trained, SeriesValues series, int row, int count, int horizon)
    {
        ScoredRow made = series.Scored[row];
        int now = series.FirstScored + row;
        int first = Math.Max(0, now - Math.Clamp(4 * horizon, LeastHistory, MostHistory) + 1);
        int last = Math.Min(now + horizon, series.Values.Length - 1);
        // Without the times of the steps ahead, steps are counted.
        DateTime[]? times = last == now + horizon ? series.Times?[first..(last + 1)] : null;
        int shift = times is null ? now : first;
        string name = $"The forecast of {series.NameOf(row)}";
        Chart chart = new($"{name}, and what came")
        {
            Times = times,
            XLabel = times is null ? "steps from the forecast" : null,
            YLabel = trained.Columns.Label,
        };
        float[] forecast = made.Forecast!;
        if (made is { Lower: { } lower, Upper: { } upper })
            chart.AddBand($"{100 * trained.Columns.ConfidenceLevel:0.#} % interval", Ink.Accent, now + 1 - shift, lower, upper);
        chart.AddUpright("", now - shift)
            .AddLine("before", Ink.Neutral, first - shift, series.Values[first..(now + 1)])
            .AddLine("what came", Ink.Neutral, now - shift, series.Values[now..(last + 1)], dashed: true)
            .AddLine("forecast", Ink.Accent, now + 1 - shift, forecast);
        return Html.Figure("fan", chart, count == 0
            ? $"{name}, after the last row."
            : $"{name}: its error is the median of {Shown.Count(count)} forecasts, half are better and half worse.");
    }

    // Where the values were, seen from their forecasts.
    private static XElement ErrorFan(TrainedTask trained, StepErrors[] steps)
    {
        Chart chart = new Chart("Where the values were, seen from the forecast, by steps ahead")
        {
            XLabel = "steps ahead",
            YLabel = $"{trained.Columns.Label}, actual minus forecast",
        };
        bool hasBands = steps.Where(step => step.Errors.Length > 0).All(step => step.Errors.Length >= LeastErrors);
        if (hasBands)
        {
            foreach (int percent in (int[])[90, 50])
            {
                double tail = (1 - percent / 100.0) / 2;
                chart.AddBand($"{percent} % of the values", Ink.Accent, 1, [.. steps.Select(step => step.Quantile(tail))],
                    [.. steps.Select(step => step.Quantile(1 - tail))]);
            }
        }
        chart.AddLine("median", Ink.Accent, 1, steps.Select(step => step.Quantile(0.5)))
            .AddLine("no error", Ink.Pale, [(1, 0), (steps.Length, 0)], dashed: true);
        return Html.Figure("errors", chart, "Bands that do not widen with the steps tell that the far steps are no harder; bands off the "
            + "line of no error, that forecasts are too high or too low.", 330, isHalf: true);
    }

    private static XElement Growth(TrainedTask trained, StepErrors[] steps)
    {
        Chart chart = new Chart("Mean absolute error by steps ahead") { XLabel = "steps ahead", YLabel = "mean absolute error" }
            .AddLine("last value", Ink.Pale, 1, steps.Select(step => (float)step.Naive), dashed: true);
        if (trained.Dataset.Season > 1)
            chart.AddLine($"value {trained.Dataset.Season} steps before", Ink.Neutral, 1,
                steps.Select(step => (float)step.SeasonalNaive));
        chart.AddLine("forecast", Ink.Accent, 1, steps.Select(step => (float)step.Mean));
        return Html.Figure("growth", chart, "The mean absolute error of each step, beside forecasts that need no training.", 330,
            isHalf: true);
    }

    private static XElement ErrorTable(StepErrors[] steps)
    {
        TableHead[] heads =
        [
            new("Steps ahead", true), new("Forecasts", true), new("Mean absolute error", true), new("Last value", true),
            new("A season before", true), new("Median error", true),
        ];
        IReadOnlyList<string> mean = Column(step => step.Mean), naive = Column(step => step.Naive),
            seasonal = Column(step => step.SeasonalNaive), median = Column(step => step.Quantile(0.5));
        return Html.Table("Errors by steps ahead", heads, steps.Index().Select(step => Html.Row(heads,
        [
            Shown.Count(step.Index + 1), Shown.Count(step.Item.Errors.Length), mean[step.Index], naive[step.Index], seasonal[step.Index],
            median[step.Index],
        ])));

        IReadOnlyList<string> Column(Func<StepErrors, double> figure) => Shown.Column([.. steps.Select(figure)]);
    }

    /// <summary>The errors of forecasts a number of steps ahead.</summary>
    /// <param name="Errors">Actual value minus forecast, in ascending order.</param>
    /// <param name="Mean">The mean absolute error.</param>
    /// <param name="Naive">The mean absolute error of the last value, for the same values.</param>
    /// <param name="SeasonalNaive">The mean absolute error of the value a season before.</param>
    private sealed record StepErrors(float[] Errors, double Mean, double Naive, double SeasonalNaive)
    {
        public static StepErrors Of(IReadOnlyList<SeriesValues> series, int step, int season)
        {
            List<float> errors = [];
            List<double> naive = [], seasonal = [];
            int back = Math.Max(1, season) * ((step + season - 1) / Math.Max(1, season));
            foreach (SeriesValues one in series)
            {
                for (int row = 0; row < one.Scored.Count; row++)
                {
                    float actual = one.Actual(row, step);
                    if (one.Scored[row].Forecast is not { } forecast || forecast.Length < step
                        || !float.IsFinite(actual - forecast[step - 1]))
                        continue;
                    errors.Add(actual - forecast[step - 1]);
                    int now = one.FirstScored + row;
                    naive.Add(Math.Abs(actual - one.Values[now]));
                    if (now + step - back >= 0)
                        seasonal.Add(Math.Abs(actual - one.Values[now + step - back]));
                }
            }
            errors.Sort();
            return new StepErrors([.. errors], MeanOf(errors.Select(error => (double)Math.Abs(error))), MeanOf(naive), MeanOf(seasonal));
        }

        public float Quantile(double share) => Errors.Length == 0
            ? float.NaN
            : Errors[Math.Clamp((int)Math.Round(share * (Errors.Length - 1)), 0, Errors.Length - 1)];

        private static double MeanOf(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
    }
}
