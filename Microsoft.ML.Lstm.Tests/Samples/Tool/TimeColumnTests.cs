using System.Globalization;
using LstmTool.Data;
using LstmTool.Search;
using LstmTool.Tasks;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Samples.Reports;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>Which columns of a file are its times, and which are not.</summary>
[TestClass]
public sealed class TimeColumnTests
{
    private const int Rows = 120;

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow("2026-01-31 18:00", true)]
    [DataRow("2026-01", true)]
    [DataRow("31 Jan 2026", true)]
    [DataRow("31-Jan-26", true)]
    [DataRow("2026-01-31T18:00:00.1234567+0100", true)]
    [DataRow("01-Jul", false)]
    [DataRow("01-Jul 18:00", false)]
    [DataRow("18:00:00", false)]
    [DataRow("18:00:00.1234", false)]
    [DataRow("06:00 PM", false)]
    public void ATimeHasAYear(string field, bool isTime)
    {
        Assert.AreEqual(isTime, TimeFormat.Usual.TryParse(field, out _));
        Assert.AreEqual(!isTime, TimeFormat.IsPart(field));
    }

    /// <summary>The parser would read all of them as days of this year, or times of today.</summary>
    [TestMethod]
    [DataRow("dd-MMM", 24 * 60, "years")]
    [DataRow("HH:mm:ss", 30, "days")]
    [DataRow("hh:mm tt", 30, "days")]
    public void PartsOfTimesLeaveTheRowsAsTheyAre(string format, int minutes, string missing)
    {
        AnomalyDetectionTask task = AnomalyDetectionTask.Create(new TaskRequest(Write("When,Heat", row =>
            $"{Begin(row, minutes).ToString(format, CultureInfo.InvariantCulture)},{row}")));
        CollectionAssert.AreEqual(Heat, (float[])task.Table["Heat"].Values);
        CollectionAssert.Contains(Inferred(task), $"time: none, as 'When' has no {missing}, rows follow each other in equal steps");
        Assert.IsNull(task.ColumnsOf(Settings.Untouched).Time);
    }

    [TestMethod]
    [DataRow("yyyy-MM-dd")]
    [DataRow("dd/MM/yyyy")]
    public void ATimeOfDayBelongsToTheDayBesideIt(string format)
    {
        string file = Write("Date;Time;Heat", row =>
            Begin(Rows - 1 - row, 60).ToString($"{format};HH:mm:ss", CultureInfo.InvariantCulture) + $";{Rows - 1 - row}");
        AnomalyDetectionTask task = AnomalyDetectionTask.Create(new TaskRequest(file));
        CollectionAssert.AreEqual(Heat, (float[])task.Table["Heat"].Values);
        CollectionAssert.Contains(Inferred(task), "series: one");
        Assert.AreEqual(Begin(1, 60), ((DateTime[])task.Table["Date"].Values)[1]);

        Type project = CompiledProject.Compile(MadeUpTask.Anomalies() with
        {
            Columns = task.ColumnsOf(Settings.Untouched),
            Layout = task.Layout,
            Code = task.CodeOf(Settings.Untouched),
        });
        var view = (IDataView)project.GetMethod("Load")!.Invoke(null, [new MLContext(1), file])!;
        CollectionAssert.AreEqual((DateTime[])task.Table["Date"].Values, view.GetColumn<DateTime>("Date").ToArray());
    }

    [TestMethod]
    [DataRow("compact")]
    [DataRow("seconds")]
    [DataRow("milliseconds")]
    [DataRow("years")]
    [DataRow("months")]
    [DataRow("compact, of two series")]
    public void NumbersThatGoOneWayAreTimes(string kind)
    {
        int series = kind.EndsWith("series", StringComparison.Ordinal) ? 2 : 1;
        AnomalyDetectionTask task = AnomalyDetectionTask.Create(new TaskRequest(Write("When,House,Heat", row =>
        {
            int place = Rows - 1 - row, day = place / series;
            long seconds = 1700000000 + 60L * day;
            string when = kind switch
            {
                "seconds" => $"{seconds}",
                "milliseconds" => $"{1000 * seconds}",
                "years" => $"{1900 + day}",
                "months" => $"{1 + day % 12:00}.{2010 + day / 12}",
                _ => $"{Begin(day, 24 * 60):yyyyMMdd}",
            };
            return $"{when},{(place % series == 0 ? "north" : "south")},{place}";
        })));
        Assert.AreEqual("When", task.ColumnsOf(Settings.Untouched).Time);
        Assert.AreEqual(series == 1 ? null : "House", task.ColumnsOf(Settings.Untouched).Series);
        float[] north = [.. Heat.Where(heat => heat % series == 0)];
        CollectionAssert.AreEqual(north, ((float[])task.Table["Heat"].Values).Where(heat => heat % series == 0).ToArray());
    }

    [TestMethod]
    [DataRow("counts up and down")]
    [DataRow("ids")]
    public void OtherNumbersAreNoTimes(string kind)
    {
        AnomalyDetectionTask task = AnomalyDetectionTask.Create(new TaskRequest(Write("When,Heat", row =>
            $"{(kind == "ids" ? 1000 + row : 1950 + row % 5)},{row}")) { Value = "Heat" });
        Assert.IsNull(task.ColumnsOf(Settings.Untouched).Time);
    }

    [TestMethod]
    public void AFileThatGoesDownwardsIsNamed()
    {
        AnomalyDetectionTask task = AnomalyDetectionTask.Create(new TaskRequest(Write("Quarter,Heat", row =>
            $"{2026 - row / 4}-Q{4 - row % 4},{row}")));
        StringAssert.StartsWith(Inferred(task).Single(one => one.StartsWith("order: ", StringComparison.Ordinal)),
            "order: as in the file, though 'Quarter' falls from row to row");
    }

    /// <summary>A price that differs on each day is what was measured, not who.</summary>
    [TestMethod]
    public void TwoColumnsThatTellSeriesApartAreNamed()
    {
        string file = Write("Day,Shop,Item,Price,Heat", row => FormattableString.Invariant(
            $"{Begin(row / 4, 24 * 60):yyyy-MM-dd},{row / 2 % 2},{row % 2},{1.5 + row % 4 + row / 40},{row}"));
        var error = Assert.ThrowsExactly<InvalidDataException>(
            () => AnomalyDetectionTask.Create(new TaskRequest(file) { Value = "Heat" }));
        StringAssert.EndsWith(error.Message,
            "'Shop' and 'Item' together tell series apart: join them to one column, and name it with --series-col.");
    }

    private static float[] Heat => [.. Enumerable.Range(0, Rows).Select(row => (float)row)];

    private static DateTime Begin(int row, int minutes)
        => new DateTime(2025, 11, 20, 17, 0, 0, DateTimeKind.Utc).AddMinutes(minutes * row);

    private static string[] Inferred(LearningTask task) => [.. task.Facts.Inferred.Select(one => one.What)];

    private string Write(string header, Func<int, string> row)
    {
        string path = Path.Combine(_folder, "rows.csv");
        File.WriteAllLines(path, [header, .. Enumerable.Range(0, Rows).Select(row)]);
        return path;
    }
}
