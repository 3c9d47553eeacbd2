using System.Globalization;
using System.Xml.Linq;
using LstmTool.Tasks;

namespace LstmTool.Reports;

/// <summary>Which classes, or labels of steps, are taken for which.</summary>
internal static class ConfusionSection
{
    private const int MostClasses = 12, MostRows = 60;
    private const string Others = "others";

    public static ReportSection? Of(TrainedTask trained, ScoredRows rows)
    {
        if (trained.Task is not ("classification" or "labeling"))
            return null;
        bool areSteps = trained.Task == "labeling";
        (string Actual, string Predicted)[] pairs = [.. rows.Rows
            .Where(row => row is { Labels: not null, Predicted: not null })
            .SelectMany(row => row.Labels!.Zip(row.Predicted!))
            .Where(pair => pair.First.Length > 0)
            .Select(pair => (pair.First, pair.Second.Length == 0 ? "nothing" : pair.Second))];
        if (pairs.Length == 0)
            return new ReportSection("confusion", "Confusion matrix", [Html.Paragraph("No row has both a label and a prediction.")]);
        int right = pairs.Count(pair => pair.Actual == pair.Predicted);
        ClassFigures[] classes = [.. ClassFigures.Of(pairs)
            .OrderByDescending(one => one.Count).ThenBy(one => one.Name, StringComparer.Ordinal)];
        TableHead[] heads =
        [
            new("Class"), new(areSteps ? "Steps" : "Rows", true), new("Precision", true), new("Recall", true), new("F1", true), new(""),
        ];
        return new ReportSection("confusion", "Confusion matrix",
        [
            Html.Paragraph($"{Shown.Count(right)} of {Shown.Count(pairs.Length)} {(areSteps ? "steps" : "rows")} are right, "
                + $"{Shown.Percent((double)right / pairs.Length)}. A row of the table is what came, a column what was said"
                + (classes.Length > MostClasses ? $"; the {MostClasses - 1} most frequent classes, and all others together." : ".")
                + (classes.Length > MostRows ? $" Below are the {MostRows} most frequent of {classes.Length} classes." : "")),
            Matrix(pairs, classes),
            Html.Table("Precision and recall of each class", heads, classes.Take(MostRows).Select(one => Html.Row(heads,
            [
                one.Name, Shown.Count(one.Count), Shown.Percent(one.Precision), Shown.Percent(one.Recall), Shown.Percent(one.F1),
                Html.Bar(one.F1),
            ]))),
        ]);
    }

    private static XElement Matrix((string Actual, string Predicted)[] pairs, ClassFigures[] classes)
    {
        string[] names = [.. classes.Take(classes.Length > MostClasses ? MostClasses - 1 : MostClasses).Select(one => one.Name)];
        if (classes.Length > MostClasses)
            names = [.. names, Others];
        var at = names.Index().ToDictionary(name => name.Item, name => name.Index, StringComparer.Ordinal);
        int[,] counts = new int[names.Length, names.Length];
        foreach ((string actual, string predicted) in pairs)
            counts[at.GetValueOrDefault(actual, names.Length - 1), at.GetValueOrDefault(predicted, names.Length - 1)]++;
        int[] sums = [.. names.Index().Select(row => Enumerable.Range(0, names.Length).Sum(column => counts[row.Index, column]))];
        return Html.Scroll("Confusion matrix", Html.Element("table", Html.Class("confusion"),
            Html.Element("caption", "Shades show the share of the row; right ones lie on the diagonal."),
            Html.Element("thead", Html.Element("tr", Html.Element("th", new XAttribute("scope", "col"), "came ↓ said →"),
                names.Select(name => Html.Element("th", new XAttribute("scope", "col"), name)),
                Html.Element("th", new XAttribute("scope", "col"), Html.Class("sum"), "all"))),
            Html.Element("tbody", names.Index().Select(row => Html.Element("tr",
                Html.Element("th", new XAttribute("scope", "row"), row.Item),
                names.Index().Select(column => Html.Element("td",
                    row.Index == column.Index ? null : Html.Class("wrong"),
                    Html.Share(sums[row.Index] == 0 ? 0 : (double)counts[row.Index, column.Index] / sums[row.Index]),
                    counts[row.Index, column.Index].ToString("#,0", CultureInfo.InvariantCulture))),
                Html.Element("td", Html.Class("sum"), Shown.Count(sums[row.Index])))))));
    }

    private sealed record ClassFigures(string Name, int Count, double Precision, double Recall, double F1)
    {
        public static IEnumerable<ClassFigures> Of((string Actual, string Predicted)[] pairs)
        {
            Dictionary<string, int> actual = Tally(pairs.Select(pair => pair.Actual));
            Dictionary<string, int> predicted = Tally(pairs.Select(pair => pair.Predicted));
            Dictionary<string, int> right = Tally(pairs.Where(pair => pair.Actual == pair.Predicted).Select(pair => pair.Actual));
            foreach (string name in actual.Keys.Union(predicted.Keys))
            {
                int came = actual.GetValueOrDefault(name), said = predicted.GetValueOrDefault(name), both = right.GetValueOrDefault(name);
                yield return new ClassFigures(name, came, (double)both / said, (double)both / came, 2.0 * both / (came + said));
            }
        }

        private static Dictionary<string, int> Tally(IEnumerable<string> names)
            => names.CountBy(name => name, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
    }
}
