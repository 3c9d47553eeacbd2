using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Layers;

/// <summary>Properties of attention that the tests of all poolings, <see cref="GradientTests"/>, do not cover.</summary>
[TestClass]
public sealed class AttentionTests
{
    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        // Enough work to be shared, in parts and panels of unequal size.
        int[] lengths = [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)];
        var sample = new NetworkSample(Shape(37, bidirectional: true), lengths);
        double[] expected = Run(1);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Run(threads), $"{threads} threads");

        double[] Run(int threads)
        {
            var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels), threads);
            ReferenceOutputs results = engine.Forward(sample.Sequences, sample.Statics);
            ReferenceGradients gradients = engine.Backward(sample.DOutputs);
            return
            [
                .. Difference.Flatten(results.Outputs), .. Difference.Flatten(results.AttentionWeights),
                    .. Difference.Flatten(gradients.Sequences),
                .. gradients.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => p.Value),
            ];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ASequenceIsAttendedTheSameAloneAndInAnyBatch(string kernels)
    {
        int[] lengths = [4, 9, 1, 4, 7, 2, 9, 130];
        var sample = new NetworkSample(Shape(19, bidirectional: true), lengths);
        var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels));
        ReferenceOutputs together = engine.Forward(sample.Sequences, sample.Statics, keep: false);
        for (int b = 0; b < lengths.Length; b++)
        {
            Assert.HasCount(lengths[b], together.AttentionWeights[b]);
            Assert.AreEqual(1, together.AttentionWeights[b].Sum(), 1e-6);
            ReferenceOutputs alone = engine.Forward([sample.Sequences[b]], [sample.Statics[b]], keep: false);
            CollectionAssert.AreEqual(together.AttentionWeights[b], alone.AttentionWeights[0]);
            CollectionAssert.AreEqual(together.Outputs[b], alone.Outputs[0]);
        }
    }

    [TestMethod]
    public void ScoresFarApartLeaveTheWeightsFinite()
    {
        var sample = new NetworkSample(Shape(5, bidirectional: false), [6]);
        for (int i = 0; i < sample.Parameters["attention.vector"].Length; i++)
            sample.Parameters["attention.vector"][i] *= 1e4;
        ReferenceOutputs results = new EngineRun(sample.Shape, sample.Parameters, CpuKernels.Best)
            .Forward(sample.Sequences, sample.Statics);
        Assert.AreEqual(1, results.AttentionWeights[0].Max(), 1e-6);
        Assert.IsTrue(results.Outputs[0].All(double.IsFinite));
    }

    [TestMethod]
    public void WhatIsNotANumberIsNotHidden()
    {
        var sample = new NetworkSample(Shape(5, bidirectional: false), [6]);
        sample.Sequences[0][9] = double.NaN;
        ReferenceOutputs results = new EngineRun(sample.Shape, sample.Parameters, CpuKernels.Best)
            .Forward(sample.Sequences, sample.Statics);
        Assert.IsTrue(results.Outputs[0].All(double.IsNaN));
    }

    [TestMethod]
    public void AScorerGivesTheWeightsByTheOrderOfAdding()
    {
        NetworkShape shape = Shape(5, bidirectional: false);
        var sample = new NetworkSample(shape, [2, 7, 4]);
        var model = new SequenceModel(EngineRun.ToParameterSet(shape, sample.Parameters), AffineScaler.Identity(shape.InputSize),
            AffineScaler.Identity(0), AffineScaler.Identity(shape.OutputSize));
        var scorer = new SequenceScorer(new ScoringNetwork(model));
        foreach (double[] sequence in sample.Sequences)
            sequence.Select(x => (float)x).ToArray().CopyTo(scorer.AddSequence(sequence.Length / shape.InputSize));
        scorer.Score();
        double[][] expected = new ReferenceNetwork(shape, sample.Parameters).Forward(sample.Sequences).AttentionWeights;
        for (int b = 0; b < expected.Length; b++)
            Assert.IsLessThan(1e-5, Difference.Absolute([.. scorer.AttentionWeights(b).ToArray().Select(w => (double)w)], expected[b]));
    }

    [TestMethod]
    public void OutputsOfEachStepNeedNoAttention()
    {
        NetworkShape shape = Shape(5, bidirectional: true) with { Head = Head.EveryStep };
        Assert.IsFalse(shape.HasAttention);
        Assert.AreEqual((shape with { Pooling = Pooling.Mean }).ParameterCount, shape.ParameterCount);
        Assert.AreEqual(shape.ParameterCount, new ParameterSet(shape).Values.Length);
    }

    [TestMethod]
    public void TheParametersAreCountedAndStartAsTheyShould()
    {
        NetworkShape shape = Shape(5, bidirectional: true);
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        Assert.AreEqual(shape.ParameterCount, parameters.Values.Length);
        Assert.AreEqual((shape with { Pooling = Pooling.Mean }).ParameterCount + 10 * 10 + 10 + 10, shape.ParameterCount);
        Assert.AreEqual(Math.Sqrt(6 / 20.0), parameters["attention.weight"].ToArray().Max(Math.Abs), 0.05);
        Assert.IsTrue(parameters["attention.bias"].ToArray().All(b => b == 0));
        Assert.IsTrue(parameters["attention.vector"].ToArray().All(v => v != 0));
    }

    private static NetworkShape Shape(int hiddenSize, bool bidirectional) => new()
    {
        Cell = CellType.Lstm,
        InputSize = 3,
        HiddenSize = hiddenSize,
        Bidirectional = bidirectional,
        Pooling = Pooling.Attention,
        OutputSize = 2,
    };

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}
