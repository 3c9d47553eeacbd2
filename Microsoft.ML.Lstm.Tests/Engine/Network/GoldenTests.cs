using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Tests.Engine.Golden;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>The float engine, on every vector width of this machine, against results of PyTorch.</summary>
[TestClass]
public sealed class GoldenTests
{
    private const double Tolerance = 1e-5;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Cases =>
        from kernels in CpuKernels.Available
        from golden in GoldenCase.All
        select new object[] { kernels.Name, golden.Name };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void OutputsFinalStatesAndGradientsArePyTorchs(string kernels, string name)
    {
        GoldenCase golden = GoldenCase.Find(name);
        var engine = new EngineRun(golden.Shape, golden.Parameters, CpuKernels.Available.Single(k => k.Name == kernels));
        ReferenceOutputs results = engine.Forward(golden.Sequences, golden.Statics);
        double worst = 0;
        Check("steps", Difference.Flatten(results.Steps), Difference.Flatten(golden.Steps));
        Check("final h", Difference.Flatten(results.Hidden), Difference.Flatten(golden.Hidden));
        if (golden.CellState is not null)
            Check("final c", Difference.Flatten(results.CellState), Difference.Flatten(golden.CellState));
        Check("encodings", Difference.Flatten(results.Encodings), Difference.Flatten(golden.Encodings));
        Check("outputs", Difference.Flatten(results.Outputs), Difference.Flatten(golden.Outputs));
        Check("loss", [MeanSquaredError.Of(results.Outputs, golden.Targets)], [golden.Loss]);

        ReferenceGradients gradients = engine.Backward(MeanSquaredError.Gradient(results.Outputs, golden.Targets));
        foreach ((string parameter, double[] expected) in golden.Gradients.Parameters)
            Check(parameter, gradients.Parameters[parameter], expected);
        Check("input gradients", Difference.Flatten(gradients.Sequences), Difference.Flatten(golden.Gradients.Inputs));
        if (golden.ScoredOutputs is not null)
            Check("scored outputs", Difference.Flatten(engine.Forward(golden.Sequences, golden.Statics, keep: false).Outputs),
                Difference.Flatten(golden.ScoredOutputs));
        engine.UpdateStatistics(batches: null);
        foreach ((string statistic, double[] expected) in golden.Running ?? [])
            Check(statistic, [.. engine.Parameters[statistic].ToArray().Select(value => (double)value)], expected);
        TestContext.WriteLine($"largest difference: {worst:g2}");

        void Check(string what, double[] actual, double[] expected)
        {
            double difference = Difference.Absolute(actual, expected);
            worst = Math.Max(worst, difference);
            Assert.IsLessThan(Tolerance, difference, what);
        }
    }
}
