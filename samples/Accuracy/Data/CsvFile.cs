using System.Globalization;
using Shared;

namespace Accuracy.Data;

/// <summary>
/// Comma-separated numbers under a line of names: one series a line, one number a step, and the class in one of the columns.
/// </summary>
internal static class CsvFile
{
    /// <param name="path">The file.</param>
    /// <param name="label">The name of the column of classes; null for the last.</param>
    public static List<Series> Read(string path, string? label)
    {
        string[][] lines = [.. File.ReadLines(path).Where(line => line.Trim() != "").Select(CsvLine.Split)];
        if (lines.Length == 0)
            throw new FormatException($"{path}: expected a line of names, found an empty file.");
        int column = label is null ? lines[0].Length - 1 : Array.IndexOf(lines[0], label);
        if (column < 0)
            throw new FormatException($"{path}: expected a column '{label}', found {string.Join(", ", lines[0])}.");
        return [.. lines.Skip(1).Select((fields, i) => fields.Length == lines[0].Length
            ? new Series { Label = fields[column],
                Features = [.. fields.Where((_, index) => index != column).Select(field => Parse(field, path, i + 2))] }
            : throw new FormatException($"{path}({i + 2}): expected {lines[0].Length} fields, found {fields.Length}."))];
    }

    private static float Parse(string field, string path, int line)
        => float.TryParse(field, CultureInfo.InvariantCulture, out float value)
            ? value
            : throw new FormatException($"{path}({line}): expected a number, found '{field}'.");
}
