using System.Globalization;
using Microsoft.ML.Lstm.Tests.Samples;

namespace Microsoft.ML.Lstm.Tests.House;

/// <summary>The engine without ML.NET, see EngineAlone: that it compiles is most of the proof.</summary>
[TestClass]
public sealed class EngineAloneTests
{
    private static readonly string Folder =
        Path.Combine(AppContext.BaseDirectory, "..", "..", "EngineAlone", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/', '\\')));

    [TestMethod]
    public void ItTrainsSavesLoadsAndScores()
    {
        string output = SampleProgram.Run(Path.Combine(Folder, "EngineAlone"), Path.GetTempPath(), expectedExitCode: 0);

        // The sums have a standard deviation of 0.65.
        Assert.IsLessThan(0.1, double.Parse(output, CultureInfo.InvariantCulture));
    }

    [TestMethod]
    public void ItHasNothingOfMlNet()
    {
        string[] assemblies = [.. Directory.EnumerateFiles(Folder, "*.dll").Select(path => Path.GetFileName(path)).Order()];
        CollectionAssert.AreEqual(new[] { "EngineAlone.dll", "System.Numerics.Tensors.dll" }, assemblies);
    }
}
