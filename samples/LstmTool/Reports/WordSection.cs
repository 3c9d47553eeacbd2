using System.Xml.Linq;
using LstmTool.Tasks;

namespace LstmTool.Reports;

/// <summary>Examples with the words that a network went by, or with the labels that it gave them.</summary>
internal static class WordSection
{
    private const int MostExamples = 6, MostWords = 120;

    public static ReportSection? Of(TrainedTask trained, ScoredRows rows)
        => trained.Task == "labeling" ? OfLabels(rows)
            : trained.Columns.Attention is not null ? OfAttention(rows)
            : OfAttributions(trained, rows);

    private static ReportSection? OfAttention(ScoredRows rows)
    {
        ScoredRow[] all = [.. rows.Rows.Where(row =>
            row is { Words.Length: > 0, Attention.Length: > 0, Labels.Length: 1, Predicted.Length: 1 }
            && row.Attention!.Length == row.Words!.Length)];
        if (all.Length == 0)
            return null;
        return new ReportSection("words", "Attention over words",
        [
            Html.Paragraph("The stronger the shade of a word, the more of the network's attention it has. The surest example of each "
                + "class, and the surest ones that are wrong."),
            .. Examples(all).Select(row => Example(Caption(row), row.Words!, word
                => new ShownWord(row.Attention![word] / row.Attention.Max()))),
        ]);
    }

    // A network without attention is asked by integrated gradients.
    private static ReportSection? OfAttributions(TrainedTask trained, ScoredRows rows)
    {
        ScoredRow[] shown = [.. Examples([.. rows.Rows.Where(row => row is { Words.Length: > 0, Labels.Length: 1, Predicted.Length: 1 })])];
        IReadOnlyDictionary<int, ExplainedRow> explained = ExplainedRows.Read(trained, [.. shown.Select(row => row.Position)]);
        shown = [.. shown.Where(row => explained.TryGetValue(row.Position, out ExplainedRow? one) && one.Steps == row.Words!.Length)];
        if (shown.Length == 0)
            return null;
        return new ReportSection("words", "Words that it went by",
        [
            Html.Paragraph("The stronger the shade of a word, the more it adds to the class that was said; words in the other colour speak "
                + "against it. The surest example of each class, and the surest ones that are wrong."),
            .. shown.Select(row =>
            {
                float[] adds = explained[row.Position].Attributions;
                float most = adds.Max(Math.Abs);
                return Example(Caption(row), row.Words!, word
                    => new ShownWord(Math.Abs(adds[word]) / most, Class: adds[word] < 0 ? "against" : null));
            }),
        ]);
    }

    private static ReportSection? OfLabels(ScoredRows rows)
    {
        ScoredRow[] all = [.. rows.Rows.Where(row => row is { Words.Length: > 0, Labels: not null, Predicted: not null }
            && row.Words!.Length == row.Labels!.Length && row.Words.Length == row.Predicted!.Length)];
        ScoredRow[] wrong = [.. all.Where(row => !row.Labels!.SequenceEqual(row.Predicted!))
            .OrderBy(row => row.Words!.Length).ThenBy(row => row.Position)];
        ScoredRow[] shown =
        [
            .. wrong.Skip(wrong.Length / 2).Take(MostExamples - 2), .. all.Except(wrong).Where(row => row.Words!.Length > 3).Take(2),
        ];
        if (shown.Length == 0)
            return null;
        return new ReportSection("words", "Labelled sequences",
        [
            Html.Paragraph($"{Shown.Count(all.Length - wrong.Length)} of {Shown.Count(all.Length)} sequences are right at every step. Some "
                + "with faults, which are marked, and some without."),
            .. shown.Select(row => Example($"{Count(row)} of {row.Words!.Length} right", row.Words!, word
                => row.Labels![word] == row.Predicted![word]
                    ? new ShownWord(0, row.Predicted[word])
                    : new ShownWord(0.6, $"{row.Predicted[word]}, not {row.Labels[word]}", "wrong"))),
        ]);

        static int Count(ScoredRow row) => row.Labels!.Zip(row.Predicted!).Count(pair => pair.First == pair.Second);
    }

    private static IEnumerable<ScoredRow> Examples(ScoredRow[] all)
    {
        ILookup<bool, ScoredRow> byRight = all.OrderByDescending(Surety).ThenBy(row => row.Position)
            .ToLookup(row => row.Labels![0] == row.Predicted![0]);
        return byRight[true].DistinctBy(row => row.Predicted![0]).Take(MostExamples - 2).Concat(byRight[false].Take(2));
    }

    private static string Caption(ScoredRow row) => row.Labels![0] == row.Predicted![0]
        ? $"{row.Predicted[0]}, {Shown.Percent(Surety(row))}"
        : $"{row.Predicted[0]}, {Shown.Percent(Surety(row))}: wrong, it is {row.Labels[0]}";

    private static double Surety(ScoredRow row) => row.Score is { Length: > 0 } score ? score.Max() : 0;

    private static XElement Example(string caption, string[] words, Func<int, ShownWord> show)
    {
        var text = Html.Element("p", Html.Class("words"));
        foreach ((int at, string word) in words.Take(MostWords).Index())
        {
            if (at > 0)
                text.Add(" ");
            ShownWord shown = show(at);
            text.Add(Html.Element("span", shown.Class is { } name ? Html.Class(name) : null, Html.Share(shown.Share), word,
                shown.Label is { } label ? Html.Element("sub", label) : null));
        }
        if (words.Length > MostWords)
            text.Add(" …");
        return Html.Element("div", Html.Class("example"), Html.Element("p", Html.Class("note"), caption), text);
    }

    /// <summary>How a word is shown.</summary>
    /// <param name="Share">How strong its shade is, 0 to 1.</param>
    /// <param name="Label">What stands behind it.</param>
    /// <param name="Class">Its class in the style sheet.</param>
    private sealed record ShownWord(double Share, string? Label = null, string? Class = null);
}
