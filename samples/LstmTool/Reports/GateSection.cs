using System.Text.RegularExpressions;
using System.Xml.Linq;
using LstmTool.Tasks;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>What the gates did over a sequence, and which of its steps made the prediction what it is.</summary>
internal static partial class GateSection
{
    // Of fewer units a band says no more than the mean.
    private const int LeastUnits = 5;

    // As many as can be told from each other.
    private const int MostSteps = 96, MostInputs = 10;

    // The letters of PyTorch, in the order of the legend; candidates are no gates.
    private static readonly (char Letter, string Name, Ink Ink, bool IsDashed)[] Known =
    [
        ('f', "forget gate", Ink.Accent, false),
        ('i', "input gate", Ink.Neutral, false),
        ('o', "output gate", Ink.Neutral, true),
        ('z', "update gate", Ink.Accent, false),
        ('r', "reset gate", Ink.Neutral, false),
    ];

    /// <summary>The row of a series.</summary>
    public static ReportSection? OfSeries(TrainedTask trained, (SeriesValues Series, int Row)? shown)
        => shown is { } row
            ? Of(trained, row.Series.Positions[row.Series.FirstScored + row.Row], $"up to {row.Series.NameOf(row.Row)}")
            : null;

    /// <summary>The sequence of a row in the middle.</summary>
    public static ReportSection? OfSequence(TrainedTask trained, ScoredRows rows) => rows.Rows.Count == 0
        ? null
        : Of(trained, rows.Rows.Count / 2, $"of row {Shown.Count(rows.Rows.Count / 2 + 1)} of those that nothing was chosen by");

    private static ReportSection? Of(TrainedTask trained, int position, string which)
    {
        if (!ExplainedRows.Read(trained, [position]).TryGetValue(position, out ExplainedRow? all))
            return null;
        ExplainedRow explained = all.Last(MostSteps);
        string part = all.Steps > explained.Steps ? $"last {explained.Steps} of {Shown.Count(all.Steps)}" : $"{explained.Steps}";
        List<XElement> content =
        [
            Html.Paragraph($"The {part} steps {which}. A forget gate near 1 keeps what the network remembers, "
                + "near 0 it drops it; an input gate near 1 lets the step in. Bars show how much each step adds to what is predicted, "
                + "compared with a step that tells nothing (integrated gradients)."),
        ];
        (string Name, Ink Ink, bool IsDashed, float[][] Units)[] gates = [.. Known
            .Select(gate => (gate.Name, gate.Ink, gate.IsDashed, UnitsOf(explained, gate.Letter)))
            .Where(gate => gate.Item4.Length > 0 && gate.Item4[0].Length > 0)];
        double first = 1 - explained.Steps;
        if (gates.Length > 0)
            content.Add(GateFigure(gates, first));
        content.Add(Html.Figure("attribution", new Chart("How much each step adds to what is predicted")
        {
            XLabel = "steps before the last",
            YLabel = "added",
        }
            .AddBars("", Ink.Accent, 1, explained.Attributions.Select((value, t) => (first + t, (double)value))),
            "Steps above zero make the prediction larger, or the predicted class likelier.", 260));
        content.Add(Html.Details("The figures of each step", StepTable(explained, gates)));
        if (explained.Inputs.Count > 1)
            content.Add(InputTable(explained));
        return new ReportSection("gates", "Gates over a sequence", content);
    }

    private static XElement GateFigure((string Name, Ink Ink, bool IsDashed, float[][] Units)[] gates, double first)
    {
        Chart chart = new("Mean of the gates at each step")
        {
            XLabel = "steps before the last",
            YLabel = "mean of all units",
            YRange = (0, 1),
        };
        float[][] banded = gates[0].Units;
        bool hasBand = banded[0].Length >= LeastUnits;
        if (hasBand)
            chart.AddBand($"{gates[0].Name}, 80 % of the units", gates[0].Ink, first, [.. banded.Select(step => Quantile(step, 0.1))],
                [.. banded.Select(step => Quantile(step, 0.9))]);
        foreach ((string name, Ink ink, bool isDashed, float[][] units) in gates)
            chart.AddLine(name, ink, first, units.Select(step => step.Average()), isDashed);
        return Html.Figure("gates-chart", chart, "Gates that do not move over the steps tell that the network treats all of them alike.",
            320);
    }

    private static XElement StepTable(ExplainedRow explained, (string Name, Ink Ink, bool IsDashed, float[][] Units)[] gates)
    {
        TableHead[] heads = [new("Step", true), new("Adds", true), .. gates.Select(gate => new TableHead(gate.Name, true))];
        IReadOnlyList<string> adds = Shown.Column([.. explained.Attributions.Select(value => (double)value)]);
        return Html.Table("Gates and attributions by step", heads, Enumerable.Range(0, explained.Steps).Select(t
            => Html.Row(heads,
            [
                Shown.Number(t + 1 - explained.Steps), adds[t], .. gates.Select(gate => Shown.Percent(gate.Units[t].Average())),
            ])));
    }

    // What a step reads, such as the lags of a series: where a step holds all that counts, this tells more than the steps.
    private static XElement InputTable(ExplainedRow explained)
    {
        TableHead[] heads = [new("Input"), new("Adds", true), new("")];
        (string Name, double Adds)[] inputs = [.. explained.Inputs.OrderByDescending(input => Math.Abs(input.Adds)).Take(MostInputs)];
        IReadOnlyList<string> adds = Shown.Column([.. inputs.Select(input => input.Adds)]);
        double most = Math.Max(Math.Abs(inputs[0].Adds), double.Epsilon);
        return Html.Table("Inputs by what they add to the prediction", heads, inputs.Zip(adds, (input, number)
            => Html.Row(heads, [input.Name, number, Html.Bar(Math.Abs(input.Adds) / most)])));
    }

    // For each step the values of a gate of all units.
    private static float[][] UnitsOf(ExplainedRow explained, char letter)
    {
        int size = explained.GateNames.Count;
        int[] slots = [.. explained.GateNames.Index().Where(name => Gate().Match(name.Item).Groups[1].ValueSpan.SequenceEqual([letter]))
            .Select(name => name.Index)];
        return explained.Gates.Length != size * explained.Steps
            ? []
            : [.. Enumerable.Range(0, explained.Steps).Select(t => Array.ConvertAll(slots, slot => explained.Gates[t * size + slot]))];
    }

    private static float Quantile(float[] values, double share)
        => values.Order().ElementAt((int)Math.Round(share * (values.Length - 1)));

    [GeneratedRegex(@"\b([a-z])\[\d+\]$")]
    private static partial Regex Gate();
}
