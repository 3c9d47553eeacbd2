using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>The float engine, on every vector width of this machine, against the double reference.</summary>
[TestClass]
public sealed class GradientTests
{
    // Equal lengths, a single step, and more rows than the largest register tile and its remainder.
    private static readonly int[] Lengths = [4, 9, 1, 4, 7, 2, 9, 1, 3, 5, 6, 4, 8];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from layers in new[] { 1, 2, 3 }
        from bidirectional in new[] { false, true }
        from pooling in Enum.GetValues<Pooling>()
        select new object[] { kernels.Name, cell, layers, bidirectional, pooling };

    public static IEnumerable<object[]> Sizes =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from size in new[] { (1, 1), (1, 4), (9, 8), (2, 16), (17, 31), (5, 33), (16, 64), (3, 69) }
        select new object[] { kernels.Name, cell, size.Item1, size.Item2 };

    /// <summary>Sizes whose U, or W, or both are large weights, forward and transposed: the kernels fetch their next panel.</summary>
    public static IEnumerable<object[]> LargeSizes =>
        from kernels in CpuKernels.Available
        from size in new[]
        {
            (CellType.Lstm, 9, 320), (CellType.Lstm, 700, 150), (CellType.Gru, 9, 320), (CellType.Gru, 700, 150), (CellType.Rnn, 700, 640),
        }
        select new object[] { kernels.Name, size.Item1, size.Item2, size.Item3 };

    public static IEnumerable<object[]> Cells =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from bidirectional in new[] { false, true }
        select new object[] { kernels.Name, cell, bidirectional };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void ResultsAndGradientsAreTheReferencesForEveryShape(string kernels, CellType cell, int layers, bool bidirectional,
        Pooling pooling)
        => AssertAgrees(kernels, new NetworkSample(Shape(cell, 3, 19, layers, bidirectional, pooling, statics: 2), Lengths));

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void ResultsAndGradientsAreTheReferencesForSizesThatFillVectorsAndThatDoNot(string kernels, CellType cell, int inputSize,
        int hiddenSize)
        => AssertAgrees(kernels, new NetworkSample(Shape(cell, inputSize, hiddenSize, 2, bidirectional: true, Pooling.Last), Lengths));

    [TestMethod]
    [DynamicData(nameof(LargeSizes))]
    public void ResultsAndGradientsAreTheReferencesForLargeWeights(string kernels, CellType cell, int inputSize, int hiddenSize)
        => AssertAgrees(kernels, new NetworkSample(Shape(cell, inputSize, hiddenSize, 1, bidirectional: true, Pooling.Last),
            [2, 1, 2, 3, 1, 1, 2, 2, 1, 1, 2, 1, 3]));

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void ResultsAndGradientsAreTheReferencesForOneSequence(string kernels, CellType cell, bool bidirectional)
        => AssertAgrees(kernels, new NetworkSample(Shape(cell, 3, 19, 2, bidirectional, Pooling.Mean, statics: 1), [6]));

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void ResultsAndGradientsAreTheReferencesForSequencesOfOneStep(string kernels, CellType cell, bool bidirectional)
        => AssertAgrees(kernels, new NetworkSample(Shape(cell, 3, 19, 2, bidirectional, Pooling.Last), [1, 1, 1, 1]));

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void ResultsAndGradientsAreTheReferencesForLongSequences(string kernels, CellType cell, bool bidirectional)
    {
        foreach (Pooling pooling in new[] { Pooling.Mean, Pooling.Attention })
            AssertAgrees(kernels, new NetworkSample(Shape(cell, 3, 19, 1, bidirectional, pooling, statics: 1), [150, 40, 201]));
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void GradientsFadeToZeroWithoutSubnormalNumbers(string kernels, CellType cell, bool bidirectional)
    {
        // So long that the gradient of the last state does not reach the first step.
        var sample = new NetworkSample(Shape(cell, 3, 5, 1, bidirectional, Pooling.Last), [3000]);
        var run = new EngineRun(sample.Shape, sample.Parameters, CpuKernels.Available.Single(available => available.Name == kernels));
        run.Forward(sample);
        double[] inputs = run.Backward(sample.DOutputs).Sequences[0];
        Assert.IsTrue(inputs.Chunk(3).Any(step => step.All(gradient => gradient == 0)), "The gradient has not faded.");
        Assert.IsFalse(inputs.Any(gradient => float.IsSubnormal((float)gradient)));
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels, CellType cell, bool bidirectional)
    {
        // Enough rows and steps for the engine to share the work among threads.
        int[] lengths = [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)];
        var sample = new NetworkSample(Shape(cell, 7, 37, 2, bidirectional, Pooling.Mean, statics: 3), lengths);
        double[] expected = Run(1);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Run(threads), $"{threads} threads");

        double[] Run(int threads)
        {
            var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels), threads);
            return engine.Everything(sample);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void ThreadsThatShareTheUnitsOfAFewSequencesDoNotChangeABit(string kernels, CellType cell, bool bidirectional)
    {
        // Recurrent weights that threads share: 16 to 25 panels, which no number of threads divides, and a last block of few units.
        NetworkShape shape = Shape(cell, 5, cell == CellType.Rnn ? 389 : 261, 2, bidirectional, Pooling.Mean, statics: 1);
        foreach (int[] lengths in new int[][] { [12], [12, 1, 9] })
        {
            var sample = new NetworkSample(shape, lengths);
            double[] expected = Run(sample, 1);
            foreach (int threads in new[] { 2, 3, 5 })
                CollectionAssert.AreEqual(expected, Run(sample, threads), $"{threads} threads, {lengths.Length} sequences");
        }

        double[] Run(NetworkSample sample, int threads)
        {
            var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels), threads);
            ReferenceOutputs kept = engine.Forward(sample.Sequences, sample.Statics);
            ReferenceOutputs scored = engine.Forward(sample.Sequences, sample.Statics, keep: false);
            return [.. Difference.Flatten(kept.Steps), .. Difference.Flatten(kept.CellState), .. Difference.Flatten(scored.Steps),
                .. Difference.Flatten(scored.Outputs)];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void ARunnerForgetsTheBatchesBefore(string kernels, CellType cell, bool bidirectional)
    {
        NetworkShape shape = Shape(cell, 3, 19, 2, bidirectional, Pooling.Max, statics: 2);
        var sample = new NetworkSample(shape, [2, 5, 1]);
        var larger = new NetworkSample(shape, Lengths, seed: 2);
        double[] fresh = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        var used = new EngineRun(shape, sample.Parameters, Find(kernels));
        used.Everything(larger);
        CollectionAssert.AreEqual(fresh, used.Everything(sample));
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void KeepingNothingForTheWayBackDoesNotChangeABit(string kernels, CellType cell, bool bidirectional)
    {
        var sample = new NetworkSample(Shape(cell, 3, 19, 2, bidirectional, Pooling.Mean, statics: 2), Lengths);
        var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels));
        ReferenceOutputs kept = engine.Forward(sample.Sequences, sample.Statics);
        ReferenceOutputs scored = engine.Forward(sample.Sequences, sample.Statics, keep: false);
        CollectionAssert.AreEqual(Difference.Flatten(kept.Steps), Difference.Flatten(scored.Steps));
        CollectionAssert.AreEqual(Difference.Flatten(kept.Hidden), Difference.Flatten(scored.Hidden));
        CollectionAssert.AreEqual(Difference.Flatten(kept.Outputs), Difference.Flatten(scored.Outputs));
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void ASequenceScoresTheSameAloneAndInAnyBatch(string kernels, CellType cell, bool bidirectional)
    {
        var sample = new NetworkSample(Shape(cell, 3, 19, 2, bidirectional, Pooling.Last, statics: 2), Lengths);
        var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels));
        double[][] together = engine.Forward(sample.Sequences, sample.Statics).Outputs;
        double[][] reversed = engine.Forward([.. sample.Sequences.Reverse()], [.. sample.Statics.Reverse()]).Outputs;
        for (int b = 0; b < Lengths.Length; b++)
        {
            CollectionAssert.AreEqual(together[b], reversed[Lengths.Length - 1 - b]);
            CollectionAssert.AreEqual(together[b], engine.Forward([sample.Sequences[b]], [sample.Statics[b]]).Outputs[0]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void GradientsAreAddedToThoseThatAreThere(string kernels)
    {
        var sample = new NetworkSample(Shape(CellType.Gru, 3, 5, 2, bidirectional: true, Pooling.Last, statics: 1), [3, 1, 2]);
        ParameterSet parameters = EngineRun.ToParameterSet(sample.Shape, sample.Parameters);
        Gradient once = new(sample.Shape), twice = new(sample.Shape);
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.Backward, Find(kernels)), new WorkerTeam(1));
        var batch = new SequenceBatch(sample.Shape);
        for (int b = 0; b < 3; b++)
            batch.Add(sample.Sequences[b].Length / 3).Fill(0.5f + b);
        batch.Pack();
        var loss = new GivenGradient([.. Enumerable.Range(1, 3 * sample.Shape.OutputSize).Select(i => i / 8f)]);

        runner.Forward(batch, keep: true);
        runner.Backward(loss, once);
        for (int pass = 0; pass < 2; pass++)
        {
            runner.Forward(batch, keep: true);
            runner.Backward(loss, twice);
        }
        double difference = Difference.Absolute([.. twice.Parameters.Values.Select(g => (double)g)],
            [.. once.Parameters.Values.Select(g => 2.0 * g)]);
        Assert.IsLessThan(1e-5, difference);
    }

    private void AssertAgrees(string kernels, NetworkSample sample) => Agreement.Check(sample, Find(kernels), TestContext);

    private static NetworkShape Shape(CellType cell, int inputSize, int hiddenSize, int layers, bool bidirectional, Pooling pooling,
        int statics = 0) => new()
        {
            Cell = cell,
            InputSize = inputSize,
            HiddenSize = hiddenSize,
            Layers = layers,
            Bidirectional = bidirectional,
            Pooling = pooling,
            StaticSize = statics,
            OutputSize = 3,
        };

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}
