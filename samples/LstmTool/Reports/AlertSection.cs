using System.Xml.Linq;
using LstmTool.Tasks;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>What a detector has found, and whether its p-values hold.</summary>
internal static class AlertSection
{
    private const int MostAlerts = 12, RowsInChart = 400;
    private static readonly double[] Levels = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5];

    private static readonly TableHead[] Heads =
        [new("When"), new("Value", true), new("Expected", true), new("From", true), new("To", true), new("p-value", true)];

    public static ReportSection? Of(TrainedTask trained, IReadOnlyList<SeriesValues> series)
    {
        if (trained.Columns.Anomaly is null)
            return null;
        (SeriesValues Series, int Row, float[] Verdict)[] all = [.. Judged(series)];
        (SeriesValues Series, int Row, float[] Verdict)[] alerts =
            [.. all.Where(row => row.Verdict[0] == 1).OrderBy(row => row.Verdict[2])];
        List<XElement> content =
        [
            Html.Paragraph($"{Shown.Count(alerts.Length)} of {Shown.Count(all.Length)} rows that were not trained on got an alert"
                + (alerts.Length == 0 ? "." : $", {Shown.Percent((double)alerts.Length / all.Length)}.")),
        ];
        if (all.Length > 0)
            content.Add(Course(trained, alerts.Length > 0 ? alerts[0] : all[^1], alerts.Length > 0));
        if (alerts.Length > 0)
            content.Add(Html.Table("Alerts", Heads, alerts.Take(MostAlerts).Select(alert => Html.Row(Heads,
            [
                alert.Series.NameOf(alert.Row), .. Shown.Column([alert.Series.Scored[alert.Row].Value, alert.Verdict[3], alert.Verdict[5],
                    alert.Verdict[4]]),
                Shown.Number(alert.Verdict[2]),
            ]))));
        if (alerts.Length > MostAlerts)
            content.Add(Html.Note($"The {MostAlerts} least usual ones of {Shown.Count(alerts.Length)}."));
        if (PValues([.. all.Select(row => (double)row.Verdict[2]).Where(double.IsFinite)]) is { } calibration)
            content.Add(calibration);
        return new ReportSection("alerts", "What is not as usual", content);
    }

    /// <summary>The row with the least p-value.</summary>
    public static (SeriesValues Series, int Row)? ShownRow(IReadOnlyList<SeriesValues> series)
    {
        (SeriesValues Series, int Row, float[] Verdict)[] all = [.. Judged(series).Where(row => row.Verdict[2] >= 0)];
        if (all.Length == 0)
            return null;
        (SeriesValues least, int row, _) = all.MinBy(row => row.Verdict[2]);
        return (least, row);
    }

    private static IEnumerable<(SeriesValues Series, int Row, float[] Verdict)> Judged(IReadOnlyList<SeriesValues> series)
        => series.SelectMany(one => one.Scored.Index().Where(row => row.Item.Anomaly is { Length: >= 6 })
            .Select(row => (one, row.Index, row.Item.Anomaly!)));

    // The rows around what is least usual.
    private static XElement Course(TrainedTask trained, (SeriesValues Series, int Row, float[] Verdict) center, bool isAlert)
    {
        SeriesValues series = center.Series;
        int first = Math.Max(0, Math.Min(center.Row - RowsInChart / 2, series.Scored.Count - RowsInChart));
        ScoredRow[] rows = [.. series.Scored.Skip(first).Take(RowsInChart)];
        int shift = series.FirstScored + first;
        Chart chart = new Chart("Values, what was expected, and alerts")
        {
            Times = series.Times?[shift..(shift + rows.Length)],
            XLabel = series.Times is null ? "row" : null,
            YLabel = trained.Columns.Label,
        }
            .AddBand("usual", Ink.Accent, 0, [.. rows.Select(row => Part(row, 5))], [.. rows.Select(row => Part(row, 4))])
            .AddLine("what came", Ink.Neutral, 0, rows.Select(row => row.Value))
            .AddDots("alert", Ink.Alert, rows.Index().Where(row => Part(row.Item, 0) == 1)
                .Select(row => ((double)row.Index, (double)row.Item.Value)));
        return Html.Figure("alerts-chart", chart, isAlert
            ? $"Rows around the least usual one, {series.NameOf(center.Row)}."
            : $"The last rows; none of them is unusual enough for an alert.");
    }

    private static XElement? PValues(double[] pValues)
    {
        if (pValues.Length < 100)
            return null;
        (double, double)[] points = [.. Levels.Where(level => level * pValues.Length >= 1)
            .Select(level => (Math.Log10(level), Math.Log10(Math.Max(0.5, pValues.Count(p => p <= level)) / pValues.Length)))];
        return Html.Figure("p-values",
            new Chart("Share of rows at or below a p-value")
            {
                XLabel = "p-value, as a power of ten",
                YLabel = "share of rows, as a power of ten",
            }
                .AddLine("as it should be where nothing is wrong", Ink.Pale, [points[0], (0, 0)], dashed: true)
                .AddLine("", Ink.Accent, points)
                .AddDots("rows", Ink.Accent, points),
            "A p-value of 0.01 is to come in one row of a hundred where nothing is wrong. Faults lift the left end of the curve; a curve "
            + "that is above the line all along tells that these rows are harder than those that the detector was calibrated by.", 320);
    }

    private static float Part(ScoredRow row, int part) => row.Anomaly is { } verdict && verdict.Length > part ? verdict[part] : float.NaN;
}
