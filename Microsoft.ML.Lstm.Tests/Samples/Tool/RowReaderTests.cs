using System.Reflection;
using System.Text;
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

    [TestMethod]
    public void NamesThatStandThereTwiceAreThoseOfTheTool()
        => CheckAgainstTool(ClassificationTask.Create, "kind", ["v,v,,v,kind", .. Rows(i => $"{i % 4},{i % 7},{i % 5},{i % 3},{Kind(i)}")]);

    [TestMethod]
    public void KeysOfJsonMayBeMissingOrNull()
    {
        Type project = CheckAgainstTool(ClassificationTask.Create, "kind",
            Rows(i => $"{{\"x\": [{i}, {i % 7}, null], {Age(i)}\"kind\": \"{Kind(i)}\"}}"));
        File.WriteAllText(_file, "{\"x\": [1, 2, 3]}\n");
        object row = ((IEnumerable<object>)project.GetMethod("ReadRows")!.Invoke(null, [_file, false])!).Single();
        Assert.AreEqual(float.NaN, row.GetType().GetProperty("Age")!.GetValue(row));
        File.WriteAllText(_file, "{\"age\": 3}\n");
        Assert.ThrowsExactly<FormatException>(
            () => ((IEnumerable<object>)project.GetMethod("ReadRows")!.Invoke(null, [_file, false])!).Single());

        static string Age(int i) => i % 3 == 0 ? "" : $"\"age\": {(i % 3 == 1 ? "null" : i)}, ";
    }

    [TestMethod]
    public void CharactersAreThoseOfTheToolsEncoding()
    {
        CheckAgainstTool(ClassificationTask.Create, "kind", ["text,kind", .. Rows(i => $"café n° {i},{Kind(i)}")], Encoding.Latin1);
        CheckAgainstTool(LabelingTask.Create, "Label", Rows(i => $"café{i} NN {Kind(i)}\n"), Encoding.Latin1);
        CheckAgainstTool(ClassificationTask.Create, "kind", Rows(i => $"{{\"text\": \"café n° {i}\", \"kind\": \"{Kind(i)}\"}}"),
            Encoding.Latin1);
        Encoding windows = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;
        Type project = CheckAgainstTool(ClassificationTask.Create, "kind", ["text,kind", .. Rows(i => $"“{i}” costs 5 €,{Kind(i)}")],
            windows);
        Assert.AreEqual("“0” costs 5 €", ReadFirst(project, "Text"));
    }

    [TestMethod]
    public void NumbersAreThoseOfTheTool()
    {
        string[] lines = ["x0;x1;x2;x3;kind",
            .. Rows(i => $"{i},5;{(i == 7 ? "true" : "1.234,5")};{(i == 3 ? "n.a." : $"{i} 128,5")};{i} %;{Kind(i)}")];
        Type project = CheckAgainstTool(ClassificationTask.Create, "kind", lines, decimalComma: true);
        CollectionAssert.AreEqual(new[] { 0.5f, 1234.5f, 128.5f, 0 }, (float[])ReadFirst(project, "Sequence"));
        File.WriteAllText(_file, "x0;x1;x2;x3\n1,5;2;3;12.5\n");
        Assert.AreEqual("'12.5' is no number.", Assert.ThrowsExactly<FormatException>(() => ReadFirst(project, "Sequence")).Message);
    }

    [TestMethod]
    public void BlanksInQuotesAreNoPartOfAField()
    {
        Type project = CheckAgainstTool(ClassificationTask.Create, "kind",
            ["\"text\",\"kind\"", .. Rows(i => $"\"  number {i} of\n\nmany  \",\"{Kind(i)}  \"")]);
        Assert.AreEqual("a", ReadFirst(project, "Kind"));
        File.WriteAllText(_file, "text,kind\n\"one\" two,a\n");
        StringAssert.StartsWith(Assert.ThrowsExactly<FormatException>(() => ReadFirst(project, "Kind")).Message,
            "Line 2: after a closing quote there is 't'.");
    }

    [TestMethod]
    public void ATitleIsNoRow()
        => CheckAgainstTool(ClassificationTask.Create, "kind", ["Energy\n\nAccount 4711\n", "a;b;c;kind",
            .. Rows(i => $"{i % 4};{i % 7};\"{i}\"\"\n{i}\";{Kind(i)}")]);

    [TestMethod]
    public void MissingStepsAreThoseBefore()
    {
        Type project = CheckAgainstTool(ClassificationTask.Create, "kind", ["id,x,on,kind", .. Rows(i =>
            string.Join('\n', Enumerable.Range(0, 3 + i % 2).Select(step =>
                $"s{i},{(step == i % 3 ? "" : step + 1)},{(step == 1 ? "true" : "false")},{Kind(i)}")))]);
        CollectionAssert.AreEqual(new[] { 2f, 0, 2, 1, 3, 0 }, (float[])ReadFirst(project, "Sequence"));
        project = CheckAgainstTool(ClassificationTask.Create, "kind",
            Rows(i => $"{{\"x\": [[1, 2], [null, 3], [{i}, null]{(i % 2 == 0 ? "" : ", [null, 4]")}], \"kind\": \"{Kind(i)}\"}}"));
        CollectionAssert.AreEqual(new[] { 1f, 2, 1, 3, 0, 3 }, (float[])ReadFirst(project, "Sequence"));
    }

    private object ReadFirst(Type project, string member)
    {
        object row = ((IEnumerable<object>)project.GetMethod("ReadRows")!.Invoke(null, [_file, false])!).First();
        return row.GetType().GetProperty(member)!.GetValue(row)!;
    }

    [TestMethod]
    public void AWordThatIsNoCommentIsRead()
        => CheckAgainstTool(LabelingTask.Create, "Label", ["No NN a\n\n# text", .. Rows(i => $"# SYM {Kind(i)}\n{i} CD b\n")]);

    /// <summary>The reader gives what the tool has read of the same file.</summary>
    private Type CheckAgainstTool(Func<TaskRequest, LearningTask> create, string label, string[] lines, Encoding? encoding = null,
        bool? decimalComma = null)
    {
        File.WriteAllLines(_file, lines, encoding ?? new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        LearningTask task = create(new TaskRequest(_file) { Label = label, Reading = new ReadOptions { DecimalComma = decimalComma } });
        Type project = CompiledProject.Compile(MadeUpTask.Classification() with
        {
            Columns = new TaskColumns { Label = label },
            Dataset = task.Facts,
            Layout = task.Layout,
            Code = new TaskCode(task.Table.Columns, [new OutputMember("float[]", "Score", "The probabilities.")], ""),
        });
        object[] rows = [.. (IEnumerable<object>)project.GetMethod("ReadRows")!.Invoke(null, [_file, true])!];
        Assert.HasCount(task.Table.Rows, rows);
        foreach ((int place, TableColumn column) in task.Table.Columns.Index())
        {
            for (int row = 0; row < rows.Length; row++)
            {
                object expected = column.Values.GetValue(row)!, actual = rows[row].GetType().GetProperties()[place].GetValue(rows[row])!;
                if (expected is Array values)
                    CollectionAssert.AreEqual(values, (Array)actual, column.Name);
                else
                    Assert.AreEqual(expected, actual, column.Name);
            }
        }
        return project;
    }

    private static string[] Rows(Func<int, string> row) => [.. Enumerable.Range(0, 40).Select(row)];

    private static string Kind(int row) => row % 2 == 0 ? "a" : "b";

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
