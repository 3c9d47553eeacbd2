using LstmTool.Search;
using LstmTool.Tasks;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Samples.Reports;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>Hours in local time, of which one in autumn stands there twice.</summary>
[TestClass]
public sealed class SeriesRowsTests
{
    private const int Hours = 720, Second = 500;

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    /// <summary>The model has no times, but its rows are in their order, here and in the project that is written.</summary>
    [TestMethod]
    [DataRow("oldest first", false)]
    [DataRow("newest first", true)]
    [DataRow("new part first", true)]
    public void RowsAreInTheOrderOfTimesThatAreLeftOut(string order, bool isSorted)
    {
        string file = Write(order, "");
        AnomalyDetectionTask task = AnomalyDetectionTask.Create(new TaskRequest(file));
        float[] expected = [.. Enumerable.Range(0, Hours).Select(hour => (float)hour)];
        CollectionAssert.AreEqual(expected, (float[])task.Table["Heat"].Values);
        string[] inferred = [.. task.Facts.Inferred.Select(one => one.What)];
        CollectionAssert.Contains(inferred, "time: none, as 'Hour' has some times twice, rows follow each other in equal steps");
        Assert.AreEqual(isSorted, inferred.Contains("order: rows were not in the order of 'Hour', and have been sorted"));

        Type project = CompiledProject.Compile(MadeUpTask.Anomalies() with
        {
            Columns = task.ColumnsOf(Settings.Untouched),
            Layout = task.Layout,
            Code = task.CodeOf(Settings.Untouched),
        });
        var view = (IDataView)project.GetMethod("Load")!.Invoke(null, [new MLContext(1), file])!;
        CollectionAssert.AreEqual(new[] { "Heat" }, view.Schema.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(expected, view.GetColumn<float>("Heat").ToArray());
        File.WriteAllText(file, "Heat\n3\n1\n2\n");
        view = (IDataView)project.GetMethod("Load")!.Invoke(null, [new MLContext(1), file])!;
        CollectionAssert.AreEqual(new[] { 3f, 1, 2 }, view.GetColumn<float>("Heat").ToArray());
    }

    [TestMethod]
    public void TheZoneOfTimesTellsNoSeriesApart()
    {
        AnomalyDetectionTask task = AnomalyDetectionTask.Create(new TaskRequest(Write("oldest first", "Zone")));
        string[] inferred = [.. task.Facts.Inferred.Select(one => one.What)];
        CollectionAssert.Contains(inferred, "series: one");
        CollectionAssert.Contains(inferred, "time: none, as 'Hour' has some times twice, rows follow each other in equal steps");
    }

    private string Write(string order, string zone)
    {
        var begin = new DateTime(2025, 10, 6);
        string[] rows = [.. Enumerable.Range(0, Hours).Select(row =>
            FormattableString.Invariant($"{begin.AddHours(row < Second ? row : row - 1):yyyy-MM-dd HH:mm:ss},{row}")
                + (zone == "" ? "" : row < Second ? ",CEST" : ",CET"))];
        if (order == "newest first")
            Array.Reverse(rows);
        else if (order == "new part first")
            rows = [.. rows[300..], .. rows[..300]];
        string path = Path.Combine(_folder, "hours.csv");
        File.WriteAllLines(path, [$"Hour,Heat{(zone == "" ? "" : $",{zone}")}", .. rows]);
        return path;
    }
}
