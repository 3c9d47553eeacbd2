namespace Benchmarks;

/// <summary>A way to do the work of a <see cref="Problem"/>.</summary>
internal interface IContender
{
    string Name { get; }

    /// <summary>Does the work <paramref name="repetitions"/> times and returns the seconds that each took.</summary>
    double[] Run(Work work, int repetitions);
}

/// <summary>
/// What a contender computes from the problem's weights and batch before any update. Loss and norm are 0 for one that cannot train.
/// </summary>
internal sealed record Answer(float[] Outputs, double Loss, double GradientNorm)
{
    /// <summary>How far a peer's answer may be from ours where it computes in floats, as we do.</summary>
    public const double Tolerance = 1e-4;

    /// <summary>How far where its weights and values have 8 bits.</summary>
    public const double QuantizedTolerance = 0.05;

    /// <summary>The largest difference from <paramref name="other"/>, relative where the numbers are above 1.</summary>
    public double DifferenceFrom(Answer other)
    {
        double largest = Outputs.Length == other.Outputs.Length ? 0 : double.PositiveInfinity;
        for (int i = 0; i < Outputs.Length && i < other.Outputs.Length; i++)
            largest = Math.Max(largest, Difference(Outputs[i], other.Outputs[i]));
        if (GradientNorm > 0 && other.GradientNorm > 0)
            largest = Math.Max(largest, Math.Max(Difference(Loss, other.Loss), Difference(GradientNorm, other.GradientNorm)));
        return largest;
    }

    private static double Difference(double a, double b) => Math.Abs(a - b) / Math.Max(1, Math.Abs(b));
}
