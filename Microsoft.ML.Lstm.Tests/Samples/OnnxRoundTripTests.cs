using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The sample that writes and reads ONNX files, and the program that scores without this package.</summary>
[TestClass]
public sealed partial class OnnxRoundTripTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void ScoresAreTheSameWithoutThePackageAndAFrozenNetworkHelps()
    {
        string output = SampleProgram.Run("OnnxRoundTrip", _folder, expectedExitCode: 0);
        Assert.IsGreaterThan(1, SampleProgram.Figure(output));
        Assert.IsGreaterThan(0.95, Number(Accuracy().Match(output).Groups[1].Value), output);

        output = SampleProgram.Run("OnnxScorer", _folder, expectedExitCode: 0);
        double[] differences = [.. Difference().Matches(output).Select(match => Number(match.Groups[1].Value))];
        Assert.HasCount(3, differences, output);
        Assert.IsLessThan(1e-3, differences.Max(), output);
    }

    [TestMethod]
    public void TheProgramThatScoresDoesNotReferToThePackage()
    {
        string[] references = [.. System.Reflection.Assembly.Load("OnnxScorer").GetReferencedAssemblies().Select(name => name.Name!)];
        Assert.Contains("Microsoft.ML.OnnxTransformer", references);
        Assert.DoesNotContain("Microsoft.ML.Lstm", references);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"figure: accuracy ([\d.]+)")]
    private static partial Regex Accuracy();

    [GeneratedRegex(@"(\S+) minutes")]
    private static partial Regex Difference();
}
