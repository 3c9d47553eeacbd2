using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Golden;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>The adaptive softmax against PyTorch's, and against its definition in double with central differences.</summary>
[TestClass]
public sealed class AdaptiveSoftmaxTests
{
    private const double Tolerance = 1e-5;

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    // Rows and classes that fill blocks and vectors, and that don't; tails of one class, with one number, and that no row goes through.
    public static IEnumerable<object[]> Sizes =>
        from kernels in CpuKernels.Available
        from size in new[] { (13, 7, "6,14", 23), (1, 5, "1", 2), (40, 17, "1,2,3", 4), (5, 8, "32", 70) }
        select new object[] { kernels.Name, size.Item1, size.Item2, size.Item3, size.Item4 };

    public static IEnumerable<object[]> GoldenCases =>
        from kernels in CpuKernels.Available
        from golden in GoldenAdaptiveCase.All
        select new object[] { kernels.Name, golden.Name };

    [TestMethod]
    [DynamicData(nameof(GoldenCases))]
    public void ProbabilitiesLossAndGradientsArePyTorchs(string kernels, string name)
    {
        GoldenAdaptiveCase golden = GoldenAdaptiveCase.All.Single(golden => golden.Name == name);
        AdaptiveSoftmaxShape clusters = AdaptiveSoftmaxShape.ByFrequency(Descending(golden.Classes), golden.Cutoffs,
            golden.X[0].Length, golden.DivValue);
        var run = new AdaptiveSoftmaxRun(clusters, golden.Parameters, golden.X, KernelsOf(kernels));

        (double[] losses, Dictionary<string, double[]> parameters, double[][] x) = run.Differentiate(golden.Targets);

        Assert.IsLessThan(Tolerance, Difference.Absolute(Difference.Flatten(run.LogProbabilities()), Difference.Flatten(golden.LogProb)));
        Assert.IsLessThan(Tolerance, Difference.Absolute(losses, [.. golden.Output.Select(output => -output)]));
        Assert.AreEqual(golden.Loss, losses.Average(), Tolerance);
        CollectionAssert.AreEquivalent(golden.Gradients.Keys, parameters.Keys);
        foreach ((string parameter, double[] expected) in golden.Gradients)
            Assert.IsLessThan(Tolerance, Difference.OfNorm(parameters[parameter], expected), parameter);
        Assert.IsLessThan(Tolerance, Difference.OfNorm(Difference.Flatten(x), Difference.Flatten(golden.InputGradients)));
    }

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void GradientsAreCentralDifferencesOfTheDefinition(string kernels, int rows, int k, string cutoffs, int classes)
    {
        (AdaptiveSoftmaxShape clusters, Dictionary<string, double[]> parameters, double[][] x, int[] targets) =
            Sample(rows, k, cutoffs, classes);
        var run = new AdaptiveSoftmaxRun(clusters, parameters, x, KernelsOf(kernels));
        var reference = new ReferenceAdaptiveSoftmax(clusters, parameters);

        (double[] losses, Dictionary<string, double[]> gradients, double[][] dx) = run.Differentiate(targets);

        double[][] expected = [.. x.Select(reference.LogProbabilities)];
        Assert.IsLessThan(Tolerance, Difference.Absolute(Difference.Flatten(run.LogProbabilities()), Difference.Flatten(expected)));
        Assert.IsTrue(expected.All(row => Math.Abs(row.Sum(Math.Exp) - 1) < 1e-12));
        Assert.IsLessThan(Tolerance,
            Difference.Absolute(losses, [.. targets.Select((target, row) => target < 0 ? 0 : -expected[row][target])]));
        foreach ((string name, double[] values) in parameters)
            Assert.IsLessThan(Tolerance, Difference.OfNorm(gradients[name], CentralDifferences.Of(values, Loss)), name);
        Assert.IsLessThan(Tolerance, Difference.OfNorm(Difference.Flatten(dx), CentralDifferences.Of(x, Loss)));

        double Loss() => targets.Select((target, row) => target < 0 ? 0 : -reference.LogProbabilities(x[row])[target]).Sum() / rows;
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        (AdaptiveSoftmaxShape clusters, Dictionary<string, double[]> parameters, double[][] x, int[] targets) =
            Sample(rows: 700, k: 33, "20,50", classes: 130);
        double[] expected = Everything(threads: 1);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Everything(threads), $"{threads} threads");

        double[] Everything(int threads)
        {
            var run = new AdaptiveSoftmaxRun(clusters, parameters, x, KernelsOf(kernels), threads);
            (double[] losses, Dictionary<string, double[]> gradients, double[][] dx) = run.Differentiate(targets);
            return [.. losses, .. Difference.Flatten(dx),
                .. gradients.OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(g => g.Value)];
        }
    }

    [TestMethod]
    public void ClustersGoByFrequencyWhateverTheNumbersOfTheClasses()
    {
        AdaptiveSoftmaxShape clusters = AdaptiveSoftmaxShape.ByFrequency([3, 9, 0, 9, 5, 1], [2, 4], inputSize: 12, factor: 4);

        CollectionAssert.AreEqual(new[] { 2, 4 }, clusters.Shortlist.Keys.ToArray());
        CollectionAssert.AreEqual(new[] { 1, 5 }, clusters.Tails[0].Classes.Keys.ToArray());
        CollectionAssert.AreEqual(new[] { 3, 6 }, clusters.Tails[1].Classes.Keys.ToArray());
        Assert.AreEqual((3, 1), (clusters.Tails[0].Size, clusters.Tails[1].Size));
        Assert.AreEqual((1, 1), clusters.Find(4));
        Assert.AreEqual((0, 0), clusters.Find(1));
        Assert.AreEqual(4, clusters.HeadSize);
    }

    [TestMethod]
    public void AClassInNoClusterOrInTwoIsRefused()
    {
        KeySubset first = KeySubset.Of(5, [1, 2])!, rest = KeySubset.Of(5, [3, 4, 5])!;
        foreach (KeySubset tail in new[] { KeySubset.Of(5, [3, 4])!, KeySubset.Of(5, [2, 3, 4, 5])!, KeySubset.Of(6, [3, 4, 5])! })
            Assert.ThrowsExactly<ArgumentException>(
                () => new AdaptiveSoftmaxShape(first, new ValueList<TailCluster>(new TailCluster(tail, 2))));
        Assert.ThrowsExactly<ArgumentException>(() => new AdaptiveSoftmaxShape(first, default));
        Assert.AreEqual(5, new AdaptiveSoftmaxShape(first, new ValueList<TailCluster>(new TailCluster(rest, 2))).OutputSize);
    }

    private static CpuKernels KernelsOf(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);

    private static long[] Descending(int classes) => [.. Enumerable.Range(0, classes).Select(number => (long)classes - number)];

    /// <summary>Classes of a frequency that says nothing of their numbers, and every fifth row without one.</summary>
    private static (AdaptiveSoftmaxShape Clusters, Dictionary<string, double[]> Parameters, double[][] X, int[] Targets) Sample(
        int rows, int k, string cutoffs, int classes)
    {
        var random = new Random(3);
        AdaptiveSoftmaxShape clusters = AdaptiveSoftmaxShape.ByFrequency([.. Enumerable.Range(0, classes).Select(_ => random.NextInt64(9))],
            [.. cutoffs.Split(',').Select(int.Parse)], k, factor: 2);
        var parameters = new ParameterSet(AdaptiveSoftmaxRun.ShapeOf(clusters, k)).Parameters
            .Where(p => p.Role is ParameterRole.HeadWeight or ParameterRole.HeadBias or ParameterRole.TailProjection
                or ParameterRole.TailWeight)
            .ToDictionary(p => p.Name, p => Draw(p.Length));
        return (clusters, parameters, [.. Enumerable.Range(0, rows).Select(_ => Draw(k))],
            [.. Enumerable.Range(0, rows).Select(row => row % 5 == 4 ? -1 : random.Next(classes))]);

        double[] Draw(int length) => [.. Enumerable.Range(0, length).Select(_ => (double)(2 * random.NextSingle() - 1))];
    }
}
