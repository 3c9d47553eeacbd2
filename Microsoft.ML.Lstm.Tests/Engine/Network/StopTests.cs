using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>Passes that are canceled while they run.</summary>
[TestClass]
public sealed class StopTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(40)]
    public void APassThatIsStoppedEndsAndTheNextOneIsRight(int sequences)
    {
        // Large enough for threads to share the units of a single sequence, and the rows of many sequences.
        var shape = new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 4,
            HiddenSize = 300,
            Layers = 2,
            Bidirectional = true,
            OutputSize = 2
        };
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var batch = new SequenceBatch(shape);
        var random = new Random(2);
        for (int i = 0; i < sequences; i++)
        {
            foreach (ref float value in batch.Add(400 / sequences))
                value = random.NextSingle();
        }
        batch.Pack();
        BatchRunner runner = BatchRunner.Create(new SequenceNetwork(parameters, NetworkPasses.Forward), new WorkerTeam(3));
        runner.Forward(batch, keep: false);
        float[] expected = runner.Output(0).ToArray();

        int stopped = 0;
        for (int milliseconds = 0; milliseconds < 20; milliseconds++)
        {
            using var source = new CancellationTokenSource(milliseconds);
            runner.Stop = source.Token;
            try
            {
                while (true)
                    runner.Forward(batch, keep: false);
            }
            catch (OperationCanceledException)
            {
                stopped++;
            }
        }

        Assert.AreEqual(20, stopped);
        runner.Stop = default;
        runner.Forward(batch, keep: false);
        CollectionAssert.AreEqual(expected, runner.Output(0).ToArray());
    }
}
