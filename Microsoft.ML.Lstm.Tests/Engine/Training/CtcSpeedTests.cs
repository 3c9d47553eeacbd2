using System.Diagnostics;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>How long the loss of labels without alignment takes beside its network.</summary>
[TestClass]
public sealed class CtcSpeedTests
{
    private const int Sequences = 32, Steps = 200, Items = 40, Features = 40, Rounds = 15, WarmUp = 30;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [TestCategory("sequences")]
    [DataRow(128, true)]
    [DataRow(256, false)]
    [DataRow(256, true)]
    public void TheLossTakesAtMostATwentiethOfATrainingStep(int hiddenSize, bool isBidirectional)
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("Times are measured by build/accept.sh sequences.");
        var random = new Random(1);
        var data = new SequenceSet(Features, 0, targetSize: 0);
        for (int i = 0; i < Sequences; i++)
        {
            data.Add(new TrainingSequence
            {
                Features = Enumerable.Range(0, Steps * Features).Select(_ => random.NextSingle()).ToArray(),
                Labels = [.. Enumerable.Range(0, Items).Select(_ => random.Next(Items))],
            });
        }
        var task = new CtcTask(Items);
        NetworkShape shape = task.WithOutputs(new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = Features,
            HiddenSize = hiddenSize,
            Bidirectional = isBidirectional,
            OutputSize = 1,
        }, data);
        var parameters = new ParameterSet(shape);
        foreach (ref float value in parameters.Values.AsSpan())
            value = 0.2f * random.NextSingle() - 0.1f;
        var model = new SequenceModel(parameters, AffineScaler.Identity(Features), AffineScaler.Identity(0),
            AffineScaler.Identity(shape.OutputSize));
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.Backward), new WorkerTeam(1));
        var gradient = new Gradient(shape);
        var batch = new SequenceBatch(shape);
        for (int i = 0; i < Sequences; i++)
            data[i].Features.Span.CopyTo(batch.Add(Steps));
        batch.Pack();
        var objective = new TimedLoss(task.CreateObjective(model, data));
        objective.Inner.Begin(batch, [.. data.Sequences]);
        var whole = new List<double>();
        var loss = new List<double>();
        // Until the methods are compiled with all optimizations.
        for (int round = -WarmUp; round < Rounds; round++)
        {
            objective.Clock.Reset();
            var clock = Stopwatch.StartNew();
            runner.Forward(batch, keep: true);
            runner.Backward(objective, gradient);
            if (round < 0)
                continue;
            whole.Add(clock.Elapsed.TotalMilliseconds);
            loss.Add(objective.Clock.Elapsed.TotalMilliseconds);
        }
        double ofWhole = whole.Order().ElementAt(Rounds / 2), ofLoss = loss.Order().ElementAt(Rounds / 2);
        TestContext.WriteLine($"{hiddenSize} units{(isBidirectional ? ", both directions" : "")}: {ofLoss:0.00} of {ofWhole:0.0} ms");
        Assert.IsLessThan(0.05, ofLoss / ofWhole);
    }

    private sealed class TimedLoss(Objective inner) : OutputLoss
    {
        public Objective Inner => inner;

        public Stopwatch Clock { get; } = new();

        public override void Differentiate(int row, Span<float> outputs) => throw new NotSupportedException();

        public override void Differentiate(SequenceBatch batch, int row, OutputRows outputs)
        {
            Clock.Start();
            inner.Differentiate(batch, row, outputs);
            Clock.Stop();
        }
    }
}
