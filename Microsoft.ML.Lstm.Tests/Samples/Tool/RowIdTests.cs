using LstmTool.Data;
using LstmTool.Tasks;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>Columns that number the rows of a file, which is sorted by its labels.</summary>
[TestClass]
public sealed class RowIdTests
{
    private const int Rows = 40;

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow("id,kind,x0,x1,x2", "rising", true)]
    [DataRow("nr,kind,x0,x1,x2", "falling", true)]
    [DataRow("nr,kind,a,b,c", "rising", true)]
    [DataRow(null, "rising", true)]
    [DataRow("id,kind,a,b,c", "mixed", true)]
    [DataRow("sample_id,kind,x0,x1,x2", "large and mixed", true)]
    [DataRow("weight,kind,x0,x1,x2", "mixed", false)]
    [DataRow("weight,kind,x0,x1,x2", "fractions", false)]
    [DataRow("nr,kind,x0,x1,x2", "twice", false)]
    [DataRow("x3,kind,x0,x1,x2", "rising", false)]
    public void AreNotLearnedFrom(string? header, string order, bool isId)
    {
        string file = Write(header, row => order switch
        {
            "rising" => row,
            "falling" => -2 * row,
            "mixed" => row * 7 % Rows,
            "large and mixed" => 20260101000 + row * 7 % Rows,
            "fractions" => row + 0.5,
            _ => row / 2,
        });
        string name = header?.Split(',')[0] ?? "Column0", label = header is null ? "Column1" : "kind";
        SequenceRows rows = SequenceRows.Read(new TaskRequest(file) { Label = label }, isNumber: false);
        Assert.AreEqual(isId, rows.Facts.Columns.Single(one => one.Name == name).Role == "not used");
        Assert.AreEqual(!isId, rows.Table.Columns.Any(column => column.Sources.Contains(name)));
        Inference[] said = [.. rows.Facts.Inferred.Where(one => one.Override == "--keep-cols")];
        CollectionAssert.AreEqual(isId ? [$"ids of rows: {name}, not learned from, as they tell where in the file a row is"] : (string[])[],
            said.Select(one => one.What).ToArray());
        rows = SequenceRows.Read(new TaskRequest(file) { Label = label, Keep = ["0"] }, isNumber: false);
        Assert.IsTrue(rows.Table.Columns.Any(column => column.Sources.Contains(name)));
        Assert.IsFalse(rows.Facts.Inferred.Any(one => one.Override == "--keep-cols"));
    }

    /// <summary>A file of one column beside the label has nothing else to learn from.</summary>
    [TestMethod]
    public void AreLearnedFromWhereNothingElseIs()
    {
        string file = Path.Combine(_folder, "rows.csv");
        File.WriteAllLines(file, ["id,kind", .. Enumerable.Range(0, Rows).Select(row => $"{row},{(row < Rows / 2 ? "a" : "b")}")]);
        SequenceRows rows = SequenceRows.Read(new TaskRequest(file) { Label = "kind" }, isNumber: false);
        CollectionAssert.AreEqual(new[] { "id" }, rows.Table[SequenceFeatures.Sequence].Sources.ToArray());
    }

    [TestMethod]
    public void OfStepsThatAreRowsTheyAreNoFeature()
    {
        string file = Path.Combine(_folder, "steps.csv");
        File.WriteAllLines(file, [",walk_id,subject_id,step,speed,kind", .. Enumerable.Range(0, 3 * Rows).Select(row =>
            $"{row},{row / 3},{row / 3 * 7 % Rows},{row % 3},{row * 5 % 7},{(row < 3 * Rows / 2 ? "a" : "b")}")]);
        SequenceRows rows = SequenceRows.Read(new TaskRequest(file) { Label = "kind" }, isNumber: false);
        CollectionAssert.AreEqual(new[] { "step", "speed" }, rows.Table[SequenceFeatures.Sequence].Sources.ToArray());
        CollectionAssert.AreEqual(new[] { "kind", SequenceFeatures.Sequence }, rows.Table.Columns.Select(column => column.Name).ToArray());
        string[] said = [.. rows.Facts.Inferred.Where(one => one.Override == "--keep-cols").Select(one => one.What.Split(',')[0])];
        CollectionAssert.AreEqual(new[] { "ids of rows: Column0", "ids of rows: subject_id" }, said);
    }

    private string Write(string? header, Func<int, double> first)
    {
        string path = Path.Combine(_folder, "rows.csv");
        File.WriteAllLines(path, [.. header is null ? (string[])[] : [header], .. Enumerable.Range(0, Rows).Select(row =>
            FormattableString.Invariant($"{first(row)},{(row < Rows / 2 ? "a" : "b")},")
                + FormattableString.Invariant($"{row % 5 * 0.3},{row * 3 % 7 * 0.4},{row % 4 * 0.6}"))]);
        return path;
    }
}
