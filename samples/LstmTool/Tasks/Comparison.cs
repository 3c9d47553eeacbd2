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
            string metric = Metrics[0].Name, figure = Shown(chosen);
            if (Shown(best) != figure)
                return $"Best is {best.Name}: {metric} {Shown(best)}; what was chosen by the validation rows, {chosen.Name}, has {figure}.";
            // What differs in digits that are not shown is no victory.
            string[] alike = double.IsNaN(chosen.Figures[0]) ? []
                : [.. Contenders.Where(one => one != chosen && Shown(one) == figure).Select(one => one.Name)];
            string next = Contenders.FirstOrDefault(one => one != chosen && !alike.Contains(one.Name)) is { } other
                ? $"; next is {other.Name}: {Shown(other)}." : ".";
            if (alike.Length == 0)
                return $"Best is what was chosen, {chosen.Name}: {metric} {figure}{next}";
            string all = string.Join(", ", alike[..^1].Prepend($"What was chosen ({chosen.Name})"));
            return $"{all} and {alike[^1]} are alike: {metric} {figure}{next}";
        }
    }

    private static string Shown(Contender contender) => contender.Figures[0].ToString("G4", CultureInfo.InvariantCulture);
}

/// <summary>A metric.</summary>
internal sealed record Metric(string Name, bool HigherIsBetter);

/// <summary>What was measured, with a figure for each metric; NaN where it has none.</summary>
internal sealed record Contender(string Name, IReadOnlyList<double> Figures);
