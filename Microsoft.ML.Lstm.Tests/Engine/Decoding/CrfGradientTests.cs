using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Decoding;

/// <summary>The gradients of the loss of a conditional random field against central differences of the double reference.</summary>
[TestClass]
public sealed class CrfGradientTests
{
    private const double Tolerance = 1e-6;

    public static IEnumerable<object[]> Cases =>
        from size in new[] { (1, 1), (1, 4), (2, 1), (3, 6), (8, 5), (13, 9), (22, 4) }
        // The range of the last one is too wide for packed exponentials.
        from transitionScale in new[] { 0.1, 2, 100, 1000 }
        from emissionScale in new[] { 1, 30, 1e4 }
        select new object[] { size.Item1, size.Item2, transitionScale, emissionScale };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void GradientsAreCentralDifferences(int labels, int steps, double transitionScale, double emissionScale)
    {
        var sample = new CrfSample(labels, steps, transitionScale, emissionScale);
        // The rounding error of a difference quotient of a loss of this size.
        double rounding = 1e-11 * (1 + steps * (transitionScale + emissionScale));
        foreach (int[] known in new[] { sample.Path, sample.PartlyKnown, sample.Path[..^1].Append(-1).ToArray() })
        {
            var actual = sample.Gradients(known);
            AssertDerivatives(sample.WideEmissions, actual.Emissions, "emissions");
            AssertDerivatives(sample.Reference.Transitions, actual.Transitions, "transitions");
            AssertDerivatives(sample.Reference.Start, actual.Start, "start");
            AssertDerivatives(sample.Reference.End, actual.End, "end");

            void AssertDerivatives(double[] values, float[] gradient, string name)
            {
                double[] expected = CentralDifferences.Of(values, () => sample.Reference.Loss(sample.WideEmissions, known));
                double norm = Math.Sqrt(expected.Sum(x => x * x));
                double difference = Math.Sqrt(expected.Zip(gradient, (e, a) => (e - a) * (e - a)).Sum());
                Assert.IsLessThanOrEqualTo(Tolerance * norm + rounding * Math.Sqrt(values.Length), difference, $"{name}, of norm {norm}");
            }
        }
    }

    [TestMethod]
    public void GradientsOfALongSequenceAreCentralDifferences()
    {
        var sample = new CrfSample(labels: 4, steps: 2000, transitionScale: 2, emissionScale: 3);
        var actual = sample.Gradients(sample.PartlyKnown);
        int[] some = [0, 1, 3, 1000, 4001, 4003, 7996, 7999];
        AssertAgree(CentralDifferences.Of(sample.WideEmissions, Loss, some), [.. some.Select(i => (double)actual.Emissions[i])]);
        AssertAgree(CentralDifferences.Of(sample.Reference.Transitions, Loss), CrfSample.Widen(actual.Transitions));

        double Loss() => sample.Reference.Loss(sample.WideEmissions, sample.PartlyKnown);

        static void AssertAgree(double[] expected, double[] actual) => Assert.IsLessThan(Tolerance, Difference.OfNorm(actual, expected));
    }

    [TestMethod]
    public void TheGradientOfAnAlmostCertainPathKeepsItsDigits()
    {
        var sample = new CrfSample(labels: 5, steps: 6);
        for (int t = 0; t < 6; t++)
        {
            sample.Emissions[t * 5 + sample.Path[t]] += 20;
            sample.WideEmissions[t * 5 + sample.Path[t]] = sample.Emissions[t * 5 + sample.Path[t]];
        }
        double[] expected = sample.Reference.MarginalsOverPaths(sample.WideEmissions);
        for (int t = 0; t < 6; t++)
            expected[t * 5 + sample.Path[t]] = -Enumerable.Range(0, 5).Where(j => j != sample.Path[t]).Sum(j => expected[t * 5 + j]);
        Assert.IsLessThan(1e-7, expected.Max());
        Assert.IsLessThan(1e-5, Difference.OfNorm(CrfSample.Widen(sample.Gradients(sample.Path).Emissions), expected));
    }

    [TestMethod]
    public void GradientsAreWeightedAndOnlyThoseOfTheParametersAddedUp()
    {
        var sample = new CrfSample(labels: 3, steps: 5);
        var once = sample.Gradients(sample.Path);
        float[] emissions = [.. Enumerable.Repeat(7f, 15)], transitions = [.. Enumerable.Repeat(1f, 9)], start = [1, 1, 1], end = [1, 1, 1];
        sample.Runner.LossAndGradients(sample.Emissions, sample.Path, 0.25, emissions, transitions, start, end);

        CollectionAssert.AreEqual(once.Emissions.Select(x => x / 4).ToArray(), emissions);
        AssertAdded(once.Transitions, transitions);
        AssertAdded(once.Start, start);
        AssertAdded(once.End, end);

        static void AssertAdded(float[] once, float[] sum) => CollectionAssert.AreEqual(once.Select(x => 1 + x / 4).ToArray(), sum);
    }
}
