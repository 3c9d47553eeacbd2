using System.Xml.Linq;
using LstmTool.Tasks;

namespace LstmTool.Reports;

/// <summary>The network beside baselines and mixtures.</summary>
internal static class ComparisonSection
{
    public static ReportSection? Of(TrainedTask trained)
    {
        Comparison comparison = trained.Comparison;
        if (comparison.Metrics.Count == 0 || comparison.Contenders.Count == 0)
            return null;
        TableHead[] heads = [new("Model"), .. comparison.Metrics.Select(metric => new TableHead(metric.Name, true)), new("")];
        double[][] columns = [.. comparison.Metrics.Index().Select(metric
            => comparison.Contenders.Select(one => metric.Index < one.Figures.Count ? one.Figures[metric.Index] : double.NaN).ToArray())];
        IReadOnlyList<string>[] shown = [.. columns.Select(Shown.Column)];
        double[] best = [.. columns.Zip(comparison.Metrics, (column, metric) => Best(column, metric.HigherIsBetter))];
        double most = columns[0].Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(1).Max();
        IEnumerable<XElement> rows = comparison.Contenders.Index().Select(one => Html.Row(heads,
        [
            one.Item.Name + (one.Item.Name != comparison.Chosen ? "" : trained.SavesWhatWasChosen ? " (saved)" : " (chosen)"),
            .. columns.Index().Select(column => Html.Element("td",
                Html.Class(column.Item[one.Index] == best[column.Index] ? "number best" : "number"), shown[column.Index][one.Index])),
            Html.Bar(Math.Abs(columns[0][one.Index]) / most),
        ], one.Item.Name == comparison.Chosen ? "saved" : null));
        string directions = string.Join("; ", comparison.Metrics.GroupBy(metric => metric.HigherIsBetter)
            .Select(group => $"{string.Join(", ", group.Select(metric => metric.Name))}: {(group.Key ? "more" : "less")} is better"));
        return new ReportSection("metrics", "Beside baselines",
        [
            Html.Paragraph($"All figures are of the {Shown.Count(trained.Dataset.Parts.Unseen)} rows that nothing was chosen by. "
                + $"{directions}. The bars show {comparison.Metrics[0].Name}; the best figure of each column is bold."),
            Html.Table("Metrics of the network and of baselines", heads, rows),
        ]);
    }

    private static double Best(double[] column, bool higherIsBetter)
    {
        double[] finite = [.. column.Where(double.IsFinite)];
        return finite.Length == 0 ? double.NaN : higherIsBetter ? finite.Max() : finite.Min();
    }
}
