using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Layers;

/// <summary>Convolutions with strides in front of the recurrent layers against the double reference, on every vector width.</summary>
[TestClass]
public sealed class InputConvolutionTests
{
    // Shorter than the filters and the strides, equal ones, and more outputs than a block of rows.
    private static readonly int[] Lengths = [4, 9, 1, 4, 7, 2, 250, 1, 3, 31, 300];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from convolutions in new[] { "1x1/1", "5x3/2", "7x4/3", "33x5/2 17x3/2", "16x8/1 3x2/4", "9x11/20", "6x2/5 40x1/1 3x300/2" }
        select new object[] { kernels.Name, convolutions };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void ResultsAndGradientsAreTheReferencesForEveryShape(string kernels, string convolutions)
    {
        foreach (int inputs in new[] { 1, 3 })
            Agreement.Check(new NetworkSample(Shape(convolutions) with { InputSize = inputs }, Lengths), Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ResultsAndGradientsAreTheReferencesBesideAllThatNetworksHave(string kernels)
    {
        NetworkShape shape = Shape("6x5/2 4x3/2") with { StaticSize = 2, Layers = 2 };
        foreach (Pooling pooling in Enum.GetValues<Pooling>())
            Agreement.Check(new NetworkSample(shape with { Pooling = pooling }, Lengths), Find(kernels), TestContext);
        foreach (int[] lengths in new int[][] { [9], [1, 1, 1, 1, 1, 1, 1] })
            Agreement.Check(new NetworkSample(shape, lengths), Find(kernels), TestContext);
        Agreement.Check(new NetworkSample(shape with { Convolutions = new([new(5, 8), new(3, 3)]) }, Lengths), Find(kernels), TestContext);
        Agreement.Check(new NetworkSample(shape with { Bidirectional = false, Cell = CellType.Gru, Head = Head.EveryStep }, Lengths),
            Find(kernels), TestContext);
        Agreement.Check(new NetworkSample(shape with
        {
            InputSize = 2 + 3,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(4, 3)),
        }, Lengths), Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        int[] lengths = [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)];
        // Large enough for the work to be shared.
        var sample = new NetworkSample(Shape("70x7/2 40x5/1") with { InputSize = 17, HiddenSize = 41 }, lengths);
        double[] expected = Run(1);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Run(threads), $"{threads} threads");

        double[] Run(int threads) => new EngineRun(sample.Shape, sample.Parameters, Find(kernels), threads).Everything(sample);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ASequenceScoresTheSameAloneAndInAnyBatch(string kernels)
    {
        var sample = new NetworkSample(Shape("5x8/3 7x5/2") with { StaticSize = 2 }, Lengths);
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
        NetworkShape shape = Shape("5x8/2 7x5/2");
        var sample = new NetworkSample(shape, [2, 5, 1]);
        double[] fresh = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        var used = new EngineRun(shape, sample.Parameters, Find(kernels));
        used.Everything(new NetworkSample(shape, Lengths, seed: 2));
        CollectionAssert.AreEqual(fresh, used.Everything(sample));
    }

    /// <summary>A network with convolutions that are given as filters times size and, behind them, the stride.</summary>
    private static NetworkShape Shape(string convolutions) => new()
    {
        Cell = CellType.Lstm,
        InputSize = 3,
        HiddenSize = 9,
        Bidirectional = true,
        OutputSize = 3,
        InputConvolutions = new([.. convolutions.Split(' ').Select(text => text.Split('x', '/'))
            .Select(parts => new InputConvolutionShape(int.Parse(parts[0]), int.Parse(parts[1]), int.Parse(parts[2])))]),
    };

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}
