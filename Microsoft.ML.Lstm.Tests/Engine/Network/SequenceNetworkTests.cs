using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

[TestClass]
public sealed class SequenceNetworkTests
{
    [TestMethod]
    [DataRow(CellType.Lstm)]
    [DataRow(CellType.Gru)]
    [DataRow(CellType.Rnn)]
    public void NewWeightsArePackedInFullByAnyNumberOfThreads(CellType cell)
    {
        // Enough parameters for threads to share the packing.
        var shape = new NetworkShape { Cell = cell, InputSize = 5, HiddenSize = 171, Layers = 2, StaticSize = 2, OutputSize = 70 };
        foreach (int threads in new[] { 1, 2, 3, 5 })
        {
            var parameters = new ParameterSet(shape);
            var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.Backward), new WorkerTeam(threads));
            Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
            runner.PackNetwork();
            var fresh = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.Backward), new WorkerTeam(1));
            (float[] expectedOutputs, float[] expectedGradient) = Run(fresh, shape);
            (float[] outputs, float[] gradient) = Run(runner, shape);
            CollectionAssert.AreEqual(expectedOutputs, outputs, $"{threads} threads");
            CollectionAssert.AreEqual(expectedGradient, gradient, $"{threads} threads");
        }
    }

    private static (float[] Outputs, float[] Gradient) Run(NetworkBatchRunner runner, NetworkShape shape)
    {
        var batch = new SequenceBatch(shape);
        batch.Add(3).Fill(0.5f);
        batch.Pack();
        var gradient = new Gradient(shape);
        runner.Forward(batch, keep: true);
        float[] outputs = runner.Output(0).ToArray();
        runner.Backward(new HalfSquares(), gradient);
        return (outputs, gradient.Parameters.Values);
    }
}
