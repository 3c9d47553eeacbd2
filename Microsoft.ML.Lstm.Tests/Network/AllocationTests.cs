using Microsoft.ML.Lstm.Kernels;
using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Lstm.Tests.Training;
using Microsoft.ML.Lstm.Training;

namespace Microsoft.ML.Lstm.Tests.Network;

/// <summary>Once its buffers are there, the engine leaves nothing for the garbage collector.</summary>
[TestClass]
public sealed class AllocationTests
{
    private const int WarmUp = 3;
    private const int Repetitions = 20;

    [TestMethod]
    [DataRow(CellType.Lstm, Pooling.Last, 1)]
    [DataRow(CellType.Gru, Pooling.Mean, 2)]
    [DataRow(CellType.Rnn, Pooling.Max, 3)]
    [DataRow(CellType.Lstm, Pooling.Attention, 2)]
    public void ATrainingStepAllocatesNothing(CellType cell, Pooling pooling, int threads)
    {
        NetworkShape shape = Shape(cell, pooling);
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var network = new SequenceNetwork(parameters, NetworkPasses.Backward);
        var workspace = new NetworkWorkspace(network, new WorkerTeam(threads));
        var batch = new SequenceBatch(shape);
        var gradient = new Gradient(shape);
        var optimizer = Optimizer.Create(new LoopOptions(), parameters, gradient, new WorkerTeam(threads));
        float[] dOutputs = new float[40 * shape.OutputSize];
        Array.Fill(dOutputs, 0.01f);
        var loss = new GivenGradient(dOutputs);

        long allocated = AllocatedBytes(step =>
        {
            Fill(batch, step);
            workspace.Forward(batch, keep: true, new Dropout((ulong)step) { Inputs = 0.1f, States = 0.2f, Layers = 0.3f, Outputs = 0.4f });
            workspace.Backward(loss, gradient);
            optimizer.TryStep(learningRate: 0.001f, maxNorm: 1);
            workspace.PackNetwork();
        });

        Assert.AreEqual(0, allocated);
    }

    [TestMethod]
    public void AScoredBatchAllocatesNothing()
    {
        NetworkShape shape = Shape(CellType.Lstm, Pooling.Last);
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var model = new SequenceModel(parameters, AffineScaler.Identity(shape.InputSize), AffineScaler.Identity(shape.StaticSize), AffineScaler.Identity(shape.OutputSize));
        var scorer = new SequenceScorer(new ScoringNetwork(model), threads: 2);
        float sum = 0;

        long allocated = AllocatedBytes(step =>
        {
            scorer.Clear();
            for (int i = 0; i < 40; i++)
                scorer.AddSequence(1 + (i + step) % 17).Fill(0.1f);
            scorer.Score();
            sum += scorer.Output(39)[0] + scorer.Encoding(0)[0];
        });

        Assert.AreEqual(0, allocated);
        Assert.AreNotEqual(0, sum);
    }

    private static NetworkShape Shape(CellType cell, Pooling pooling) => new()
    {
        Cell = cell,
        InputSize = 5,
        HiddenSize = 37,
        Layers = 2,
        Bidirectional = true,
        Pooling = pooling,
        StaticSize = 2,
        OutputSize = 3,
    };

    private static void Fill(SequenceBatch batch, int step)
    {
        batch.Clear();
        for (int i = 0; i < 40; i++)
        {
            batch.Add(1 + (i + step) % 17).Fill(0.1f);
            batch.Statics(i).Fill(0.5f);
        }
        batch.Pack();
    }

    private static long AllocatedBytes(Action<int> work)
    {
        for (int step = 0; step < WarmUp; step++)
            work(step);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < Repetitions; step++)
            work(step % WarmUp);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
