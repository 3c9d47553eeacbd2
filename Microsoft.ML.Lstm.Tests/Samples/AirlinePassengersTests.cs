using System.Xml.Linq;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The sample that newcomers run first, run as they run it.</summary>
[TestClass]
public sealed class AirlinePassengersTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void BeatsTheBaselinesAndIsForecastAlikeByTheLoadedModel()
    {
        string output = Run(expectedExitCode: 0);
        Assert.IsLessThan(1, SampleProgram.Figure(output));
        StringAssert.Contains(output, "better than 15.36 of seasonal naive plus drift");
        StringAssert.Contains(output, "the same to the last bit");
        Assert.DoesNotContain("Warning", output);
        XElement svg = XDocument.Load(Path.Combine(_folder, "forecast.svg")).Root!;
        Assert.AreEqual("svg", svg.Name.LocalName);
        CollectionAssert.AreEqual(new[] { 144, 48 + 1 }, DrawnChart.PointsOfLines(svg));
        Assert.AreEqual(1, DrawnChart.NumberOfDots(svg, "fill-accent"));
    }

    [TestMethod]
    public void SaysWhichMonthIsMissing()
    {
        string file = Path.Combine(_folder, "data.csv");
        File.WriteAllLines(file, ["Passengers,Month", .. Enumerable.Range(0, 72).Where(month => month != 30)
            .Select(month => FormattableString.Invariant($"{100 + month},{new DateTime(2020, 1, 1).AddMonths(month):yyyy-MM}"))]);
        StringAssert.Contains(Run(expectedExitCode: 1, "--data", file), "Row 31, August 2022, has no passengers or doesn't follow");
    }

    [TestMethod]
    public void RefusesArgumentsItDoesNotKnow() => StringAssert.Contains(Run(expectedExitCode: 1, "--cheese"), "'--cheese'");

    /// <summary>What it prints, to either stream.</summary>
    private string Run(int expectedExitCode, params string[] arguments)
        => SampleProgram.Run("AirlinePassengers", _folder, expectedExitCode, arguments);
}
