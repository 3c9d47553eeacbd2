using System.Xml.Linq;
using LstmTool.Data;
using LstmTool.Tasks;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>What was in the file, and how it was understood.</summary>
internal static class DataSection
{
    private static readonly TableHead[] Heads = [new("Column"), new("Values"), new("Used as"), new("Missing", true), new("First value")];

    public static ReportSection Of(TrainedTask trained, IReadOnlyList<SeriesValues> series)
    {
        DatasetFacts data = trained.Dataset;
        string step = data.TimeStep is null ? "" : $", {data.TimeStep} from row to row";
        List<XElement> content =
        [
            Html.Paragraph(Html.Element("code", Path.GetFileName(data.Path)), $": {data.Format}, {Shown.Count(data.Rows)} rows{step}. "
                + $"{Uses(trained)}, and {Shown.Count(data.Parts.Unseen)} are kept for the figures of this report. "
                + Sentence(data.Parts.How)),
        ];
        if (SeriesFigure(trained, series) is { } figure)
            content.Add(figure);
        content.Add(Html.Table("Columns of the file", Heads, data.Columns.Select(column => Html.Row(Heads,
        [
            column.Name, KindOf(column.Kind), column.Role, Shown.Count(column.Missing), Shorten(column.Example),
        ]))));
        if (data.Inferred.Count > 0)
            content.Add(Html.Details("What was inferred, and what says otherwise", Html.Element("ul", data.Inferred.Select(inference
                => Html.Element("li", inference.What, inference.Override.Length == 0 ? null : " (",
                    inference.Override.Length == 0 ? null : Html.Element("code", inference.Override),
                    inference.Override.Length == 0 ? null : ")")))));
        return new ReportSection("data", "Data", content);
    }

    private static string Uses(TrainedTask trained)
    {
        PartFacts parts = trained.Dataset.Parts;
        return !trained.IsValidated ? $"{Shown.Count(parts.Train + parts.Validation)} of them are trained on"
            : parts.ValidatesInTurn
                ? $"{Shown.Count(parts.Train + parts.Validation)} of them are trained on and decide between settings, each third in turn"
            : $"{Shown.Count(parts.Train)} of them are trained on, {Shown.Count(parts.Validation)} decide between settings";
    }

    // The series, or the first one of many, with the border between what was trained on and what was not.
    private static XElement? SeriesFigure(TrainedTask trained, IReadOnlyList<SeriesValues> all)
    {
        if (all is not [SeriesValues { Values.Length: > 1 } series, ..])
            return null;
        string name = series.Name.Length == 0 ? trained.Columns.Label ?? "" : series.Name;
        Chart chart = new Chart($"{name} over time") { Times = series.Times, XLabel = series.Times is null ? "row" : null }
            .AddLine(name, Ink.Neutral, 0, series.Values);
        if (series.FirstScored > 0 && series.FirstScored < series.Values.Length)
            chart.AddUpright("never seen from here", series.FirstScored);
        return Html.Figure("series", chart, series.Name.Length == 0 ? "All rows." : $"All rows of the first series, {series.Name}.", 300);
    }

    private static string KindOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Number => "numbers",
        ColumnKind.Text => "texts",
        ColumnKind.Time => "times",
        ColumnKind.Numbers => "lists of numbers",
        ColumnKind.Texts => "lists of texts",
        _ => kind.ToString(),
    };

    private static string Sentence(string text)
        => text.Length == 0 ? "" : $"{char.ToUpperInvariant(text[0])}{text.AsSpan(1).TrimEnd('.')}.";

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..59] + "…";
}
