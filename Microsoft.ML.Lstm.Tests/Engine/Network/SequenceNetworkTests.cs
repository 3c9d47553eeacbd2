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
        // Enough parameters for the threads to share them.
        var shape = new NetworkShape { Cell = cell, InputSize = 5, HiddenSize = 171, Layers = 2, StaticSize = 2, OutputSize = 70 };
        foreach (int threads in new[] { 1, 2, 3, 5 })
        {
            var parameters = new ParameterSet(shape);
            var workspace = new NetworkWorkspace(new SequenceNetwork(parameters, NetworkPasses.Backward), new WorkerTeam(threads));
            Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
            workspace.PackNetwork();
            var fresh = new NetworkWorkspace(new SequenceNetwork(parameters, NetworkPasses.Backward), new WorkerTeam(1));
            (float[] expectedOutputs, float[] expectedGradient) = Run(fresh, shape);
            (float[] outputs, float[] gradient) = Run(workspace, shape);
            CollectionAssert.AreEqual(expectedOutputs, outputs, $"{threads} threads");
            CollectionAssert.AreEqual(expectedGradient, gradient, $"{threads} threads");
        }
    }

    private static (float[] Outputs, float[] Gradient) Run(NetworkWorkspace workspace, NetworkShape shape)
    {
        var batch = new SequenceBatch(shape);
        batch.Add(3).Fill(0.5f);
        batch.Pack();
        var gradient = new Gradient(shape);
        workspace.Forward(batch, keep: true);
        float[] outputs = workspace.Output(0).ToArray();
        workspace.Backward(new HalfSquares(), gradient);
        return (outputs, gradient.Parameters.Values);
    }
}
