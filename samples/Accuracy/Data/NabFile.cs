using System.Globalization;
using System.Text.Json;

namespace Accuracy.Data;

/// <summary>A row of a series.</summary>
internal sealed class Reading
{
    public DateTime Time { get; set; }

    public float Value { get; set; }
}

/// <summary>A span of time, both ends in it.</summary>
internal readonly record struct TimeWindow(DateTime First, DateTime Last)
{
    public bool Holds(DateTime time) => time >= First && time <= Last;
}

/// <summary>A series of the Numenta Anomaly Benchmark, and the windows that it says anomalies lie in.</summary>
/// <param name="Rows">The rows, each later than the one before.</param>
/// <param name="Windows">The windows.</param>
internal sealed record NabFile(Reading[] Rows, TimeWindow[] Windows)
{
    /// <param name="path">The csv file: a line of names, then a time and a value a line.</param>
    /// <param name="labels">The json file of windows, under the ends of the csv files' paths.</param>
    public static NabFile Read(string path, string labels)
    {
        var rows = new List<Reading>();
        foreach (string[] fields in File.ReadLines(path).Skip(1).Select(line => line.Split(',')))
        {
            var row = new Reading
            {
                Time = DateTime.Parse(fields[0], CultureInfo.InvariantCulture),
                Value = float.Parse(fields[1], CultureInfo.InvariantCulture)
            };
            // An hour of machine_temperature is there twice.
            if (rows.Count == 0 || row.Time > rows[^1].Time)
                rows.Add(row);
        }
        using var document = JsonDocument.Parse(File.ReadAllText(labels));
        JsonElement windows = document.RootElement.EnumerateObject()
            .FirstOrDefault(file => Path.GetFileName(file.Name) == Path.GetFileName(path)).Value;
        return windows.ValueKind == JsonValueKind.Array
            ? new NabFile([.. rows], [.. windows.EnumerateArray().Select(window => new TimeWindow(TimeOf(window[0]), TimeOf(window[1])))])
            : throw new FormatException($"{labels} has no windows of {Path.GetFileName(path)}.");
    }

    private static DateTime TimeOf(JsonElement time) => DateTime.Parse(time.GetString()!, CultureInfo.InvariantCulture);
}
