using System.Xml.Linq;
using LstmTool.Tasks;

namespace LstmTool.Reports;

/// <summary>The top of the report: what was made, how good it is, and what follows.</summary>
internal static class Summary
{
    public static string Title(TrainedTask trained)
    {
        string label = trained.Columns.Label ?? trained.Name;
        return trained.Task switch
        {
            "forecasting" => $"{label}, {trained.Columns.Horizon} steps ahead",
            "classification" => $"Classes of {label}",
            "regression" => $"Values of {label}",
            "labeling" => $"{label}, a label for each step",
            "anomaly-detection" => $"What is unusual in {label}",
            _ => label,
        };
    }

    public static XElement Of(TrainedTask trained, IReadOnlyList<ReportSection> sections) => Html.Element("header",
        Html.Element("p", Html.Class("eyebrow"), $"{trained.Task} · {Path.GetFileName(trained.Dataset.Path)}"),
        Html.Element("h1", Title(trained)),
        Html.Element("p", Html.Class("lead"), Verdict(trained)),
        Html.Element("dl", Html.Class("tiles"), Tiles(trained)),
        Html.Element("nav", new XAttribute("aria-label", "Sections"),
            sections.Select(section => Html.Element("a", new XAttribute("href", "#" + section.Id), section.Heading))));

    private static string Verdict(TrainedTask trained) => trained.Comparison.Contenders.Any(one => double.IsFinite(FirstFigure(one)))
        ? $"{trained.Comparison.Verdict} Measured on {Shown.Count(trained.Dataset.Parts.Unseen)} rows that nothing was chosen by."
            + (trained.SavesWhatWasChosen ? "" : $" {trained.SavedModel}")
        : $"No figure could be measured on rows that nothing was chosen by. What is saved is {trained.Saved}.";

    private static IEnumerable<XElement> Tiles(TrainedTask trained)
    {
        Comparison comparison = trained.Comparison;
        Contender? chosen = comparison.Contenders.FirstOrDefault(one => one.Name == comparison.Chosen);
        if (chosen is not null && comparison.Metrics.Count > 0)
        {
            yield return Tile(comparison.Metrics[0].Name, Shown.Number(FirstFigure(chosen)),
                chosen.Name + (trained.SavesWhatWasChosen ? ", saved" : ", chosen"));
            if (NextBest(trained, chosen) is { } other)
                yield return Tile("the best of the others", Shown.Number(FirstFigure(other)), other.Name);
        }
        yield return Tile("rows", Shown.Count(trained.Dataset.Rows),
            $"{Shown.Count(trained.Dataset.Parts.Unseen)} of them nothing was chosen by");
        int settings = trained.Trials.Select(trial => trial.Settings.Name).Distinct().Count();
        yield return Tile("time", Shown.Duration(trained.Elapsed), settings == 1 ? "one setting tried" : $"{settings} settings tried");
    }

    private static XElement Tile(string name, string value, string note)
        => Html.Element("div", Html.Element("dt", name),
            Html.Element("dd", Html.Element("strong", value), Html.Element("span", Html.Class("note"), note)));

    private static Contender? NextBest(TrainedTask trained, Contender but)
    {
        IEnumerable<Contender> others = trained.Comparison.Contenders.Where(one => one != but && double.IsFinite(FirstFigure(one)));
        return trained.Comparison.Metrics[0].HigherIsBetter ? others.MaxBy(FirstFigure) : others.MinBy(FirstFigure);
    }

    private static double FirstFigure(Contender contender) => contender.Figures.Count > 0 ? contender.Figures[0] : double.NaN;
}
