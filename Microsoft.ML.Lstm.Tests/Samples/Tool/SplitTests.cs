using LstmTool.Tasks;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>Which rows of a file are for what.</summary>
[TestClass]
public sealed class SplitTests
{
    private const int Rows = 50;
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow("Day")]
    [DataRow("2")]
    public void RowsAreSplitByAColumnOfTimes(string column)
    {
        string file = WriteSteps();
        SequenceRows random = Read(file, null);
        string hint = random.Facts.Inferred.Single(one => one.Override == "--split-by Day").What;
        Assert.AreEqual("order: none, though 'Day' has times; if rows to predict are later ones, split by it", hint);
        Assert.AreEqual("at random", random.Parts.How);

        SequenceRows rows = Read(file, column);
        Assert.IsFalse(rows.Facts.Inferred.Any(one => one.Override.StartsWith("--split-by", StringComparison.Ordinal)));
        Assert.AreEqual("by 'Day', the last rows unseen", rows.Parts.How);
        Assert.AreEqual("order of the rows", rows.Facts.Columns.Single(one => one.Name == "Day").Role);
        // The file begins with the newest row, and its second row has no label.
        CollectionAssert.AreEqual(Enumerable.Range(0, 10).ToArray(), rows.Parts.Unseen);
        CollectionAssert.AreEqual(Enumerable.Range(10, 8).ToArray(), rows.Parts.Validation);
        CollectionAssert.AreEqual(Enumerable.Range(18, Rows - 1 - 18).ToArray(), rows.Parts.Train);
    }

    [TestMethod]
    public void SequencesWhoseStepsAreRowsAreSplitByTheirFirstRow()
    {
        string file = Write("long.csv", ["id,Step,Value,kind", .. Enumerable.Range(0, 3 * Rows).Select(row =>
            FormattableString.Invariant($"{row / 3},{1000 - row},{row % 7},{(row / 3 % 2 == 0 ? "a" : "b")}"))]);
        SequenceRows rows = Read(file, "Step");
        CollectionAssert.AreEqual(Enumerable.Range(0, 10).ToArray(), rows.Parts.Unseen);
        CollectionAssert.AreEqual(new[] { "Value" }, rows.Table[SequenceFeatures.Sequence].Sources.ToArray());
    }

    [TestMethod]
    public void ATextIsNoOrder()
        => Assert.AreEqual("--split-by: the column 'shape' has neither times nor numbers.",
            Assert.ThrowsExactly<InvalidDataException>(() => Read(WriteSteps(), "shape")).Message);

    private static SequenceRows Read(string file, string? splitBy)
    {
        string label = file.EndsWith("long.csv", StringComparison.Ordinal) ? "kind" : "size";
        return SequenceRows.Read(new TaskRequest(file) { Label = label, SplitBy = splitBy }, isNumber: label == "size");
    }

    private string WriteSteps() => Write("steps.csv", ["x0,x1,Day,size,shape", .. Enumerable.Range(0, Rows).Select(row =>
        FormattableString.Invariant($"{row},{row % 5},{new DateTime(2026, 6, 1).AddDays(-row):yyyy-MM-dd},")
            + $"{(row == 1 ? "" : row)},{(row % 2 == 0 ? "up" : "down")}")]);

    private string Write(string name, string[] lines)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllLines(path, lines);
        return path;
    }
}
