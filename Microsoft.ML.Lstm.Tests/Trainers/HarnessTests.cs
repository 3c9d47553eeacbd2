namespace Microsoft.ML.Lstm.Tests.Trainers;

/// <summary>All trainers through the harness, with each form of input and output column.</summary>
[TestClass]
public sealed class HarnessTests
{
    public static IEnumerable<object[]> Forms => from entry in HarnessForms.All select new object[] { entry.Trainer, entry.Form };

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void SchemaIsAsPromised(string trainer, string form) => HarnessForms.Create(trainer, form).CheckSchemaPromise();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void RowMapperEqualsCursorEqualsBatch(string trainer, string form) => HarnessForms.Create(trainer, form).CheckRowMapperEqualsCursorEqualsBatch();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void ModelSurvivesSavingAndLoading(string trainer, string form) => HarnessForms.Create(trainer, form).CheckSaveAndLoad();

    [TestMethod]
    [DataRow("regression", "vector label")]
    [DataRow("regression", "encoding")]
    [DataRow("binary", "threshold")]
    [DataRow("binary", "variable tokens")]
    [DataRow("multiclass", "names")]
    [DataRow("multiclass", "numbers for names")]
    [DataRow("labeling", "variable with names")]
    [DataRow("labeling", "variable columns of all kinds")]
    [DataRow("labeling", "softmax")]
    public void ModelCanBeLoadedInANewProcess(string trainer, string form) => HarnessForms.Create(trainer, form).CheckLoadInNewProcess();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void ViewsOfRowsGiveTheSameScores(string trainer, string form) => HarnessForms.Create(trainer, form).CheckViews();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void ViewsOfRowsCanBeTrainedOn(string trainer, string form) => HarnessForms.Create(trainer, form).CheckFitOnViews();

    [TestMethod]
    [DataRow("regression", "vector")]
    [DataRow("regression", "variable")]
    [DataRow("binary", "variable tokens")]
    [DataRow("multiclass", "names")]
    [DataRow("labeling", "variable columns of all kinds")]
    [DataRow("labeling", "softmax")]
    public void ThreadsShareATransformer(string trainer, string form) => HarnessForms.Create(trainer, form).CheckThreads();

    [TestMethod]
    public void ChainWithOtherTransformsGoesThrough()
    {
        var ml = new MLContext(seed: 1);
        var chain = ml.Transforms.NormalizeMinMax("Features")
            .Append(ml.Transforms.CopyColumns("Target", "Label"))
            .Append(ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.LabelColumnName = "Target")))
            .Append(ml.Transforms.CopyColumns("Forecast", "Score"));
        var harness = new EstimatorHarness(ml, chain, Example.Make(40), Example.Schema(Example.Vector(10)), "Score", "Forecast");
        harness.CheckSchemaPromise();
        harness.CheckRowMapperEqualsCursorEqualsBatch();
        harness.CheckSaveAndLoad();
        harness.CheckLoadInNewProcess();
        harness.CheckViews();
    }

    [TestMethod]
    public void PermutationFeatureImportanceFindsTheFeatureThatMatters()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(100), Example.Schema(Example.Vector(5, 2)));
        LstmRegressionTransformer model = ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.NumberOfEpochs = 40)).Fit(data);
        var importance = ml.Regression.PermutationFeatureImportance(model, data, permutationCount: 2);
        Assert.HasCount(10, importance);
        double matters = Enumerable.Range(0, 5).Average(step => importance[2 * step].RSquared.Mean);
        double matterNot = Enumerable.Range(0, 5).Average(step => importance[2 * step + 1].RSquared.Mean);
        Assert.IsLessThan(-0.1, matters);
        Assert.IsLessThan(0.05, Math.Abs(matterNot));
    }

    [TestMethod]
    public void PermutationFeatureImportanceFindsTheTrainerInAPipeline()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(100), Example.Schema(Example.Vector(5, 2)));
        var pipeline = ml.Transforms.Concatenate("Pair", "Label", "Weight")
            .Append(ml.Regression.Trainers.Lstm(SmallOptions.Create(options => (options.FeatureColumnName, options.FeaturesPerStep, options.NumberOfEpochs) = ("Pair", 2, 40))));
        var model = pipeline.Fit(data);
        var importance = ml.Regression.PermutationFeatureImportance(model, model.Transform(data), permutationCount: 2);
        Assert.IsLessThan(-0.5, importance["Label"].RSquared.Mean);
        Assert.IsLessThan(0.1, Math.Abs(importance["Weight"].RSquared.Mean));
    }
}
