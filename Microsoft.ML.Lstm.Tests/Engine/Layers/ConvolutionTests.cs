using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Layers;

/// <summary>Convolutions and frames of the float engine, on every vector width of this machine, against the double reference.</summary>
[TestClass]
public sealed class ConvolutionTests
{
    // Shorter than the filters, equal ones, and more than a span of rows.
    private static readonly int[] Lengths = [4, 9, 1, 4, 7, 2, 250, 1, 3, 31];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from convolutions in new[] { "1x2", "5x8 7x5 3x3", "16x8 33x5 17x3", "128x3", "9x2 40x4", "3x300" }
        from inputs in new[] { 1, 3, 8 }
        select new object[] { kernels.Name, convolutions, inputs };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void ResultsAndGradientsAreTheReferencesForEveryShape(string kernels, string convolutions, int inputs)
    {
        var sample = new NetworkSample(Shape(convolutions) with { InputSize = inputs, StaticSize = 2 }, Lengths);
        Agreement.Check(sample, Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ResultsAndGradientsAreTheReferencesForOneSequenceAndForSequencesOfOneStep(string kernels)
    {
        foreach (int[] lengths in new int[][] { [9], [1, 1, 1, 1, 1, 1, 1] })
            Agreement.Check(new NetworkSample(Shape("5x8 7x5 3x3"), lengths), Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheLargestOutputsArePooledAsInTheReference(string kernels)
    {
        foreach (string convolutions in new[] { "5x3", "5x8 17x3" })
        {
            foreach (int[] lengths in new int[][] { Lengths, [9], [1, 1, 1] })
                Agreement.Check(new NetworkSample(Shape(convolutions) with { PoolsConvolutionsByMax = true, StaticSize = 1 }, lengths),
                    Find(kernels), TestContext);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void OutputsOfEachStepReadTheConvolutionsOfTheStep(string kernels)
    {
        foreach (Head head in new[] { Head.EveryStep, Head.EveryStepWithSkip })
            Agreement.Check(new NetworkSample(Shape("5x8 7x5 3x3") with { Head = head }, Lengths), Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ConvolutionsReadEmbeddings(string kernels)
    {
        NetworkShape shape = Shape("5x8 7x5") with
        {
            InputSize = 2 + 3,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(4, 3)),
        };
        Agreement.Check(new NetworkSample(shape, Lengths), Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void FramesAreStepsSideBySide(string kernels)
    {
        foreach (Pooling pooling in Enum.GetValues<Pooling>())
        {
            foreach (int stepsPerFrame in new[] { 2, 3, 40 })
            {
                NetworkShape shape = Shape("") with { StepsPerFrame = stepsPerFrame, Pooling = pooling, Layers = 2 };
                Agreement.Check(new NetworkSample(shape, Lengths), Find(kernels), TestContext);
                Agreement.Check(new NetworkSample(shape with { Convolutions = Shape("5x8 3x3").Convolutions }, Lengths), Find(kernels),
                    TestContext);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        int[] lengths = [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)];
        var sample = new NetworkSample(Shape("40x8 24x5 9x3") with { InputSize = 7, HiddenSize = 21, StepsPerFrame = 2 }, lengths);
        double[] expected = Run(1);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Run(threads), $"{threads} threads");

        double[] Run(int threads)
        {
            var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels), threads);
            double[] everything = engine.Everything(sample);
            engine.UpdateStatistics(batches: 1);
            return [.. everything, .. engine.Parameters.Values.Select(value => (double)value)];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ASequenceScoresTheSameAloneAndInAnyBatch(string kernels)
    {
        var sample = new NetworkSample(Shape("5x8 7x5 3x3") with { StepsPerFrame = 3, StaticSize = 2 }, Lengths);
        var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels));
        double[][] together = engine.Forward(sample.Sequences, sample.Statics, keep: false).Outputs;
        double[][] reversed = engine.Forward([.. sample.Sequences.Reverse()], [.. sample.Statics.Reverse()], keep: false).Outputs;
        for (int b = 0; b < Lengths.Length; b++)
        {
            CollectionAssert.AreEqual(together[b], reversed[Lengths.Length - 1 - b]);
            CollectionAssert.AreEqual(together[b], engine.Forward([sample.Sequences[b]], [sample.Statics[b]], keep: false).Outputs[0]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ARunnerForgetsTheBatchesBefore(string kernels)
    {
        NetworkShape shape = Shape("5x8 7x5 3x3") with { StepsPerFrame = 2 };
        var sample = new NetworkSample(shape, [2, 5, 1]);
        double[] fresh = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        var used = new EngineRun(shape, sample.Parameters, Find(kernels));
        used.Everything(new NetworkSample(shape, Lengths, seed: 2));
        CollectionAssert.AreEqual(fresh, used.Everything(sample));
    }

    [TestMethod]
    public void RunningStatisticsAreTheMeanOfTheFirstBatchesAndThenForgetATenth()
    {
        NetworkShape shape = Shape("3x2");
        var first = new NetworkSample(shape, [5, 3]);
        var second = new NetworkSample(shape, [4, 4], seed: 2);
        var engine = new EngineRun(shape, first.Parameters, CpuKernels.Best);
        double[] mean = new double[3], variance = new double[3];
        Check(first, batches: 1, share: 1);
        Check(second, batches: 2, share: 0.5);
        Check(first, batches: 20, share: 0.1);
        Check(second, batches: null, share: 0.1);

        // A single step has no variance, so it changes nothing.
        engine.Forward(new NetworkSample(shape, [1]));
        engine.UpdateStatistics(batches: 1);
        Assert.AreEqual(mean[0], engine.Parameters["norm.0.running_mean"][0], 1e-5);

        void Check(NetworkSample sample, int? batches, double share)
        {
            engine.Forward(sample);
            engine.UpdateStatistics(batches);
            var reference = new ReferenceNetwork(shape, first.Parameters);
            reference.Forward(sample);
            int steps = sample.Sequences.Sum(sequence => sequence.Length / shape.InputSize);
            foreach ((int filter, (double Mean, double Variance) of) in reference.Convolution!.StatisticsOf(0).Index())
            {
                mean[filter] += share * (of.Mean - mean[filter]);
                variance[filter] += share * (of.Variance * steps / (steps - 1) - variance[filter]);
                Assert.AreEqual(mean[filter], engine.Parameters["norm.0.running_mean"][filter], 1e-5);
                Assert.AreEqual(variance[filter], engine.Parameters["norm.0.running_var"][filter], 1e-5);
            }
        }
    }

    /// <summary>A network with convolutions that are given as filters times size.</summary>
    private static NetworkShape Shape(string convolutions) => new()
    {
        Cell = CellType.Lstm,
        InputSize = 3,
        HiddenSize = 9,
        Bidirectional = true,
        OutputSize = 3,
        Convolutions = new([.. convolutions.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split('x'))
            .Select(parts => new ConvolutionShape(int.Parse(parts[0]), int.Parse(parts[1])))]),
    };

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}
