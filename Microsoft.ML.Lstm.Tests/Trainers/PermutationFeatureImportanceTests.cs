namespace Microsoft.ML.Lstm.Tests.Trainers;

/// <summary>ML.NET's own measure of what each slot of the features is worth to a model of ours: the first feature of a step matters, the second does not.</summary>
[TestClass]
public sealed class PermutationFeatureImportanceTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void BinaryClassifierNeedsTheFeatureThatMatters()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(150), Example.Schema(Example.Vector(5, 2)));
        LstmBinaryTransformer model = _ml.BinaryClassification.Trainers.Lstm(SmallOptions.Create<LstmBinaryTrainer.Options>(options => options.NumberOfEpochs = 40)).Fit(data);
        var importance = _ml.BinaryClassification.PermutationFeatureImportance(model, data, nameof(Example.IsHigh), permutationCount: 2);
        AssertFirstOfEachStepMatters([.. importance.Select(slot => slot.AreaUnderRocCurve.Mean)]);
    }

    [TestMethod]
    public void MulticlassClassifierNeedsTheFeatureThatMatters()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(150), Example.Schema(Example.Vector(5, 2)));
        LstmMulticlassTransformer model = _ml.MulticlassClassification.Trainers.Lstm(SmallOptions.Create<LstmMulticlassTrainer.Options>(options => options.NumberOfEpochs = 40)).Fit(data);
        var importance = _ml.MulticlassClassification.PermutationFeatureImportance(model, data, nameof(Example.Class), permutationCount: 2);
        AssertFirstOfEachStepMatters([.. importance.Select(slot => slot.MicroAccuracy.Mean)]);
    }

    [TestMethod]
    public void RegressionNeedsTheFeatureThatMatters()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(100), Example.Schema(Example.Vector(5, 2)));
        LstmRegressionTransformer model = _ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.NumberOfEpochs = 40)).Fit(data);
        var importance = _ml.Regression.PermutationFeatureImportance(model, data, permutationCount: 2);
        AssertFirstOfEachStepMatters([.. importance.Select(slot => slot.RSquared.Mean)]);
    }

    [TestMethod]
    public void TrainerIsFoundInAPipeline()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(100), Example.Schema(Example.Vector(5, 2)));
        var pipeline = _ml.Transforms.Concatenate("Pair", "Label", "Weight")
            .Append(_ml.Regression.Trainers.Lstm(SmallOptions.Create(options => (options.FeatureColumnName, options.FeaturesPerStep, options.NumberOfEpochs) = ("Pair", 2, 40))));
        var model = pipeline.Fit(data);
        var importance = _ml.Regression.PermutationFeatureImportance(model, model.Transform(data), permutationCount: 2);
        Assert.IsLessThan(-0.5, importance["Label"].RSquared.Mean);
        Assert.IsLessThan(0.1, Math.Abs(importance["Weight"].RSquared.Mean));
    }

    private static void AssertFirstOfEachStepMatters(double[] changes)
    {
        Assert.HasCount(10, changes);
        double matters = Enumerable.Range(0, 5).Average(step => changes[2 * step]);
        double mattersNot = Enumerable.Range(0, 5).Average(step => changes[2 * step + 1]);
        Assert.IsLessThan(-0.05, matters);
        Assert.IsLessThan(0.05, Math.Abs(mattersNot));
    }
}
