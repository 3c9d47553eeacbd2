using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Golden;

/// <summary>The reference is the network that PyTorch defines, to the last digits.</summary>
[TestClass]
public sealed class GoldenReferenceTests
{
    private const double Tolerance = 1e-9;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Cases => GoldenCase.All.Select(c => new object[] { c.Name });

    public static IEnumerable<object[]> StateCases
        => GoldenCase.All.Where(c => c.StateGradients is not null).Select(c => new object[] { c.Name });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void OutputsAndFinalStatesArePyTorchs(string name)
    {
        GoldenCase golden = GoldenCase.Find(name);
        ReferenceOutputs results = new ReferenceNetwork(golden.Shape, golden.Parameters).Forward(golden.Sequences, golden.Statics);
        double worst = 0;
        Check("steps", results.Steps, golden.Steps);
        Check("hidden", results.Hidden.SelectMany(h => h), golden.Hidden.SelectMany(h => h));
        if (golden.CellState is not null)
            Check("cellState", results.CellState.SelectMany(c => c), golden.CellState.SelectMany(c => c));
        Check("encodings", results.Encodings, golden.Encodings);
        Check("outputs", results.Outputs, golden.Outputs);
        if (golden.ScoredOutputs is not null)
            Check("scored outputs", new ReferenceNetwork(golden.Shape, golden.Parameters) { IsScoring = true }
                .Forward(golden.Sequences, golden.Statics).Outputs, golden.ScoredOutputs);
        Check("loss", [[MeanSquaredError.Of(results.Outputs, golden.Targets)]], [[golden.Loss]]);
        TestContext.WriteLine($"largest difference: {worst:g2}");

        void Check(string what, IEnumerable<double[]> actual, IEnumerable<double[]> expected)
            => worst = Math.Max(worst, Close(what, actual, expected));
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void GradientsArePyTorchs(string name)
    {
        GoldenCase golden = GoldenCase.Find(name);
        var network = new ReferenceNetwork(golden.Shape, golden.Parameters);
        ReferenceOutputs results = network.Forward(golden.Sequences, golden.Statics);
        CheckGradients(network.Backward(MeanSquaredError.Gradient(results.Outputs, golden.Targets)), golden.Gradients);
    }

    [TestMethod]
    [DynamicData(nameof(StateCases))]
    public void GradientsOfALossOfEveryStepAndFinalStateArePyTorchs(string name)
    {
        GoldenCase golden = GoldenCase.Find(name);
        GoldenStateGradients expected = golden.StateGradients!;
        var network = new ReferenceNetwork(golden.Shape, golden.Parameters);
        network.Forward(golden.Sequences, golden.Statics);
        CheckGradients(network.Backward(new ResultGradients
        {
            Steps = expected.DSteps,
            Hidden = expected.DHidden,
            CellState = expected.DCellState
        }), expected);
    }

    private void CheckGradients(ReferenceGradients actual, GoldenGradients expected)
    {
        CollectionAssert.AreEquivalent(expected.Parameters.Keys, actual.Parameters.Keys);
        double worst = Math.Max(Close("inputs", actual.Sequences, expected.Inputs), Close("statics", actual.Statics, expected.Statics));
        foreach (string parameter in expected.Parameters.Keys)
            worst = Math.Max(worst, Close(parameter, [actual.Parameters[parameter]], [expected.Parameters[parameter]]));
        TestContext.WriteLine($"largest difference: {worst:g2}");
    }

    private static double Close(string what, IEnumerable<double[]> actual, IEnumerable<double[]> expected)
    {
        double difference = Difference.Absolute(Difference.Flatten(actual), Difference.Flatten(expected));
        Assert.IsLessThan(Tolerance, difference, what);
        return difference;
    }
}
