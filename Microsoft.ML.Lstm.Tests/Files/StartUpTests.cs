using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>
/// How many methods a new process compiles until it has scored with a saved model, most of the time that it takes; see docs/performance.md.
/// </summary>
[TestClass]
public sealed class StartUpTests
{
    // Of a network there were 1,500 more while a generated reader of JSON and LINQ over structs were on the way, and 1,500 in all without
    // ML.NET; now there are 600 more, and 800.
    private const int MostMoreThanALinearModel = 1000;
    private const int MostOfAPredictor = 1050;

    private static readonly MLContext ML = new(seed: 1);
    private static readonly Example[] Rows = Example.Make(20);
    private static readonly IDataView Data = ML.Data.LoadFromEnumerable(Rows, Example.Schema(Example.Vector(10)));

    [TestMethod]
    public void ANetworkCompilesLittleBesideWhatALinearModelOfMlNetDoes()
    {
        int linear = NewProcess.MethodsToScore(Saving(ML.Regression.Trainers.Sdca().Fit(Data)), Rows, "Score").Length,
            network = NewProcess.MethodsToScore(SavingNetwork(), Rows, "Score").Length;
        Assert.IsGreaterThan(500, linear, "The compiler says nothing of what it does.");
        Assert.IsLessThan(linear + MostMoreThanALinearModel, network, $"ML.NET's linear model compiles {linear} methods.");
    }

    [TestMethod]
    public void APredictorCompilesLittle()
    {
        string[] methods = NewProcess.MethodsOfPredictor(SavingNetwork(), Rows[0].Features);
        Assert.IsGreaterThan(100, methods.Length, "The compiler says nothing of what it does.");
        Assert.IsLessThan(MostOfAPredictor, methods.Length);
        Assert.DoesNotContain(method => method.Contains("Microsoft.ML.Runtime", StringComparison.Ordinal), methods);
    }

    private static Action<string> SavingNetwork() => Saving(ML.Regression.Trainers.Lstm(featuresPerStep: 2, hiddenSize: 8,
        numberOfEpochs: 1).Fit(Data));

    private static Action<string> Saving(ITransformer model) => path => ML.Model.Save(model, Data.Schema, path);
}
