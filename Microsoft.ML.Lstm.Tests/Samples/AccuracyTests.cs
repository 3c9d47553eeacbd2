using System.Text.Json;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The program that measures accuracies, on files of the user's.</summary>
[TestClass]
public sealed class AccuracyTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    /// <summary>Two lines of 40 values; the last two are forecast, with seasons of two steps: the unit of the errors is 2 slopes.</summary>
    [TestMethod]
    public void ComparesTheForecastsOfManySeriesWithSimpleOnes()
    {
        string[] rows =
        [
            .. from series in new[] { "A", "B" }
               from day in Enumerable.Range(0, 40)
               let value = series == "A" ? day : 100 - 3 * day
               select FormattableString.Invariant($"{new DateTime(2026, 1, 1).AddDays(day):yyyy-MM-dd},{series},{value}"),
        ];
        JsonElement result = Measure("--csv", Write("lines.csv", ["time,shop,sold", .. rows]), "--target", "sold", "--series", "shop",
            "--horizon", "2", "--season", "2");
        Assert.AreEqual(0.75, Bar(result, "naive"), 1e-5);
        Assert.AreEqual(1, Bar(result, "seasonal naive"), 1e-5);
        Assert.AreEqual(0, Bar(result, "drift"), 1e-5);
        Assert.IsTrue(double.IsFinite(Figure(result)));
        // The drift forecast makes no error, and the network some with each series.
        Assert.AreEqual(Math.Sign(Figure(result)), Math.Sign(result.GetProperty("StandardErrorsBehind").GetDouble()));
    }

    /// <summary>Of a series that grows by 1 a row, the last of 60 rows: its unit is that of the seasons before.</summary>
    [TestMethod]
    public void ForecastsEachRowOfTheLastPartOfASeries()
    {
        string[] rows = [.. Enumerable.Range(0, 60).Select(t => FormattableString.Invariant($"{t}"))];
        JsonElement result = Measure("--csv", Write("line.csv", ["sold", .. rows]), "--target", "sold", "--horizon", "3", "--season", "4",
            "--split", "40,10,10");
        // A step ahead is wrong by 1, two by 2, three by 3; of 10 rows, 10, 9 and 8 are forecast so.
        Assert.AreEqual((10 * 1 + 9 * 2 + 8 * 3) / 27.0 / 4, Bar(result, "naive"), 1e-5);
        Assert.AreEqual(1, Bar(result, "seasonal naive"), 1e-5);
    }

    [TestMethod]
    public void ComparesClassesOfSeriesWithTheNearestNeighbor()
    {
        string train = Write("c_TRAIN.ts", ["@data", "0,0,0,0:a", "0,0.1,0,0:a", "5,5,5,5:b", "5,5,4.9,5:b"]);
        string test = Write("c_TEST.ts", ["@data", "1,1,1,1:a", "4,4,4,4:b", "4,4,4,4:a", "0,0,1,0:a"]);
        JsonElement result = Measure("--train", train, "--test", test, "--format", "ts");
        Assert.AreEqual(75, Bar(result, "1-NN Euclidean"), 1e-9);
        Assert.IsInRange(0, 100, Figure(result));
        double share = Figure(result) / 100, behind = (0.75 - share) / Math.Sqrt((0.75 * 0.25 + share * (1 - share)) / 4);
        Assert.AreEqual(behind, result.GetProperty("StandardErrorsBehind").GetDouble(), 1e-6);
    }

    [TestMethod]
    public void GoesThroughAFileOfDataSets()
    {
        Write("short.csv", ["sold", .. Enumerable.Range(0, 60).Select(t => $"{t % 4}")]);
        string sets = Write("sets.txt", ["--csv short.csv --target sold --season 4", "", "--csv missing.csv --target sold"]);
        string output = SampleProgram.Run("Accuracy", _folder, expectedExitCode: 0, "--sets", sets, "--seeds", "1", "--setting",
            "untouched");
        StringAssert.Contains(output, "MASE");
        StringAssert.Contains(output, "skipped");
    }

    [TestMethod]
    [DataRow("--target", "--csv", "x.csv")]
    [DataRow("'best-of-all'", "--data", ".", "--setting", "best-of-all")]
    [DataRow("'TREK'", "--data", ".", "--task", "TREK")]
    [DataRow("--split", "--csv", "x.csv", "--target", "a", "--split", "1,2")]
    public void SaysWhatIsWrongWithTheArguments(string message, params string[] arguments)
    {
        string output = SampleProgram.Run("Accuracy", _folder, expectedExitCode: 1, arguments);
        StringAssert.Contains(output, message);
        Assert.DoesNotContain("   at ", output);
    }

    private JsonElement Measure(params string[] arguments)
    {
        string json = Path.Combine(_folder, "results.json");
        SampleProgram.Run("Accuracy", _folder, expectedExitCode: 0,
            [.. arguments, "--setting", "untouched", "--seeds", "1", "--json", json]);
        return JsonDocument.Parse(File.ReadAllText(json)).RootElement[0];
    }

    private static double Bar(JsonElement result, string method)
        => result.GetProperty("Bars").EnumerateArray().Single(bar => bar.GetProperty("Method").GetString() == method)
            .GetProperty("Figure").GetDouble();

    private static double Figure(JsonElement result) => result.GetProperty("Figures")[0].GetDouble();

    private string Write(string name, string[] lines)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllLines(path, lines);
        return path;
    }
}
