using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Documentation;

/// <summary>
/// What a page says that its program prints. Numbers are not compared, since other processors give other bits; all other words are, line
/// by line, and a line of three dots stands for any lines.
/// </summary>
internal static partial class PrintedText
{
    public static void AssertHas(MarkdownBlock output, string printed)
    {
        string[] expected = Lines(output.Text), actual = Lines(printed);
        int at = 0;
        bool anywhere = true;
        foreach (string line in expected)
        {
            if (line == "...")
            {
                anywhere = true;
                continue;
            }
            int found = anywhere ? Array.IndexOf(actual, line, at) : at < actual.Length && actual[at] == line ? at : -1;
            Assert.AreNotEqual(-1, found, $"{output.Page}({output.Line}): not printed: {line}{Environment.NewLine}{printed}");
            (at, anywhere) = (found + 1, false);
        }
    }

    private static string[] Lines(string text)
        => [.. from line in text.Split('\n')
               let masked = BlankPattern().Replace(NumberPattern().Replace(line, "#"), " ").Trim()
               where masked != ""
               select masked];

    [GeneratedRegex(@"(?<![\p{L}\d])[-+]?\d[\d,]*(\.\d+)?([eE][-+]?\d+)?")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"\s+")]
    private static partial Regex BlankPattern();
}
