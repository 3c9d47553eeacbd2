using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>
/// The sample that understands spoken digits, on recordings: build/accept.sh sequences-speech. They are the Free Spoken Digit Dataset,
/// <c>fsdd/recordings.zip</c> in the folder that the environment variable LSTM_DATA names, with its official test recordings.
/// </summary>
[TestClass]
public sealed class SpeechDigitsAcceptanceTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [TestCategory("sequences")]
    [TestCategory("sequences-speech")]
    public void SpokenDigitsAndStringsOfThemAreUnderstood()
    {
        string recordings = Acceptance.FindFile("fsdd/recordings.zip", "sequences-speech");
        string output = SampleProgram.Run("SpeechDigits", AppContext.BaseDirectory, 0, "--data", recordings, "--strings", "4000");
        TestContext.WriteLine(output);
        Assert.IsGreaterThanOrEqualTo(98, NumberOf(output, @"([\d.]+) ?% of 300 right"));
        Assert.IsLessThanOrEqualTo(3, NumberOf(output, @"1000 sequences, label error rate ([\d.]+)"));
    }

    private static double NumberOf(string output, string pattern) => Regex.Match(output, pattern) is { Success: true } found
        ? double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture)
        : throw new AssertFailedException($"Nothing like {pattern} was printed.");
}
