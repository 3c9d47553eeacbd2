using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Tests.Engine.Golden;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Every optimizer with clipping and weight decay, through the training loop, against PyTorch's steps.</summary>
[TestClass]
public sealed class GoldenOptimizerTests
{
    private const double Tolerance = 1e-5;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Runs =>
        from golden in GoldenOptimizerCase.All
        from run in golden.Runs
        select new object[] { run.Name };

    [TestMethod]
    [DynamicData(nameof(Runs))]
    public void LossesAndParametersOfEachStepArePyTorchs(string name)
    {
        (GoldenOptimizerCase golden, GoldenRun run) = Find(name);
        double worst = 0;
        for (int steps = 1; steps <= run.Losses.Length; steps++)
        {
            var losses = new List<double>();
            SequenceModel model = Train(golden, run, steps, losses);
            Check($"losses after {steps} steps", [.. losses], run.Losses[..steps]);
            foreach ((string parameter, double[] expected) in run.Parameters[steps - 1])
                Check($"{parameter} after {steps} steps", [.. model.Parameters[parameter].ToArray().Select(v => (double)v)], expected);
        }
        TestContext.WriteLine($"largest difference: {worst:g2}");

        void Check(string what, double[] actual, double[] expected)
        {
            double difference = Difference.Absolute(actual, expected);
            worst = Math.Max(worst, difference);
            Assert.IsLessThan(Tolerance, difference, what);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Runs))]
    public void TheNormThatPyTorchClipsIsThatOfAllParametersTogether(string name)
    {
        (GoldenOptimizerCase golden, GoldenRun run) = Find(name);
        var network = new ReferenceNetwork(golden.Shape, golden.Parameters);
        ReferenceOutputs results = network.Forward(golden.Sequences, golden.Statics);
        ReferenceGradients gradients = network.Backward(MeanSquaredError.Gradient(results.Outputs, golden.Targets));
        double norm = Math.Sqrt(gradients.Parameters.Values.Sum(gradient => gradient.Sum(g => g * g)));
        // With another norm, or one that is never above the bound, the clipped runs would prove nothing.
        Assert.AreEqual(run.Norms[0], norm, 1e-9);
        Assert.AreEqual(name.EndsWith("_clipped", StringComparison.Ordinal), norm > run.MaxNorm);
    }

    /// <summary>Trains with the whole data in one batch, so that an epoch is a step.</summary>
    private static SequenceModel Train(GoldenOptimizerCase golden, GoldenRun run, int steps, List<double> losses)
    {
        var data = new SequenceSet(golden.InputSize, golden.StaticSize, golden.OutputSize);
        for (int b = 0; b < golden.Lengths.Length; b++)
            data.Add(Floats(golden.Sequences[b]), Floats(golden.Statics[b]), Floats(golden.Targets[b]));
        var options = new Options
        {
            CellType = golden.Cell,
            HiddenSize = golden.HiddenSize,
            Optimizer = run.Optimizer,
            LearningRate = (float)run.LearningRate,
            LearningRateSchedule = LearningRateSchedule.Constant,
            Momentum = 0.9f,
            WeightDecay = (float)run.WeightDecay,
            GradientClipNorm = (float)run.MaxNorm,
            NumberOfEpochs = steps,
            BatchSize = data.Count,
            NumberOfThreads = 1,
            EpochCompleted = epoch => losses.Add(epoch.Training.Loss),
        };
        var initial = new SequenceModel(EngineRun.ToParameterSet(golden.Shape, golden.Parameters), AffineScaler.Identity(golden.InputSize),
            AffineScaler.Identity(golden.StaticSize), AffineScaler.Identity(golden.OutputSize));
        return TrainingLoop.Train(new TrainingJob(data, null, LoopOptions.SettingsOf(options),
            new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: false), Seed: 1, new Silent(), initial));
    }

    private static (GoldenOptimizerCase Golden, GoldenRun Run) Find(string name)
        => GoldenOptimizerCase.All.SelectMany(golden => golden.Runs.Select(run => (golden, run))).Single(pair => pair.run.Name == name);

    private static float[] Floats(double[] values) => [.. values.Select(v => (float)v)];

    private sealed class Options : TrainingOptions;

    private sealed class Silent : ITrainingMonitor
    {
        public CancellationToken Abandoned => CancellationToken.None;

        public void BatchCompleted(int epoch, int batch, int batches)
        {
        }

        public void EpochCompleted(EpochCompletedEventArgs epoch)
        {
        }

        public void Info(string message)
        {
        }

        public void Warn(string message) => Assert.Fail(message);
    }
}
