using LstmTool.Tasks;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>Predicted values beside what came.</summary>
internal static class ValueSection
{
    private const string Heading = "Predicted and actual values";
    private const int MostDots = 1000, Bars = 24;

    public static ReportSection? Of(TrainedTask trained, ScoredRows rows)
    {
        if (trained.Task != "regression")
            return null;
        (double Predicted, double Actual)[] points = [.. rows.Rows
            .Where(row => row.Score is [float score] && float.IsFinite(score) && float.IsFinite(row.Value))
            .Select(row => ((double)row.Score![0], (double)row.Value))];
        if (points.Length == 0)
            return new ReportSection("values", Heading, [Html.Paragraph("No row has both a value and a prediction.")]);
        int every = (points.Length + MostDots - 1) / MostDots;
        double least = points.Min(point => Math.Min(point.Predicted, point.Actual));
        double most = points.Max(point => Math.Max(point.Predicted, point.Actual));
        double[] errors = [.. points.Select(point => point.Actual - point.Predicted).Order()];
        double width = Math.Max((errors[^1] - errors[0]) / Bars, 1e-9);
        var bars = errors.GroupBy(error => Math.Min(Bars - 1, Math.Floor((error - errors[0]) / width)))
            .Select(bar => (errors[0] + (bar.Key + 0.5) * width, (double)bar.Count() / errors.Length));
        Chart beside = new Chart("Actual against predicted values") { XLabel = "predicted", YLabel = trained.Columns.Label }
            .AddLine("as it should be", Ink.Pale, [(least, least), (most, most)], dashed: true)
            .AddDots(every == 1 ? "rows" : $"every {every}th row", Ink.Accent, points.Where((_, i) => i % every == 0));
        Chart spread = new Chart("How errors are distributed")
        {
            XLabel = "actual minus predicted",
            YLabel = "share of rows",
            XRange = (errors[0], errors[^1]),
        }
            .AddBars("rows", Ink.Accent, width, bars);
        return new ReportSection("values", Heading,
        [
            Html.Paragraph($"Half of the errors are below {Shown.Number(errors.Select(Math.Abs).Order().ElementAt(errors.Length / 2))}."),
            Html.Element("div", Html.Class("pair"),
                Html.Figure("values-dots", beside, "Each dot is a row that was not trained on.", 360, isHalf: true),
                Html.Figure("values-errors", spread, "Shares of the errors from the least to the greatest.", 360, isHalf: true)),
        ]);
    }
}
