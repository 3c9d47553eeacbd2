using System.Globalization;

namespace Accuracy.Data;

/// <summary>
/// The .ts format of sktime and aeon: a header of lines that begin with @ or #, then one series a line: its dimensions and its class
/// separated by colons, the values of a dimension by commas.
/// </summary>
internal static class TimeSeriesFile
{
    /// <summary>Reads a file; all series must have the same number of dimensions.</summary>
    public static List<Series> Read(string path)
    {
        var rows = new List<Series>();
        int dimensions = 0, number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length == 0 || line[0] is '@' or '#')
                continue;
            string[] parts = line.Split(':');
            if (dimensions == 0)
                dimensions = parts.Length - 1;
            if (parts.Length < 2 || parts.Length - 1 != dimensions)
                throw new FormatException(
                    $"{path}({number}): expected {Math.Max(dimensions, 1)} dimensions and a class, found {parts.Length} parts.");
            float[][] values = [.. parts[..^1].Select(part => Array.ConvertAll(part.Split(','), value => Parse(value, path, number)))];
            if (values.Any(dimension => dimension.Length != values[0].Length))
                throw new FormatException(
                    $"{path}({number}): expected dimensions of the same length, found "
                    + $"{string.Join(", ", values.Select(dimension => dimension.Length))}.");
            rows.Add(new Series
            {
                Label = parts[^1].Trim(),
                FeaturesPerStep = dimensions,
                Features = [.. Enumerable.Range(0, values[0].Length).SelectMany(t => values.Select(dimension => dimension[t]))]
            });
        }
        return rows;
    }

    // A missing value makes the row one that the trainer skips and counts.
    private static float Parse(string text, string path, int line)
        => text.Trim() == "?"
            ? float.NaN
            : float.TryParse(text, CultureInfo.InvariantCulture, out float value)
            ? value
            : throw new FormatException($"{path}({line}): expected a number, found '{text}'.");
}
