using Microsoft.VisualBasic.FileIO;

namespace Shared;

/// <summary>A line of a CSV file.</summary>
internal static class CsvLine
{
    /// <summary>
    /// Splits a line at its commas, and trims spaces. A field in quotes can hold commas, and quotes as two quotes.
    /// </summary>
    /// <exception cref="FormatException">A quote is not closed, or something follows it.</exception>
    public static string[] Split(string line)
    {
        using var parser = new TextFieldParser(new StringReader(line))
        {
            Delimiters = [","],
            HasFieldsEnclosedInQuotes = true,
            TrimWhiteSpace = true
        };
        try
        {
            return parser.ReadFields() ?? [];
        }
        catch (MalformedLineException error)
        {
            throw new FormatException($"Expected fields with commas between, each as a whole in quotes or not, found: {line}", error);
        }
    }
}
