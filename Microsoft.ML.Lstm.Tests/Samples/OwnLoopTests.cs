using System.Globalization;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The sample with training loops of its own.</summary>
[TestClass]
public sealed class OwnLoopTests
{
    [TestMethod]
    public void ThePolicyRemembersAndTheGeneratorMakesWaves()
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            double[] figures =
            [
                .. SampleProgram.Run("OwnLoop", folder, expectedExitCode: 0).Split('\n')
                    .Where(line => line.StartsWith("  ", StringComparison.Ordinal))
                    .Select(line => double.Parse(line.Split(' ')[^1].TrimEnd().TrimEnd('%'), CultureInfo.InvariantCulture)),
            ];
            Assert.HasCount(5, figures);
            Assert.IsGreaterThan(95, figures[0]);
            Assert.IsLessThan(60, figures[1]);
            Assert.IsLessThan(0.6 * figures[4], figures[2]);
            Assert.IsLessThan(figures[3], figures[2]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
