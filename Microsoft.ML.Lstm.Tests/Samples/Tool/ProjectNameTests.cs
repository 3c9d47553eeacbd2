using LstmTool.Data;
using LstmTool.Projects;
using LstmTool.Tasks;
using Microsoft.ML.Lstm.Tests.Samples.Reports;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>Names that a project's class can't have, since its code has them for something else.</summary>
[TestClass]
public sealed class ProjectNameTests
{
    // What members are called whose columns have digits for names.
    private const string Column = "Column_";

    [TestMethod]
    [DataRow("class")]
    [DataRow("Classes")]
    [DataRow("PredictAllLabels")]
    [DataRow("Path")]
    public void SomeAreTaken(string name) => Assert.IsTrue(ConsumptionProject.IsTaken(name));

    [TestMethod]
    [DataRow("SampleClassification")]
    [DataRow("Score")]
    [DataRow("row")]
    public void OthersAreNot(string name) => Assert.IsFalse(ConsumptionProject.IsTaken(name));

    [TestMethod]
    public void AllThatTheCodeHasAreTaken()
    {
        string[] names = [.. Projects().SelectMany(CompiledProject.NamesIn).Distinct().Order()
            .Where(name => char.IsAsciiLetterUpper(name[0]) && !name.StartsWith(Column, StringComparison.Ordinal))
            .Where(name => !ConsumptionProject.IsTaken(name))];
        Assert.HasCount(0, names, string.Join(", ", names));
    }

    private static IEnumerable<TrainedTask> Projects()
    {
        OutputMember score = new("float[]", "5", "Numbers.");
        TableColumn label = TableColumn.OfTexts("1", ["a"]), number = TableColumn.OfNumbers("2", [1]),
            time = TableColumn.OfTimes("3", [new DateTime(2026, 1, 1)]);
        TableColumn[] lists = [TableColumn.OfNumberLists("4", [[1, 2]], featuresPerStep: 1), TableColumn.OfTextLists("6", [["a", "b"]])];
        foreach (FileLayout layout in new FileLayout[] { new(FileKind.Delimited), new(FileKind.JsonLines), new(FileKind.Conll),
            new(FileKind.Delimited, DecimalComma: true) { Group = "1" },
            new(FileKind.Delimited) { Order = new RowOrder("3", TimeFormat.Usual) } })
        {
            yield return Of(MadeUpTask.Classification(), new TaskColumns { Label = "1" }, score with { IsOfClasses = true });
            var series = new TaskColumns { Label = "2", Time = "3", Series = "1" };
            yield return Of(MadeUpTask.Anomalies(), series with { Anomaly = "5" }, score);
            yield return Of(MadeUpTask.Forecast(), series with { Forecast = "5" }, score);

            TrainedTask Of(TrainedTask made, TaskColumns columns, OutputMember output) => made with
            {
                Name = Column,
                Columns = columns,
                Layout = layout,
                Code = new TaskCode([label, number, time, .. lists], [output], "mlContext.Transforms.Any()"),
            };
        }
    }
}
