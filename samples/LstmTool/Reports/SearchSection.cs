using System.Xml.Linq;
using LstmTool.Search;
using LstmTool.Tasks;
using Microsoft.ML.Lstm;

namespace LstmTool.Reports;

/// <summary>The settings that were tried.</summary>
internal static class SearchSection
{
    private const int MostRows = 12;

    private static readonly TableHead[] Heads =
        [new("Settings"), new("Effort"), new("On validation rows", true), new("Error", true), new("Time", true)];

    public static ReportSection? Of(TrainedTask trained)
    {
        if (trained.Trials.Count == 0)
            return null;
        Trial[] trials = [.. trained.Trials.OrderByDescending(trial => trial.Effort)
            .ThenBy(trial => double.IsNaN(trial.Error)).ThenBy(trial => trial.Error)];
        IReadOnlyList<string> errors = Shown.Column([.. trials.Select(trial => trial.Error)]);
        XElement[] rows = [.. trials.Zip(errors, (trial, error) => Html.Row(Heads,
        [
            trial.Settings.Name, EffortOf(trial), trial.Shown.Length == 0 ? Shown.Nothing : trial.Shown, error,
            Shown.Duration(TimeSpan.FromSeconds(trial.Seconds)),
        ], trial.Settings.Name == trained.Chosen.Name ? "saved" : null))];
        List<XElement> content =
        [
            Html.Paragraph($"{Shown.Count(trials.Length)} training{(trials.Length == 1 ? "" : "s")}. {(trained.IsValidated
                ? "Rows of the validation part alone decide; those of the figures above took no part in it."
                : "There was no time for others to choose from, so the validation part is trained on too.")} "
                + $"Chosen: {trained.Chosen.Name}."),
            Html.Table("Settings that were tried", Heads, rows.Take(MostRows)),
        ];
        if (rows.Length > MostRows)
            content.Add(Html.Details($"The other {rows.Length - MostRows}",
                Html.Table("Other settings that were tried", Heads, rows.Skip(MostRows))));
        return new ReportSection("search", "Search", content);
    }

    private static string EffortOf(Trial trial)
        => (trial.Effort == TrainingEffort.Quick ? "a third of the updates" : "full") + (trial.WasStopped ? ", cut off" : "");
}
