using System.Diagnostics;
using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;
using Microsoft.ML.Lstm.Tests.Engine.Network;

namespace Microsoft.ML.Lstm.Tests.Engine.Modules;

/// <summary>A loop of layers beside the trainers' own step, on shape M of samples/Benchmarks.</summary>
[TestClass]
public sealed class LayerSpeedTests
{
    private const int Batch = 64, Steps = 64, Inputs = 64, Hidden = 128;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [TestCategory("layers")]
    public void AStepTakesAtMostATenthMoreThanTheTrainers()
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("build/accept.sh layers measures the speed of a loop of layers.");
        float[] values = [.. Enumerable.Range(0, Batch * Steps * Inputs).Select(i => MathF.Sin(i))];
        Action trainers = Trainers(values), layers = Layers(values);
        double[] ofTrainers = new double[31], ofLayers = new double[31];
        for (int i = 0; i < ofTrainers.Length; i++)
        {
            ofTrainers[i] = Seconds(trainers);
            ofLayers[i] = Seconds(layers);
        }
        double trainersMedian = ofTrainers.Order().ElementAt(15), layersMedian = ofLayers.Order().ElementAt(15);
        TestContext.WriteLine(
            $"trainers {1000 * trainersMedian:F1} ms, layers {1000 * layersMedian:F1} ms: {layersMedian / trainersMedian:F3} times");
        Assert.IsLessThan(1.1, layersMedian / trainersMedian);
    }

    // Packing of the batch, forward, loss, backward, clipping, Adam and packing of the weights.
    private static Action Trainers(float[] values)
    {
        var shape = new NetworkShape { Cell = CellType.Lstm, InputSize = Inputs, HiddenSize = Hidden, Layers = 2, OutputSize = 1 };
        var weights = new ParameterSet(shape);
        Initializer.Initialize(weights, forgetBias: 1, new Random(1));
        var team = new WorkerTeam(1);
        var runner = new NetworkBatchRunner(new SequenceNetwork(weights, NetworkPasses.Backward), team);
        var gradient = new Gradient(shape);
        var optimizer = Optimizer.Create(new OptimizerSettings(OptimizerType.Adam, 0, 0), weights, gradient, team);
        var batch = new SequenceBatch(shape);
        var loss = new HalfSquares();
        return () =>
        {
            batch.Clear();
            for (int b = 0; b < Batch; b++)
                values.AsSpan(b * Steps * Inputs, Steps * Inputs).CopyTo(batch.Add(Steps));
            batch.Pack();
            runner.Forward(batch, keep: true);
            runner.Backward(loss, gradient);
            optimizer.TryStep(1e-4f, maxNorm: 1);
            runner.PackNetwork();
        };
    }

    private static Action Layers(float[] values)
    {
        var lstm = new LstmLayer(Inputs, Hidden, 2, seed: 1) { ComputesInputGradient = false };
        var linear = new LinearLayer(Hidden, 1, seed: 2);
        var optimizer = new LayerOptimizer([lstm, linear], learningRate: 1e-4f) { GradientClipNorm = 1 };
        Tensor<float> input = Tensor.Create(values, [Batch, Steps, Inputs]);
        Tensor<float> last = Tensor.Create(new float[Batch * Hidden], [Batch, Hidden]);
        Tensor<float> targets = Tensor.Create(new float[Batch], [Batch, 1]), gradient = Tensor.Create(new float[Batch], [Batch, 1]);
        RecurrentState dState = lstm.NewState(Batch);
        return () =>
        {
            RecurrentState state = lstm.Forward(input).State;
            state.CopyEncodingTo(last);
            Losses.Regression(linear.Forward(last), targets, gradient);
            dState.SetEncodingGradient(linear.Backward(gradient)!);
            lstm.Backward(null, dState);
            optimizer.Step();
        };
    }

    private static double Seconds(Action step)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 3; i++)
            step();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / 3;
    }
}
