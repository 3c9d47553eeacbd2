using System.Globalization;
using System.Xml.Linq;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The sample of many series, on its own data and on a file.</summary>
[TestClass]
public sealed class ForecastingTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void BeatsTheSeasonalNaiveAndGoesOnFromACheckpoint()
    {
        string output = Run(expectedExitCode: 0);
        Assert.IsLessThan(0.8, SampleProgram.Figure(output));
        StringAssert.Contains(output, "the same forecasts to the last bit");
        XElement svg = XDocument.Load(Path.Combine(_folder, "sales-forecast.svg")).Root!;
        CollectionAssert.AreEqual(new[] { 56, 1 + 14, 14 }, DrawnChart.PointsOfLines(svg));
    }

    [TestMethod]
    public void ForecastsTheSeriesOfAFile()
    {
        string[] lines =
        [
            .. from day in Enumerable.Range(0, 120)
               from shop in new[] { "A", "B" }
               let offer = day % 5 == 0 ? 1 : 0
               let date = new DateTime(2026, 1, 1).AddDays(day)
               select FormattableString.Invariant($"{date:yyyy-MM-dd},\"{shop}\",{10 + day % 7 + 4 * offer},{offer}"),
        ];
        string file = Write(["Day,Shop,\"Sold\",Offer", .. lines]);
        string output = Run(expectedExitCode: 0, "--data", file, "--time", "Day", "--target", "Sold", "--series", "Shop", "--known",
            "Offer", "--horizon", "3", "--season", "1");
        StringAssert.Contains(output, "2 series, 240 rows");
        Assert.IsLessThan(MaeOf(output, "naive "), MaeOf(output, "forecast "));
        Assert.IsTrue(File.Exists(Path.Combine(_folder, "sales-forecast.svg")));
    }

    [TestMethod]
    public void FindsColumnsWhoseNamesHoldCommas()
    {
        string[] lines = [.. Enumerable.Range(0, 60)
            .Select(day =>
            FormattableString.Invariant($"{new DateTime(2026, 1, 1).AddDays(day):yyyy-MM-dd},{1000 + day % 7},{day % 3},1"))];
        string file = Write(["Day,\"Sales, EUR\", \"Offer \"\"A, B\"\"\" ,Price", .. lines]);
        string output = Run(expectedExitCode: 0, "--data", file, "--time", "Day", "--target", "Sales, EUR", "--known",
            "Price,\"Offer \"\"A, B\"\"\"", "--horizon", "2", "--season", "1");
        // That of the sales is 12 / 7 one row ahead and 20 / 7 two; the price is always 1.
        Assert.IsInRange(1, 3, MaeOf(output, "naive "));

        StringAssert.Contains(Run(expectedExitCode: 1, "--data", file, "--time", "Day", "--target", "EUR"),
            "names 'Day', 'Sales, EUR', 'Offer \"A, B\"', 'Price'");
    }

    [TestMethod]
    public void SaysHowManyRowsItNeeds()
    {
        string[] Days(int count) => [.. Enumerable.Range(0, count)
            .Select(day => FormattableString.Invariant($"{new DateTime(2026, 1, 1).AddDays(day):yyyy-MM-dd},{day % 7}"))];
        string[] arguments = ["--time", "Day", "--target", "Sold", "--horizon", "11"];
        string output = Run(expectedExitCode: 1, ["--data", Write(["Day,Sold", .. Days(32)]), .. arguments]);
        StringAssert.Contains(output, "32 rows in its shortest series; at least 33 are needed");
        StringAssert.Contains(Run(expectedExitCode: 0, ["--data", Write(["Day,Sold", .. Days(60)]), .. arguments]), "Chart: ");
    }

    [TestMethod]
    [DataRow("Sale", "'Sale'", "'Day', 'Sold'", "2026-01-01,1")]
    [DataRow("Sold", "row 2", "'many'", "2026-01-01,1", "2026-01-02,many")]
    [DataRow("Day", "row 1", "'2026-01-01'", "2026-01-01,1")]
    [DataRow("Sold", "data.csv(4): row 2 below the header has '1,5' in column 'Sold'", "lstm-ml with --decimal-comma", "2026-01-01,1", "",
        "2026-01-02,\"1,5\"")]
    [DataRow("Sold", "data.csv(2): row 1 below the header has more fields than the 2 of the header line", "lstm-ml with --decimal-comma",
        "2026-01-01,1,5")]
    [DataRow("Sold", "no rows", "header")]
    [DataRow("Sold", "'01.02.2026'", "with the year first", "01.02.2026,1")]
    [DataRow("Sold", "2026-01-01", "Sort the rows", "2026-01-02,1", "2026-01-01,2", "2026-01-03,2", "2026-01-04,2", "2026-01-05,2")]
    public void SaysWhatIsWrongWithAFile(string target, string first, string second, params string[] lines)
    {
        string output = Run(expectedExitCode: 1, "--data", Write(["Day,Sold", .. lines]), "--time", "Day", "--target", target,
            "--horizon", "1");
        StringAssert.Contains(output, first);
        StringAssert.Contains(output, second);
        Assert.DoesNotContain("   at ", output);
    }

    [TestMethod]
    public void SaysThatAQuoteInTheHeaderIsNotClosed() => StringAssert.Contains(
        Run(expectedExitCode: 1, "--data", Write(["Day,\"Sold", "2026-01-01,1"]), "--time", "Day", "--target", "Sold"),
            "in quotes or not, found: Day,\"Sold");

    private static double MaeOf(string table, string method) =>
        double.Parse(table.Split('\n')
            .First(line => line.StartsWith(method, StringComparison.Ordinal))[method.Length..].Split(' ',
            StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private string Run(int expectedExitCode, params string[] arguments)
        => SampleProgram.Run("Forecasting", _folder, expectedExitCode, arguments);

    private string Write(string[] lines)
    {
        string path = Path.Combine(_folder, "data.csv");
        File.WriteAllLines(path, lines);
        return path;
    }
}
