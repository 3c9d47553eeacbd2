using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Decoding;

/// <summary>The conditional random field against its definition, over every path of small cases.</summary>
[TestClass]
public sealed class CrfTests
{
    // Labels and steps.
    public static IEnumerable<object[]> SmallSizes =>
        from size in new[] { (1, 1), (1, 5), (2, 1), (2, 8), (3, 7), (5, 5), (9, 4), (17, 3), (33, 2) }
        // Ranges of transitions as in trained fields, just narrow enough for packed exponentials, and too wide.
        from transitionScale in new[] { 1, 249.0, 2000 }
        select new object[] { size.Item1, size.Item2, transitionScale };

    [TestMethod]
    [DynamicData(nameof(SmallSizes))]
    public void LossesAndMarginalsAreThoseOfTheSumOverAllPaths(int labels, int steps, double transitionScale)
    {
        foreach (double emissionScale in new[] { 0, 3, 1e3, 1e6 })
        {
            var sample = new CrfSample(labels, steps, transitionScale, emissionScale);
            foreach (int[] known in new[] { sample.Path, sample.PartlyKnown })
            {
                double expected = sample.Reference.LossOverPaths(sample.WideEmissions, known);
                Assert.AreEqual(expected, sample.Runner.Loss(sample.Emissions, known),
                    1e-12 * (10 + emissionScale * steps + transitionScale * steps), $"emissions to {emissionScale}");
                Assert.AreEqual(expected, sample.Reference.Loss(sample.WideEmissions, known),
                    1e-12 * (10 + emissionScale * steps + transitionScale * steps), "the reference's recursion");
            }
            float[] marginals = new float[sample.Emissions.Length];
            sample.Runner.Marginals(sample.Emissions, marginals);
            Assert.IsLessThan(1e-6,
                Difference.OfNorm(CrfSample.Widen(marginals), sample.Reference.MarginalsOverPaths(sample.WideEmissions)));
        }
    }

    [TestMethod]
    [DynamicData(nameof(SmallSizes))]
    public void TheDecodedPathIsTheBestOfAll(int labels, int steps, double transitionScale)
    {
        for (int seed = 0; seed < 10; seed++)
        {
            var sample = new CrfSample(labels, steps, transitionScale, emissionScale: transitionScale, seed: seed);
            CollectionAssert.AreEqual(sample.Reference.BestPath(sample.WideEmissions), Decode(sample));
        }
    }

    [TestMethod]
    [DataRow(2, 8)]
    [DataRow(4, 6)]
    [DataRow(9, 4)]
    [DataRow(33, 2)]
    public void OfEqualPathsTheOneOfTheLowestLabelsIsDecoded(int labels, int steps)
    {
        for (int seed = 0; seed < 30; seed++)
        {
            // Few different scores, 0 and −0 among them, so that most cases have more than one best path.
            var sample = new CrfSample(labels, steps, transitionScale: 1, emissionScale: seed % 3, whole: true, seed: seed);
            CollectionAssert.AreEqual(sample.Reference.BestPath(sample.WideEmissions), Decode(sample), $"seed {seed}");
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    [DataRow(16)]
    [DataRow(50)]
    [DataRow(67)]
    public void WhereAllPathsAreEqualTheLowestLabelIsDecoded(int labels)
    {
        var sample = new CrfSample(labels, steps: 5, transitionScale: 0, emissionScale: 0);
        CollectionAssert.AreEqual(new int[5], Decode(sample));
    }

    [TestMethod]
    public void ProbabilitiesOfAllPathsSumToOne()
    {
        var sample = new CrfSample(labels: 4, steps: 5, transitionScale: 2, emissionScale: 2);
        Assert.AreEqual(1, sample.Reference.Paths(5).Sum(path => Math.Exp(-sample.Runner.Loss(sample.Emissions, path))), 1e-12);
    }

    [TestMethod]
    [DataRow(1f)]
    [DataRow(1000f)]
    public void WithoutAnyKnownLabelNothingIsLearned(float transitionScale)
    {
        var sample = new CrfSample(labels: 7, steps: 9, transitionScale);
        int[] unknown = [.. Enumerable.Repeat(-1, 9)];
        Assert.AreEqual(0, sample.Runner.Loss(sample.Emissions, unknown));
        var gradients = sample.Gradients(unknown);
        foreach (float[] gradient in new[] { gradients.Emissions, gradients.Transitions, gradients.Start, gradients.End })
            CollectionAssert.AreEqual(new float[gradient.Length], gradient);
    }

    [TestMethod]
    public void ScoresOfAnySizeAreSafe()
    {
        foreach (float size in new[] { 1e4f, 1e15f, 1e30f, float.MaxValue })
        {
            // Label 1 has by far the best score of each step; then start and transitions forbid it.
            var crf = new LinearChainCrf(2);
            var runner = new CrfRunner(crf);
            float[] emissions = [-size, size, -size, size, -size, size];
            crf.Pack([0.5f, 0, 0, 0.25f], [0, 0], [0, 0]);
            AssertCertain(runner, emissions, [1, 1, 1]);
            Assert.AreEqual(2.0 * size + 0.5, runner.Loss(emissions, [1, 0, 1]), 1e-12 * size);

            crf.Pack([0, -size, 0, -size], [0, -size], [0, 0]);
            AssertCertain(runner, [0.5f, 0, 0.25f, 0, 0, 1], [0, 0, 0]);
        }
    }

    [TestMethod]
    public void AForbiddenTransitionHasNoProbability()
    {
        var crf = new LinearChainCrf(2);
        var runner = new CrfRunner(crf);
        crf.Pack([0, float.NegativeInfinity, 0, 0], [0, 0], [0, 0]);
        float[] emissions = new float[4];
        Assert.AreEqual(Math.Log(3), runner.Loss(emissions, [1, 0]), 1e-12);
        Assert.AreEqual(double.PositiveInfinity, runner.Loss(emissions, [0, 1]));
        float[] marginals = new float[4];
        runner.Marginals(emissions, marginals);
        Assert.AreEqual(2 / 3f, marginals[2], 1e-6f);
    }

    [TestMethod]
    [DataRow(float.NaN, 1f)]
    [DataRow(float.NaN, 1000f)]
    [DataRow(float.PositiveInfinity, 1f)]
    [DataRow(float.PositiveInfinity, 1000f)]
    public void WhatIsNoNumberShowsInTheLoss(float value, float transitionScale)
    {
        for (int at = 0; at < 12; at++)
        {
            var sample = new CrfSample(labels: 3, steps: 4, transitionScale);
            sample.Emissions[at] = value;
            Assert.AreEqual(double.NaN, sample.Runner.Loss(sample.Emissions, sample.Path), $"element {at}");
            Assert.AreEqual(double.NaN, sample.Runner.Loss(sample.Emissions, sample.PartlyKnown), $"element {at}");
            Assert.IsTrue(sample.Gradients(sample.Path).Emissions.Any(float.IsNaN), $"element {at}");
            Decode(sample);
        }
    }

    [TestMethod]
    [DataRow(1.0)]
    [DataRow(300.0)]
    public void LongSequencesKeepTheirDigits(double transitionScale)
    {
        var sample = new CrfSample(labels: 5, steps: 10_000, transitionScale, emissionScale: 5);
        foreach (int[] known in new[] { sample.Path, sample.PartlyKnown })
        {
            double expected = sample.Reference.Loss(sample.WideEmissions, known);
            Assert.AreEqual(expected, sample.Runner.Loss(sample.Emissions, known), 1e-11 * expected);
        }
        float[] marginals = new float[sample.Emissions.Length];
        sample.Runner.Marginals(sample.Emissions, marginals);
        Assert.IsLessThan(1e-6, marginals.Chunk(5).Max(step => Math.Abs(step.Sum() - 1)));
        int[] path = Decode(sample);
        double best = sample.Reference.Score(sample.WideEmissions, path);
        for (int t = 0; t < path.Length; t += 101)
        {
            for (int label = 0; label < 5; label++)
            {
                int[] other = [.. path];
                other[t] = label;
                Assert.IsLessThanOrEqualTo(best, sample.Reference.Score(sample.WideEmissions, other), $"label {label} at step {t}");
            }
        }
    }

    [TestMethod]
    public void ARunnerForgetsTheSequencesBefore()
    {
        var sample = new CrfSample(labels: 6, steps: 40);
        int[] path = [.. sample.Path.AsSpan(0, 7)];
        float[] emissions = [.. sample.Emissions.AsSpan(0, 42)];
        var fresh = new CrfRunner(sample.Crf);
        double expected = fresh.Loss(emissions, path);
        float[] expectedMarginals = new float[42], marginals = new float[42];
        fresh.Marginals(emissions, expectedMarginals);

        sample.Gradients(sample.PartlyKnown);
        Decode(sample);

        Assert.AreEqual(expected, sample.Runner.Loss(emissions, path));
        sample.Runner.Marginals(emissions, marginals);
        CollectionAssert.AreEqual(expectedMarginals, marginals);
    }

    [TestMethod]
    [DataRow(1f)]
    [DataRow(1000f)]
    public void OnceItsBuffersAreThereNothingIsAllocated(float transitionScale)
    {
        var sample = new CrfSample(labels: 22, steps: 30, transitionScale);
        float[] dEmissions = new float[sample.Emissions.Length], dTransitions = new float[22 * 22], dStart = new float[22],
            dEnd = new float[22];
        int[] path = new int[30];
        Run();
        Assert.AreEqual(0, Allocations.Of(Run));

        void Run()
        {
            sample.Crf.Pack(sample.Transitions, sample.Start, sample.End);
            sample.Runner.LossAndGradients(sample.Emissions, sample.Path, 1, dEmissions, dTransitions, dStart, dEnd);
            sample.Runner.LossAndGradients(sample.Emissions, sample.PartlyKnown, 1, dEmissions, dTransitions, dStart, dEnd);
            sample.Runner.Marginals(sample.Emissions, dEmissions);
            sample.Runner.Decode(sample.Emissions, path);
        }
    }

    private static void AssertCertain(CrfRunner runner, float[] emissions, int[] path)
    {
        Assert.AreEqual(0, runner.Loss(emissions, path), 1e-12);
        int[] decoded = new int[path.Length];
        runner.Decode(emissions, decoded);
        CollectionAssert.AreEqual(path, decoded);
        float[] marginals = new float[emissions.Length];
        runner.Marginals(emissions, marginals);
        for (int t = 0; t < path.Length; t++)
            Assert.AreEqual(1f, marginals[t * 2 + path[t]], 1e-6f);
        float[] dEmissions = new float[emissions.Length], dTransitions = new float[4], dStart = new float[2], dEnd = new float[2];
        runner.LossAndGradients(emissions, path, 1, dEmissions, dTransitions, dStart, dEnd);
        foreach (float gradient in (float[])[.. dEmissions, .. dTransitions, .. dStart, .. dEnd])
            Assert.AreEqual(0f, gradient, 1e-12f);
    }

    private static int[] Decode(CrfSample sample)
    {
        int[] path = new int[sample.Path.Length];
        sample.Runner.Decode(sample.Emissions, path);
        return path;
    }
}
