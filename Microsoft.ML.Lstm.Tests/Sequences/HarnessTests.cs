namespace Microsoft.ML.Lstm.Tests.Sequences;

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
    public void RowMapperEqualsCursorEqualsBatch(string trainer, string form)
        => HarnessForms.Create(trainer, form).CheckRowMapperEqualsCursorEqualsBatch();

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
    [DataRow("multiclass", "offset times for names")]
    [DataRow("labeling", "variable with names")]
    [DataRow("labeling", "variable columns of all kinds")]
    [DataRow("labeling", "softmax")]
    [DataRow("labeling", "variable words")]
    [DataRow("values of steps", "variable columns of all kinds")]
    [DataRow("ctc", "variable with names")]
    [DataRow("ctc", "beam")]
    [DataRow("truths of steps", "threshold")]
    [DataRow("autoencoder", "variable with errors of steps")]
    [DataRow("autoencoder", "encoding")]
    [DataRow("language model", "variable tied tokens")]
    [DataRow("language model", "variable tokens with names")]
    [DataRow("sequence to sequence", "variable with names")]
    [DataRow("sequence to sequence", "variable matrix")]
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
    [DataRow("labeling", "variable words")]
    [DataRow("values of steps", "variable")]
    [DataRow("truths of steps", "variable tokens")]
    [DataRow("autoencoder", "variable with errors of steps")]
    [DataRow("language model", "variable tokens")]
    [DataRow("sequence to sequence", "variable matrix")]
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
}
