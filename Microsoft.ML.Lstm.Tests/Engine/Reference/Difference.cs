namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>The distance of a tensor from the expected one, as all tests of the network measure it.</summary>
internal static class Difference
{
    /// <summary>‖actual − expected‖ / ‖expected‖, Euclidean. A tensor that should be all zero is measured absolutely.</summary>
    public static double OfNorm(IReadOnlyList<double> actual, IReadOnlyList<double> expected)
    {
        RequireFinite(actual, expected.Count);
        double norm = Math.Sqrt(expected.Sum(x => x * x));
        double difference = Math.Sqrt(actual.Zip(expected, (a, e) => (a - e) * (a - e)).Sum());
        return norm == 0 ? difference : difference / norm;
    }

    /// <summary>
    /// The largest |actual − expected| / max(|expected|, floor) of all elements: below the floor an element is mostly
    /// rounding of a sum that cancelled, and is measured absolutely.
    /// </summary>
    public static double OfElements(IReadOnlyList<double> actual, IReadOnlyList<double> expected, double floor)
    {
        RequireFinite(actual, expected.Count);
        return actual.Zip(expected, (a, e) => Math.Abs(a - e) / Math.Max(Math.Abs(e), floor)).DefaultIfEmpty().Max();
    }

    /// <summary>The largest |actual − expected|.</summary>
    public static double Absolute(IReadOnlyList<double> actual, IReadOnlyList<double> expected)
    {
        RequireFinite(actual, expected.Count);
        return actual.Zip(expected, (a, e) => Math.Abs(a - e)).DefaultIfEmpty().Max();
    }

    // A NaN has to fail, not to vanish in a comparison.
    private static void RequireFinite(IReadOnlyList<double> actual, int count)
    {
        Assert.HasCount(count, actual);
        Assert.IsTrue(actual.All(double.IsFinite), "Not finite.");
    }

    public static double[] Flatten(IEnumerable<double[]> tensors) => [.. tensors.SelectMany(t => t)];

    public static double[] Flatten(IEnumerable<double[][]> tensors) => Flatten(tensors.SelectMany(t => t));
}
