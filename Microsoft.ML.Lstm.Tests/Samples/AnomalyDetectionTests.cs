using System.Globalization;
using System.Xml.Linq;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The sample that finds faults, on its own data and on a file.</summary>
[TestClass]
public sealed class AnomalyDetectionTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void FindsAllFaultsAlsoHourByHourAndStrangeCycles()
    {
        string output = Run(expectedExitCode: 0);
        Assert.AreEqual(5, output.Split(" found in row").Length - 1, output);
        Assert.IsGreaterThan(1.2, SampleProgram.Figure(output));
        StringAssert.Contains(output, "the same alerts");
        Assert.AreEqual(3, output.Split(" of 10 found").Length - 1, output);
        Assert.IsFalse(output.Contains(" 0 of 10 found", StringComparison.Ordinal), output);
        Assert.IsGreaterThan(4, DrawnChart.NumberOfDots(XDocument.Load(Path.Combine(_folder, "anomalies.svg")).Root!, "fill-alert"));
    }

    [TestMethod]
    public void FindsWhatIsOffInAFile()
    {
        string[] lines =
        [
            .. from hour in Enumerable.Range(0, 600)
               let heat = hour == 500 ? 40 : 20 + 5 * Math.Sin(hour * Math.Tau / 24) + 0.1 * (hour * 7 % 11)
               let time = new DateTime(2026, 1, 1).AddHours(hour)
               select string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-dd HH:mm},{heat:0.00}"),
        ];
        string file = Path.Combine(_folder, "data.csv");
        File.WriteAllLines(file, ["When,Heat", .. lines]);
        string output = Run(expectedExitCode: 0, "--data", file, "--time", "When", "--value", "Heat");
        StringAssert.Contains(output, $"{new DateTime(2026, 1, 1).AddHours(500):yyyy-MM-dd HH:mm}  40, expected");

        StringAssert.Contains(Run(expectedExitCode: 1, "--data", file, "--time", "When", "--value", "Cold"), "no column 'Cold'");
    }

    private string Run(int expectedExitCode, params string[] arguments)
        => SampleProgram.Run("AnomalyDetection", _folder, expectedExitCode, arguments);
}
