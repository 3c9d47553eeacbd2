using System.Text.Json;
using System.Xml.Linq;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The sample that newcomers run first, run as they run it.</summary>
[TestClass]
public sealed class AirlinePassengersTests
{
    private const double SeasonalNaivePlusDrift = 15.4;

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    private string JsonFile => Path.Combine(_folder, "figures.json");

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void BeatsTheBaselinesAndIsForecastAlikeByASecondProcess()
    {
        string output = Run(expectedExitCode: 0, "--out", _folder, "--json", JsonFile);
        StringAssert.Contains(output, "epoch 100 of 100");

        using var json = JsonDocument.Parse(File.ReadAllText(JsonFile));
        JsonElement[] results = [.. json.RootElement.GetProperty("results").EnumerateArray()];
        Assert.AreEqual("LSTM", results[0].GetProperty("name").GetString());
        double[] rmse = Array.ConvertAll(results, result => result.GetProperty("rmse").GetDouble());
        Assert.IsLessThan(SeasonalNaivePlusDrift, rmse[0]);
        Assert.AreEqual(15.36, rmse[1], 0.01);
        Assert.AreEqual(41.85, rmse[2], 0.01);
        Assert.AreEqual(48.04, rmse[3], 0.01);

        JsonElement next = json.RootElement.GetProperty("next");
        Assert.AreEqual("January 1961", next.GetProperty("month").GetString());
        Assert.AreEqual(next.GetProperty("forecast").GetDouble(), next.GetProperty("bySecondProcess").GetDouble());
        Assert.AreEqual(450, next.GetProperty("forecast").GetDouble(), 25);
    }

    [TestMethod]
    public void DrawsTheSeriesAndTheForecastsOfTheHeldOutMonths()
    {
        Run(expectedExitCode: 0, "--out", _folder);
        XElement svg = XDocument.Load(Path.Combine(_folder, "forecast.svg")).Root!;
        Assert.AreEqual("svg", svg.Name.LocalName);
        CollectionAssert.AreEqual(new[] { 144, 48 + 1 }, DrawnChart.PointsOfLines(svg));
        Assert.AreEqual(1, DrawnChart.NumberOfDots(svg, "fill-accent"));
    }

    [TestMethod]
    public void GivesTheSameFiguresWithAnyNumberOfThreads()
    {
        string[] figures = [.. new[] { "1", "3" }.Select(threads =>
        {
            Run(expectedExitCode: 0, "--out", _folder, "--json", JsonFile, "--threads", threads);
            return File.ReadAllText(JsonFile);
        })];
        Assert.AreEqual(figures[0], figures[1]);
    }

    [TestMethod]
    public void GivesOtherFiguresWithAnotherSeed()
    {
        double[] rmse = [.. new[] { "1", "2" }.Select(seed =>
        {
            Run(expectedExitCode: 0, "--out", _folder, "--json", JsonFile, "--seed", seed);
            using var json = JsonDocument.Parse(File.ReadAllText(JsonFile));
            return json.RootElement.GetProperty("results")[0].GetProperty("rmse").GetDouble();
        })];
        Assert.AreNotEqual(rmse[0], rmse[1]);
        Assert.IsLessThan(20, rmse[1]);
    }

    [TestMethod]
    [DataRow("--cheese")]
    [DataRow("--threads=none")]
    [DataRow("--threads=0")]
    public void RefusesArgumentsItDoesNotKnow(string argument)
    {
        string output = Run(expectedExitCode: 2, argument);
        StringAssert.Contains(output, argument.Split('=')[^1]);
        StringAssert.Contains(output, "--help");
    }

    /// <summary>What it prints, to either stream.</summary>
    private string Run(int expectedExitCode, params string[] arguments)
        => SampleProgram.Run("AirlinePassengers", _folder, expectedExitCode, arguments);
}
