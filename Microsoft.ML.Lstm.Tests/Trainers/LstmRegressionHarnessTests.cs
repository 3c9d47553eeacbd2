using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Trainers;

/// <summary>LstmRegressionTrainer through the harness, with each form of input and output column.</summary>
[TestClass]
public sealed class LstmRegressionHarnessTests
{
    public static IEnumerable<object[]> Forms =>
        from form in (string[])["vector", "dimensions", "more dimensions", "variable", "variable with dimensions", "static", "scalar static", "vector label", "encoding", "weights", "two bidirectional layers of GRU"]
        select new object[] { form };

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void SchemaIsAsPromised(string form) => Harness(form).CheckSchemaPromise();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void RowMapperEqualsCursorEqualsBatch(string form) => Harness(form).CheckRowMapperEqualsCursorEqualsBatch();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void ModelSurvivesSavingAndLoading(string form) => Harness(form).CheckSaveAndLoad();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void ViewsOfRowsGiveTheSameScores(string form) => Harness(form).CheckViews();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void ViewsOfRowsCanBeTrainedOn(string form) => Harness(form).CheckFitOnViews();

    [TestMethod]
    [DataRow("vector")]
    [DataRow("variable")]
    public void ThreadsShareATransformer(string form) => Harness(form).CheckThreads();

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
        harness.CheckViews();
    }

    [TestMethod]
    public void CrossValidationEvaluatesEachFold()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(5, 2)));
        var folds = ml.Regression.CrossValidate(data, ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.NumberOfEpochs = 40)), numberOfFolds: 3);
        Assert.HasCount(3, folds);
        foreach (var fold in folds)
            Assert.IsInRange(0.5, 1, fold.Metrics.RSquared);
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

    private static EstimatorHarness Harness(string form)
    {
        var ml = new MLContext(seed: 1);
        DataViewType features = form switch
        {
            "vector" or "scalar static" => Example.Vector(10),
            "more dimensions" => Example.Vector(5, 2, 1),
            "variable" => Example.Vector(0),
            "variable with dimensions" => Example.Vector(0, 2),
            _ => Example.Vector(5, 2),
        };
        Example[] rows = Example.Make(40, variable: form.StartsWith("variable", StringComparison.Ordinal));
        SchemaDefinition schema = Example.Schema(features);
        LstmRegressionTrainer.Options options = SmallOptions.Create(options =>
        {
            options.StaticFeatureColumnName = form switch { "static" => "Statics", "scalar static" => "Weight", _ => null };
            options.LabelColumnName = form == "vector label" ? "Labels" : "Label";
            options.EncodingColumnName = form == "encoding" ? "Encoding" : null;
            options.ExampleWeightColumnName = form == "weights" ? "Weight" : null;
            if (form == "two bidirectional layers of GRU")
                (options.CellType, options.Bidirectional, options.NumberOfLayers, options.Pooling) = (CellType.Gru, true, 2, Pooling.Mean);
        });
        string[] outputs = form == "encoding" ? ["Score", "Encoding"] : ["Score"];
        return new EstimatorHarness(ml, ml.Regression.Trainers.Lstm(options), rows, schema, outputs);
    }
}
