using System.Reflection;
using LstmTool.Data;
using LstmTool.Tasks;
using Microsoft.ML.Lstm.Tests.Samples.Reports;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>The reader of rows in a consumption project, compiled.</summary>
[TestClass]
public sealed class RowReaderTests
{
    private readonly string _file = Path.GetTempFileName();

    [TestCleanup]
    public void DeleteFile() => File.Delete(_file);

    [TestMethod]
    public void RowsToPredictNeedNoLabel()
    {
        TableColumn sizes = TableColumn.OfNumbers("size", [1]);
        CheckLabel(TableColumn.OfTexts("cause", ["fire"]), sizes, FileKind.Delimited, "size,cause\n2,fire\n", "size\n2\n", "fire", "");
        CheckLabel(TableColumn.OfNumbers("cost", [1]), sizes, FileKind.JsonLines, "{\"size\": 2, \"cost\": 3}\n", "{\"size\": 2}\n",
            3f, float.NaN);
        TableColumn words = TableColumn.OfTextLists("Word", [["a"]]);
        CheckLabel(TableColumn.OfTextLists("Label", [["b"]]), words, FileKind.Conll, "the DT O\n\n", "the DT\n\n", "O", "");
    }

    private void CheckLabel(TableColumn label, TableColumn other, FileKind kind, string with, string without, object value, object missing)
    {
        TrainedTask trained = MadeUpTask.Classification() with
        {
            Columns = new TaskColumns { Label = label.Name },
            Layout = new FileLayout(kind),
            Code = new TaskCode([label, other], [new OutputMember("float[]", "Score", "The probabilities.")], ""),
        };
        Assert.HasCount(3, trained.Dataset.Columns);
        MethodInfo read = CompiledProject.Compile(trained).GetMethod("ReadRows")!;
        foreach (bool needsLabel in (bool[])[true, false])
            Assert.AreEqual(value, Read(read, with, label.Name, needsLabel));
        Assert.AreEqual(missing, Read(read, without, label.Name, needsLabel: false));
        FormatException error = Assert.ThrowsExactly<FormatException>(() => Read(read, without, label.Name, needsLabel: true));
        Assert.AreEqual($"There is no column '{label.Name}'.", error.Message);
    }

    /// <summary>The label of the only row.</summary>
    private object Read(MethodInfo read, string content, string label, bool needsLabel)
    {
        File.WriteAllText(_file, content);
        var rows = (IEnumerable<object>)read.Invoke(null, [_file, needsLabel])!;
        object row = rows.Single();
        object value = row.GetType().GetProperties().Single(one => one.Name.Equals(label, StringComparison.OrdinalIgnoreCase))
            .GetValue(row)!;
        return value is string[] texts ? string.Join(' ', texts) : value;
    }
}
