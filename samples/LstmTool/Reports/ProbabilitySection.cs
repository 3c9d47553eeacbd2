using System.Xml.Linq;
using LstmTool.Tasks;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>Whether what is said with a probability comes as often.</summary>
internal static class ProbabilitySection
{
    private const int Bins = 10;

    private static readonly TableHead[] Heads =
        [new("Probability"), new("Predictions", true), new("Mean probability", true), new("Came", true)];

    public static ReportSection? Of(TrainedTask trained, ScoredRows rows)
    {
        if (trained.Task is not ("classification" or "labeling"))
            return null;
        // Of two classes, the second one; of more, the one that was said.
        string? second = trained.Task == "classification" && rows.Classes.Count == 2 ? rows.Classes[1] : null;
        (double Probability, bool Came)[] said =
            [.. rows.Rows.SelectMany(row => Said(row, second)).Where(one => one.Probability is >= 0 and <= 1)];
        if (said.Length == 0)
            return null;
        (double Probability, double Share, int Count)[] bins = [.. said.GroupBy(one => Math.Min(Bins - 1, (int)(one.Probability * Bins)))
            .OrderBy(bin => bin.Key)
            .Select(bin => (bin.Average(one => one.Probability), bin.Average(one => one.Came ? 1.0 : 0), bin.Count()))];
        double error = bins.Sum(bin => bin.Count * Math.Abs(bin.Probability - bin.Share)) / said.Length;
        double probability = said.Average(one => one.Probability), share = said.Average(one => one.Came ? 1.0 : 0);
        string what = second is null ? "what was said came" : $"{second} came";
        return new ReportSection("probabilities", "Calibration of probabilities",
        [
            Html.Paragraph($"The mean probability is {Shown.Percent(probability)}, and {what} in {Shown.Percent(share)} of "
                + $"{Shown.Count(said.Length)} cases. On average over all of them probability and share are {Shown.Percent(error)} apart "
                + $"(the expected calibration error). {Judge(probability, share, second)}"),
            Html.Element("div", Html.Class("pair"), Reliability(bins, second), Frequencies(said)),
            Html.Details("The figures of the diagram", Html.Table("Reliability", Heads, bins.Select(bin => Html.Row(Heads,
            [
                Interval(bin.Probability), Shown.Count(bin.Count), Shown.Percent(bin.Probability), Shown.Percent(bin.Share),
            ])))),
        ]);
    }

    private static IEnumerable<(double Probability, bool Came)> Said(ScoredRow row, string? second)
    {
        if (row is not { Labels: { Length: > 0 } labels, Predicted: { } predicted, Score: { } score } || predicted.Length != labels.Length)
            yield break;
        int classes = score.Length / labels.Length;
        if (classes < 2 || classes * labels.Length != score.Length)
            yield break;
        for (int step = 0; step < labels.Length; step++)
        {
            if (labels[step].Length == 0)
                continue;
            yield return second is null
                ? (score.AsSpan(step * classes, classes).ToArray().Max(), labels[step] == predicted[step])
                : (score[1], labels[step] == second);
        }
    }

    private static string Judge(double probability, double share, string? second)
    {
        if (Math.Abs(probability - share) < 0.02)
            return "";
        return second is not null
            ? probability > share ? $"Probabilities of {second} are too high." : $"Probabilities of {second} are too low."
            : probability > share ? "The network is surer than it should be." : "The network could be surer.";
    }

    private static XElement Reliability((double Probability, double Share, int Count)[] bins, string? second) => Html.Figure("reliability",
        new Chart("Share that came, against the probability that was said")
        {
            XLabel = second is null ? "probability of what was said" : $"probability of {second}",
            YLabel = "share that came",
            XRange = (0, 1),
            YRange = (0, 1),
        }
            .AddLine("as it should be", Ink.Pale, [(0, 0), (1, 1)], dashed: true)
            .AddLine("", Ink.Accent, bins.Select(bin => (bin.Probability, bin.Share)))
            .AddDots("tenths of the probabilities", Ink.Accent, bins.Select(bin => (bin.Probability, bin.Share))),
        "Below the line, probabilities are too high; above, too low. A dot of few predictions may be anywhere.", 360, isHalf: true);

    private static XElement Frequencies((double Probability, bool Came)[] said) => Html.Figure("probability-share",
        new Chart("How often each probability was said") { XLabel = "probability", YLabel = "share of predictions", XRange = (0, 1) }
            .AddBars("", Ink.Accent, 1.0 / Bins, Enumerable.Range(0, Bins).Select(bin => ((bin + 0.5) / Bins,
                said.Count(one => Math.Min(Bins - 1, (int)(one.Probability * Bins)) == bin) / (double)said.Length))),
        "How many predictions each dot of the reliability diagram stands for.", 360, isHalf: true);

    private static string Interval(double probability)
    {
        int bin = Math.Min(Bins - 1, (int)(probability * Bins));
        return $"{100 * bin / Bins} to {100 * (bin + 1) / Bins} %";
    }
}
