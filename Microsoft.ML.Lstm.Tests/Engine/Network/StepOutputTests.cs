using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Tests.Engine.Reference;
using Microsoft.ML.Lstm.Tests.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>Heads per step, and heads so wide that they run by blocks of rows.</summary>
[TestClass]
public sealed class StepOutputTests
{
    // With 18 units and two static features the head has more than the 200,000 weights from which on it is wide.
    private const int WideOutputs = 10_240;

    private static readonly int[] Lengths = [4, 9, 1, 4, 7, 2, 9, 1, 3, 5, 6, 4, 8];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from layers in new[] { 1, 3 }
        from bidirectional in new[] { false, true }
        from statics in new[] { 0, 2 }
        select new object[] { kernels.Name, cell, layers, bidirectional, statics };

    // The number of outputs, and whether the head is per step.
    public static IEnumerable<object[]> Heads =>
        from kernels in CpuKernels.Available
        from outputs in new[] { 3, WideOutputs }
        from stepOutputs in new[] { true, false }
        select new object[] { kernels.Name, outputs, stepOutputs };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void ResultsAndGradientsAreTheReferences(string kernels, CellType cell, int layers, bool bidirectional, int statics)
    {
        var sample = new NetworkSample(Shape(9, 3) with
        {
            Cell = cell,
            Layers = layers,
            Bidirectional = bidirectional,
            StaticSize = statics
        }, Lengths);
        Agreement.Check(sample, Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void AHeadThatReadsTheInputsTooIsTheReferences(string kernels, CellType cell, int layers, bool bidirectional, int statics)
    {
        NetworkShape shape = Shape(9, 3) with
        {
            Cell = cell,
            Layers = layers,
            Bidirectional = bidirectional,
            StaticSize = statics,
            Head = Head.EveryStepWithSkip
        };
        Agreement.Check(new NetworkSample(shape, Lengths), Find(kernels), TestContext);
        var embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(4, 3));
        Agreement.Check(new NetworkSample(shape with { InputSize = shape.InputSize + 3, Embeddings = embeddings }, Lengths), Find(kernels),
            TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Heads))]
    public void OutputsOnTheWayBackAreTheReferences(string kernels, int outputs, bool stepOutputs)
        => Agreement.CheckSquares(new NetworkSample(Shape(9, outputs, stepOutputs), [4, 9, 1, 4, 7]), Find(kernels), TestContext);

    [TestMethod]
    [DynamicData(nameof(Heads))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels, int outputs, bool stepOutputs)
    {
        // More steps than a block of a wide head has rows; a narrow head has enough rows and units for threads to share it too.
        int[] lengths = [.. Enumerable.Range(0, outputs == WideOutputs ? 9 : 23).Select(b => 1 + b * 29 % 67)];
        NetworkShape shape = Shape(outputs == WideOutputs ? 9 : 37, outputs, stepOutputs);
        var sample = new NetworkSample(shape, lengths);
        double[] expected = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, new EngineRun(shape, sample.Parameters, Find(kernels), threads).Everything(sample),
                $"{threads} threads");
    }

    [TestMethod]
    [DynamicData(nameof(Heads))]
    public void ASequenceScoresTheSameAloneAndInAnyBatch(string kernels, int outputs, bool stepOutputs)
    {
        NetworkShape shape = Shape(9, outputs, stepOutputs);
        var sample = new NetworkSample(shape, Lengths);
        var engine = new EngineRun(shape, sample.Parameters, Find(kernels), threads: 2);
        double[][] together = engine.Forward(sample, keep: false).Outputs;
        for (int b = 0; b < Lengths.Length; b++)
        {
            Assert.HasCount((stepOutputs ? Lengths[b] : 1) * outputs, together[b]);
            CollectionAssert.AreEqual(together[b], engine.Forward([sample.Sequences[b]], [sample.Statics[b]], keep: false).Outputs[0]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Heads))]
    public void AnObjectiveSeesTheSameOutputsWithAndWithoutAWayBack(string kernels, int outputs, bool stepOutputs)
    {
        NetworkShape shape = Shape(9, outputs, stepOutputs);
        var sample = new NetworkSample(shape, Lengths);
        var runner = new NetworkBatchRunner(new SequenceNetwork(EngineRun.ToParameterSet(shape, sample.Parameters), NetworkPasses.Backward,
            Find(kernels)), new WorkerTeam(2));
        var batch = new SequenceBatch(shape);
        foreach (double[] sequence in sample.Sequences)
            sequence.Select(x => (float)x).ToArray().CopyTo(batch.Add(sequence.Length / shape.InputSize));
        batch.Pack();
        TrainingSequence[] sequences = [.. Lengths.Select((length, b) =>
            new TrainingSequence { Labels = [.. Enumerable.Range(0, length).Select(t => (b + t * 7) % outputs)] })];

        EpochMetrics measured = Run(objective =>
        {
            runner.Forward(batch, keep: false);
            runner.Measure(objective);
        });
        EpochMetrics trained = Run(objective =>
        {
            runner.Forward(batch, keep: true);
            runner.Backward(objective, new Gradient(shape));
        });
        Assert.AreEqual(measured, trained);
        Assert.IsTrue(double.IsFinite(measured.Loss));

        EpochMetrics Run(Action<Objective> run)
        {
            var objective = new ClassificationObjective(stepOutputs, new ClassWeights(null), 0, meanWeight: 1);
            objective.Begin(batch, sequences);
            run(objective);
            objective.End();
            return objective.Metrics;
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public void ALanguageModelLearnsAPeriodicText(int threads)
    {
        // The word after w is 3w + 1, so the last word determines the next, and the period is long.
        const int Words = 23;
        var data = new SequenceSet(featureSize: 0, staticSize: 0, targetSize: 0, Words - 1);
        for (int start = 0; start < Words; start++)
        {
            int[] text = new int[9];
            text[0] = start;
            for (int t = 1; t < text.Length; t++)
                text[t] = (3 * text[t - 1] + 1) % Words;
            data.Add(new TrainingSequence { Tokens = text[..^1], Labels = text[1..] });
        }
        var options = new LoopOptions
        {
            EmbeddingSize = 8,
            HiddenSize = 24,
            NumberOfEpochs = 60,
            BatchSize = 5,
            LearningRate = 0.02f,
            NumberOfThreads = threads
        };
        var monitor = new SilentMonitor();
        TrainingLoop.Train(new TrainingJob(data, null, options,
            new ClassificationTask(Words, stepOutputs: true, classWeights: null, labelSmoothing: 0), Seed: 1, monitor));
        // A uniform guess has the loss ln 23 = 3.1.
        Assert.AreEqual(Math.Log(Words), monitor.Epochs[0].Training.Loss, 0.5);
        Assert.IsLessThan(0.05, monitor.Epochs[^1].Training.Loss);
        Assert.AreEqual(1, monitor.Epochs[^1].Training.Accuracy!.Value);
    }

    private static NetworkShape Shape(int hiddenSize, int outputs, bool stepOutputs = true) => new()
    {
        Cell = CellType.Lstm,
        InputSize = 3,
        HiddenSize = hiddenSize,
        Bidirectional = true,
        Pooling = Pooling.Mean,
        Head = stepOutputs ? Head.EveryStep : Head.Pooled,
        StaticSize = 2,
        OutputSize = outputs,
    };

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}
