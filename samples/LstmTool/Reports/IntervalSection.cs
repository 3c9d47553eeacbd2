using System.Xml.Linq;
using LstmTool.Tasks;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>Whether intervals hold as many values as they are to.</summary>
internal static class IntervalSection
{
    private const string Heading = "Calibration of intervals";

    // Standard normal quantiles of (1 + level) / 2.
    private static readonly (double Level, double Quantile)[] Levels =
        [(0.5, 0.67449), (0.6, 0.84162), (0.7, 1.03643), (0.8, 1.28155), (0.9, 1.64485), (0.95, 1.95996), (0.98, 2.32635), (0.99, 2.57583)];

    public static ReportSection? Of(TrainedTask trained, IReadOnlyList<SeriesValues> series)
    {
        double level = trained.Columns.ConfidenceLevel;
        if (trained.Columns is not { Forecast: not null, Lower: not null, Upper: not null } || !(level is > 0 and < 1))
            return null;
        Coverage[] steps = [.. Enumerable.Range(1, Math.Max(1, trained.Columns.Horizon)).Select(step => Coverage.Of(series, step, 1))];
        long count = steps.Sum(step => (long)step.Count);
        if (count == 0)
            return new ReportSection("intervals", Heading, [Html.Paragraph("No value came that an interval was made for.")]);
        double share = steps.Sum(step => (double)step.Held) / count;
        (double Nominal, double Actual)[] curve = [.. Levels.Where(one => one.Level <= level + 1e-9).Select(one => (one.Level,
            Share(series, steps.Length, one.Quantile / QuantileOf(level))))];
        TableHead[] heads = [new("Steps ahead", true), new("Intervals", true), new("Held", true), new("Mean width", true)];
        IReadOnlyList<string> widths = Shown.Column([.. steps.Select(step => step.Width)]);
        return new ReportSection("intervals", Heading,
        [
            Html.Paragraph($"The intervals are to hold {Shown.Percent(level)} of the values; they held {Shown.Percent(share)} of "
                + $"{Shown.Count(count)}. {Judge(level, share)}"),
            Html.Element("div", Html.Class("pair"), ByStep(steps, level), ByLevel(curve, level)),
            Html.Details("The coverage of each step", Html.Table("Coverage by steps ahead", heads, steps.Index().Select(step
                => Html.Row(heads,
                [
                    Shown.Count(step.Index + 1), Shown.Count(step.Item.Count), Shown.Percent(step.Item.Share), widths[step.Index],
                ])))),
        ]);
    }

    private static string Judge(double level, double share) => Math.Abs(share - level) <= (1 - level) / 2
        ? "That is what they say."
        : share < level ? "They are too narrow for these rows." : "They are wider than they need to be for these rows.";

    private static XElement ByStep(Coverage[] steps, double level) => Html.Figure("coverage",
        new Chart("Share of the values that the intervals held, by steps ahead")
        {
            XLabel = "steps ahead",
            YLabel = "share held",
            XRange = steps.Length == 1 ? (0, 2) : null,
            YRange = (Math.Min(0.5, steps.Where(step => step.Count > 0).Min(step => step.Share)), 1),
        }
            .AddLine($"to be held: {Shown.Percent(level)}", Ink.Pale,
                [(steps.Length == 1 ? 0 : 1, level), (Math.Max(2, steps.Length), level)], dashed: true)
            .AddLine("", Ink.Accent, steps.Index().Select(step => (step.Index + 1.0, step.Item.Share)))
            .AddDots("held", Ink.Accent, steps.Index().Select(step => (step.Index + 1.0, step.Item.Share))),
        "Actual against nominal coverage at the level of the model.", 330, isHalf: true);

    private static XElement ByLevel((double Nominal, double Actual)[] curve, double level) => Html.Figure("levels",
        new Chart("Actual against nominal coverage") { XLabel = "to be held", YLabel = "held", XRange = (0.4, 1), YRange = (0.4, 1) }
            .AddLine("as it should be", Ink.Pale, [(0.4, 0.4), (1, 1)], dashed: true)
            .AddLine("", Ink.Accent, curve)
            .AddDots("intervals", Ink.Accent, curve),
        $"The intervals of {Shown.Percent(level)} are the model's; narrower ones are made of them as if errors were normally distributed, "
        + "so that a curve off the line tells of another shape.", 330, isHalf: true);

    // The share that intervals hold if their ends come nearer to the forecast.
    private static double Share(IReadOnlyList<SeriesValues> series, int horizon, double scale)
    {
        Coverage[] steps = [.. Enumerable.Range(1, horizon).Select(step => Coverage.Of(series, step, scale))];
        return steps.Sum(step => (double)step.Held) / steps.Sum(step => (double)step.Count);
    }

    // Linear between the levels, which is near enough for a chart; levels beyond the table are rare.
    private static double QuantileOf(double level)
    {
        int above = Array.FindIndex(Levels, one => one.Level >= level);
        if (above <= 0)
            return above == 0 ? Levels[0].Quantile * level / Levels[0].Level : Levels[^1].Quantile;
        (double low, double from) = Levels[above - 1];
        (double high, double to) = Levels[above];
        return from + (to - from) * (level - low) / (high - low);
    }

    private sealed record Coverage(int Count, int Held, double Width)
    {
        public double Share => Count == 0 ? double.NaN : (double)Held / Count;

        public static Coverage Of(IReadOnlyList<SeriesValues> series, int step, double scale)
        {
            int count = 0, held = 0;
            double width = 0;
            foreach (SeriesValues one in series)
            {
                for (int row = 0; row < one.Scored.Count; row++)
                {
                    float actual = one.Actual(row, step);
                    if (one.Scored[row] is not { Forecast: { } forecast, Lower: { } lower, Upper: { } upper } || forecast.Length < step
                        || lower.Length < step || upper.Length < step || !float.IsFinite(actual)
                        || !float.IsFinite(upper[step - 1] - lower[step - 1]))
                        continue;
                    double center = forecast[step - 1], bottom = center - scale * (center - lower[step - 1]),
                        top = center + scale * (upper[step - 1] - center);
                    count++;
                    width += top - bottom;
                    // At full size the ends are those of the model, to the last bit.
                    if (scale == 1 ? actual >= lower[step - 1] && actual <= upper[step - 1] : actual >= bottom && actual <= top)
                        held++;
                }
            }
            return new Coverage(count, held, count == 0 ? double.NaN : width / count);
        }
    }
}
