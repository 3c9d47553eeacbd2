using System.Globalization;

namespace LstmTool.Tasks;

/// <summary>Metrics on rows that nothing was chosen by.</summary>
/// <param name="Metrics">The metrics; the first one decides.</param>
/// <param name="Contenders">The network, baselines and mixtures, the best first.</param>
/// <param name="Chosen">Which of them was chosen by the validation rows.</param>
internal sealed record Comparison(IReadOnlyList<Metric> Metrics, IReadOnlyList<Contender> Contenders, string Chosen)
{
    /// <summary>Orders contenders by the first metric.</summary>
    public static Comparison Of(IReadOnlyList<Metric> metrics, string chosen, IEnumerable<Contender> contenders)
    {
        double sign = metrics[0].HigherIsBetter ? -1 : 1;
        return new Comparison(metrics, [.. contenders.OrderBy(one =>
            double.IsNaN(one.Figures[0]) ? double.PositiveInfinity : sign * one.Figures[0])], chosen);
    }

    /// <summary>What had the best figure, in a sentence, whether or not it is what was chosen.</summary>
    public string Verdict
    {
        get
        {
            Contender best = Contenders[0], chosen = Contenders.First(one => one.Name == Chosen);
            string metric = Metrics[0].Name;
            Contender? second = Contenders.Skip(1).FirstOrDefault();
            return best == chosen
                ? Text($"Best is what was chosen, {best.Name}: {metric} {best.Figures[0]:G4}")
                    + (second is null ? "." : Text($"; next is {second.Name}: {second.Figures[0]:G4}."))
                : best.Figures[0] == chosen.Figures[0]
                ? Text($"What was chosen, {chosen.Name}, and {best.Name} are alike: {metric} {best.Figures[0]:G4}.")
                : Text($"Best is {best.Name}: {metric} {best.Figures[0]:G4}; what was chosen by the validation rows, {chosen.Name}, has ")
                    + Text($"{chosen.Figures[0]:G4}.");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A metric.</summary>
internal sealed record Metric(string Name, bool HigherIsBetter);

/// <summary>What was measured, with a figure for each metric; NaN where it has none.</summary>
internal sealed record Contender(string Name, IReadOnlyList<double> Figures);
