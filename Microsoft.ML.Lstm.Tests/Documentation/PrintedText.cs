using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Documentation;

/// <summary>
/// What a page says that its program prints, line by line; a line of three dots stands for any lines. Words are the same, and numbers are
/// near, since other processors give other last digits and trainings that drift apart.
/// </summary>
internal static partial class PrintedText
{
    // Numbers are near where they differ by no more than this share of the larger one, or this much.
    private const double LargestShare = 0.3;
    private const double LargestDifference = 0.1;

    public static void AssertHas(MarkdownBlock output, string printed)
    {
        (string Words, string Line)[] expected = Lines(output.Text), actual = Lines(printed);
        int at = 0;
        bool anywhere = true;
        foreach ((string words, string line) in expected)
        {
            if (words == "...")
            {
                anywhere = true;
                continue;
            }
            int lines = anywhere ? actual.Length - at : Math.Min(1, actual.Length - at);
            int found = Array.FindIndex(actual, at, lines, one => one.Words == words);
            Assert.AreNotEqual(-1, found, $"{output.Page}({output.Line}): not printed: {line}{Environment.NewLine}{printed}");
            foreach ((double said, double now) in Numbers(line).Zip(Numbers(actual[found].Line)))
            {
                Assert.IsTrue(Math.Abs(said - now) <= Math.Max(LargestDifference, LargestShare * Math.Max(Math.Abs(said), Math.Abs(now))),
                    $"{output.Page}({output.Line}): {line}{Environment.NewLine}is now{Environment.NewLine}{actual[found].Line}");
            }
            (at, anywhere) = (found + 1, false);
        }
    }

    private static (string Words, string Line)[] Lines(string text)
        => [.. from line in text.Split('\n')
               let words = BlankPattern().Replace(NumberPattern().Replace(line, "#"), " ").Trim()
               where words != ""
               select (words, line)];

    private static IEnumerable<double> Numbers(string line)
        => NumberPattern().Matches(line).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"(?<![\p{L}\d])[-+]?\d[\d,]*(\.\d+)?([eE][-+]?\d+)?")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"\s+")]
    private static partial Regex BlankPattern();
}
