using Microsoft.VisualBasic.FileIO;

namespace Shared;

/// <summary>A line of a CSV file.</summary>
internal static class CsvLine
{
    /// <summary>Splits a line at its commas, as <see cref="SplitAt"/> does at any separator.</summary>
    /// <exception cref="FormatException">A quote is not closed, or something follows it.</exception>
    public static string[] Split(string line) => SplitAt(line, ',');

    /// <summary>
    /// Splits a line at its separators, and trims spaces. A field in quotes can hold separators, and quotes as two quotes.
    /// </summary>
    /// <exception cref="FormatException">A quote is not closed, or something follows it.</exception>
    public static string[] SplitAt(string line, char separator)
    {
        using var parser = new TextFieldParser(new StringReader(line))
        {
            Delimiters = [separator.ToString()],
            HasFieldsEnclosedInQuotes = true,
            TrimWhiteSpace = true
        };
        try
        {
            return parser.ReadFields() ?? [];
        }
        catch (MalformedLineException)
        {
            throw new FormatException($"Expected fields with {separator} between, each as a whole in quotes or not, found: {line}");
        }
    }
}
