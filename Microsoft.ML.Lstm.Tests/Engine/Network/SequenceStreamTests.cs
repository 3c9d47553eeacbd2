using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>A sequence step by step and the same sequence in a batch give the same bits.</summary>
[TestClass]
public sealed class SequenceStreamTests
{
    private const int Steps = 9;
    private const int Features = 3;
    private const int Statics = 2;

    public static IEnumerable<object[]> Cases =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from layers in new[] { 1, 3 }
        from hidden in new[] { 1, 16, 37 }
        select new object[] { kernels.Name, cell, layers, hidden };

    public static IEnumerable<object[]> Cells => Enum.GetValues<CellType>().Select(cell => new object[] { cell });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void EachStepGivesWhatTheStepsSoFarGiveTogether(string kernels, CellType cell, int layers, int hiddenSize)
    {
        SequenceNetwork network = Network(Shape(cell, layers, hiddenSize), kernels);
        var stream = new SequenceStream(network);
        StaticFeatures.CopyTo(stream.Statics);
        float[] sequence = Sequence(seed: 1);
        for (int t = 0; t < Steps; t++)
        {
            float[] outputs = stream.Step(sequence.AsSpan(t * Features, Features)).ToArray();
            (float[] expectedOutputs, float[] expectedEncoding) = Together(network, sequence.AsSpan(0, (t + 1) * Features));
            CollectionAssert.AreEqual(expectedOutputs, outputs, $"step {t}");
            CollectionAssert.AreEqual(expectedEncoding, stream.Encoding.ToArray(), $"step {t}");
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    [DataRow(false, true)]
    public void TokensAndOutputsOfEachStepAreTheBatchs(bool headReadsInputs, bool isAdaptive = false)
    {
        NetworkShape shape = Shape(CellType.Lstm, layers: 2, hiddenSize: 19) with
        {
            InputSize = Features + 4 + 1,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(5, 4), new EmbeddingShape(2, 1)),
            Head = headReadsInputs ? Head.EveryStepWithSkip : Head.EveryStep,
            Pooling = Pooling.Mean,
        };
        if (isAdaptive)
            shape = shape with
            {
                OutputSize = 90,
                AdaptiveSoftmax = AdaptiveSoftmaxShape.ByFrequency(new long[90], [7, 50], shape.HeadInputSize, factor: 2),
            };
        SequenceNetwork network = Network(shape);
        float[] sequence = Sequence(seed: 1);
        int[] tokens = [.. Enumerable.Range(0, Steps).SelectMany(t => new[] { t % 6, t % 3 })];
        var batch = new SequenceBatch(shape);
        sequence.CopyTo(batch.Add(Steps));
        tokens.CopyTo(batch.Tokens(0));
        batch.Pack();
        var runner = new NetworkBatchRunner(network, new WorkerTeam(1));
        runner.Forward(batch, keep: false);

        var stream = new SequenceStream(network);
        for (int t = 0; t < Steps; t++)
        {
            ReadOnlySpan<float> outputs = stream.Step(sequence.AsSpan(t * Features, Features), tokens.AsSpan(2 * t, 2));
            CollectionAssert.AreEqual(runner.Output(t).ToArray(), outputs.ToArray(), $"step {t}");
        }
        Assert.ThrowsExactly<ArgumentException>(() => { stream.Step(new float[Features], [1]); });
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void AStateThatWasTakenGoesOnInAnotherStream(CellType cell)
    {
        SequenceNetwork network = Network(Shape(cell, layers: 2, hiddenSize: 19));
        float[] sequence = Sequence(seed: 1), other = Sequence(seed: 2);
        var whole = new SequenceStream(network);
        float[] expected = Run(whole, sequence, 0, Steps);

        // The state after an even and an odd number of steps, restored in a stream that has run an odd number of steps.
        foreach (int taken in new[] { 4, 5 })
        {
            var first = new SequenceStream(network);
            Run(first, sequence, 0, taken);
            float[] state = new float[first.StateLength];
            first.CopyStateTo(state);
            var second = new SequenceStream(network);
            Run(second, other, 0, 3);
            second.CopyStateFrom(state);
            CollectionAssert.AreEqual(first.Encoding.ToArray(), second.Encoding.ToArray());
            float[] copy = new float[second.StateLength];
            second.CopyStateTo(copy);
            CollectionAssert.AreEqual(state, copy);
            CollectionAssert.AreEqual(expected, Run(second, sequence, taken, Steps), $"from step {taken}");
            CollectionAssert.AreEqual(expected, Run(first, sequence, taken, Steps), "the first stream is left as it was");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void AStreamThatWasResetStartsAnew(CellType cell)
    {
        SequenceNetwork network = Network(Shape(cell, layers: 2, hiddenSize: 19));
        var stream = new SequenceStream(network);
        float[] expected = Run(stream, Sequence(seed: 1), 0, 3);
        Run(stream, Sequence(seed: 2), 0, 2);
        stream.Reset();
        Assert.IsTrue(stream.Encoding.ToArray().All(value => value == 0));
        CollectionAssert.AreEqual(expected, Run(stream, Sequence(seed: 1), 0, 3));
    }

    [TestMethod]
    public void TheStateIsHiddenAndCellStateOfEachLayer()
    {
        Assert.AreEqual(2 * 2 * 19, new SequenceStream(Network(Shape(CellType.Lstm, layers: 2, hiddenSize: 19))).StateLength);
        Assert.AreEqual(2 * 19, new SequenceStream(Network(Shape(CellType.Gru, layers: 2, hiddenSize: 19))).StateLength);
        Assert.AreEqual(2 * 19, new SequenceStream(Network(Shape(CellType.Rnn, layers: 2, hiddenSize: 19))).StateLength);
    }

    [TestMethod]
    public void AStepAllocatesNothing()
    {
        var stream = new SequenceStream(Network(Shape(CellType.Lstm, layers: 2, hiddenSize: 37)));
        float[] sequence = Sequence(seed: 1), state = new float[stream.StateLength];
        Run(stream, sequence, 0, Steps);
        long allocated = Allocations.Of(() =>
        {
            for (int t = 0; t < Steps; t++)
            {
                stream.Step(sequence.AsSpan(t * Features, Features));
                stream.CopyStateTo(state);
                stream.CopyStateFrom(state);
            }
            stream.Reset();
        });
        Assert.AreEqual(0, allocated);
    }

    [TestMethod]
    public void NaNInAFeatureIsSeenInTheOutputsUntilAReset()
    {
        var stream = new SequenceStream(Network(Shape(CellType.Lstm, layers: 2, hiddenSize: 19)));
        Assert.IsTrue(stream.Step([1, float.NaN, 0]).ToArray().All(float.IsNaN));
        Assert.IsTrue(stream.Step([1, 0, 0]).ToArray().All(float.IsNaN));
        stream.Reset();
        Assert.IsTrue(stream.Step([1, 0, 0]).ToArray().All(float.IsFinite));
    }

    [TestMethod]
    public void NetworksThatNeedTheWholeSequenceAreRefused()
    {
        NetworkShape shape = Shape(CellType.Lstm, layers: 1, hiddenSize: 4);
        var thrown = Assert.ThrowsExactly<NotSupportedException>(() => new SequenceStream(Network(shape with { Bidirectional = true })));
        StringAssert.Contains(thrown.Message, "bidirectional");
        thrown = Assert.ThrowsExactly<NotSupportedException>(() => new SequenceStream(Network(shape with { Pooling = Pooling.Mean })));
        StringAssert.Contains(thrown.Message, "Pooling.Mean");
    }

    [TestMethod]
    public void WrongLengthsAreRefused()
    {
        var stream = new SequenceStream(Network(Shape(CellType.Lstm, layers: 1, hiddenSize: 4)));
        Assert.ThrowsExactly<ArgumentException>(() => { stream.Step([1, 2]); });
        Assert.ThrowsExactly<ArgumentException>(() => { stream.Step([1, 2, 3, 4]); });
        Assert.ThrowsExactly<ArgumentException>(() => stream.CopyStateTo(new float[7]));
        Assert.ThrowsExactly<ArgumentException>(() => stream.CopyStateFrom(new float[9]));
    }

    private static ReadOnlySpan<float> StaticFeatures => [0.5f, -0.25f];

    /// <summary>The outputs of the last step.</summary>
    private static float[] Run(SequenceStream stream, float[] sequence, int begin, int end)
    {
        float[] outputs = [];
        for (int t = begin; t < end; t++)
            outputs = stream.Step(sequence.AsSpan(t * Features, Features)).ToArray();
        return outputs;
    }

    private static (float[] Outputs, float[] Encoding) Together(SequenceNetwork network, ReadOnlySpan<float> sequence)
    {
        var runner = new NetworkBatchRunner(network, new WorkerTeam(1));
        var batch = new SequenceBatch(network.Shape);
        sequence.CopyTo(batch.Add(sequence.Length / Features));
        StaticFeatures.CopyTo(batch.Statics(0));
        batch.Pack();
        runner.Forward(batch, keep: false);
        return (runner.Output(0).ToArray(), runner.Encoding(0).ToArray());
    }

    private static float[] Sequence(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Steps * Features).Select(_ => 2 * random.NextSingle() - 1)];
    }

    private static SequenceNetwork Network(NetworkShape shape, string? kernels = null)
    {
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        return new SequenceNetwork(parameters, NetworkPasses.Forward, CpuKernels.Available.FirstOrDefault(k => k.Name == kernels));
    }

    private static NetworkShape Shape(CellType cell, int layers, int hiddenSize) => new()
    {
        Cell = cell,
        InputSize = Features,
        HiddenSize = hiddenSize,
        Layers = layers,
        StaticSize = Statics,
        OutputSize = 2,
    };
}
