namespace Accuracy.Tasks;

/// <summary>What a figure measures.</summary>
/// <param name="Name">Its name.</param>
/// <param name="HigherIsBetter">Whether it is a share or a count of what went well, and no error.</param>
internal sealed record Metric(string Name, bool HigherIsBetter)
{
    public static Metric Accuracy { get; } = new("accuracy", HigherIsBetter: true);

    public bool IsReached(double figure, double aim) => HigherIsBetter ? figure >= aim : figure <= aim;

    /// <summary>The better of some figures; NaN if there are none.</summary>
    public double Best(IEnumerable<double> figures)
        => figures.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Aggregate(HigherIsBetter ? Math.Max : Math.Min);
}

/// <summary>The figure of a method to compare with.</summary>
/// <param name="Method">The method.</param>
/// <param name="Figure">Its figure.</param>
internal sealed record Bar(string Method, double Figure);
