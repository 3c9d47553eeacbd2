using LstmTool.Data;
using LstmTool.Tasks;
using Microsoft.ML.Lstm.Tests.Samples.Reports;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>A consumption project for classes, whose names are given beside their probabilities.</summary>
[TestClass]
public sealed class ClassProjectTests
{
    private static readonly string[] Causes = ["fire", "water", "storm"];

    private readonly string _file = Path.GetTempFileName();

    [TestCleanup]
    public void DeleteFile() => File.Delete(_file);

    [TestMethod]
    public void EachProbabilityHasTheNameOfItsClass()
    {
        var table = new Table([TableColumn.OfTexts("cause", [.. Enumerable.Range(0, 60).Select(row => Causes[row % 3])]),
            TableColumn.OfNumberLists("days", [.. Enumerable.Range(0, 60).Select(row => new float[] { row % 3, 1, row % 2 })],
                featuresPerStep: 1)]);
        var ml = new MLContext(seed: 1);
        ITransformer model = ml.Transforms.Conversion.MapValueToKey("Key", "cause")
            .Append(ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
            {
                LabelColumnName = "Key",
                FeatureColumnName = "days",
                FeaturesPerStep = 1,
                NumberOfEpochs = 60,
                LearningRate = 0.02f,
                HiddenSize = 8,
            }))
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(table.View());
        ml.Model.Save(model, table.View().Schema, _file);
        Type project = CompiledProject.Compile(MadeUpTask.Classification() with
        {
            Columns = new TaskColumns { Label = "cause" },
            Layout = new FileLayout(FileKind.JsonLines),
            Code = new TaskCode(table.Columns, [new OutputMember("string", "PredictedLabel", "The class."),
                new OutputMember("float[]", "Score", "Probabilities.") { IsOfClasses = true }], ""),
        });
        project.GetProperty("ModelPath")!.SetValue(null, _file);
        Type input = project.GetNestedType("ModelInput")!;
        for (int row = 0; row < 3; row++)
        {
            object example = Activator.CreateInstance(input)!;
            input.GetProperty("Days")!.SetValue(example, new float[] { row, 1, 0 });
            KeyValuePair<string, float>[] all =
                [.. (IEnumerable<KeyValuePair<string, float>>)project.GetMethod("PredictAllLabels")!.Invoke(null, [example])!];
            Assert.AreEqual(Causes[row], all[0].Key);
            Assert.IsGreaterThan(0.5f, all[0].Value);
            Assert.AreEqual(1, all.Sum(one => one.Value), 1e-5f);
            CollectionAssert.AreEquivalent(Causes, all.Select(one => one.Key).ToArray());
            CollectionAssert.AreEqual(all.OrderByDescending(one => one.Value).ToArray(), all);
        }
        CollectionAssert.AreEqual(Causes, ((IReadOnlyList<string>)project.GetProperty("Classes")!.GetValue(null)!).ToArray());
    }
}
