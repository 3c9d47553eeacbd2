using System.Globalization;

namespace Accuracy.Data;

/// <summary>A row of one of many series.</summary>
internal sealed class PanelRow
{
    public string Series { get; set; } = "";

    public DateTime Time { get; set; }

    /// <summary>NaN if it is missing.</summary>
    public float Value { get; set; }
}

/// <summary>
/// The .tsf format of the Monash forecasting archive: a header of lines that begin with @ or #, then one series a line: its attributes, of
/// which this reads the name and the time of the first value, and its values with commas between, separated by colons.
/// </summary>
internal static class TsfFile
{
    private const string TimeFormat = "yyyy-MM-dd HH-mm-ss";

    /// <summary>The rows, series by series.</summary>
    public static List<PanelRow> Read(string path)
    {
        var rows = new List<PanelRow>();
        var attributes = new List<string>();
        Func<DateTime, int, DateTime>? add = null;
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is ["@attribute", var name, ..])
                attributes.Add(name);
            else if (words is ["@frequency", var frequency])
                add = StepsOf(frequency);
            if (line.Length == 0 || line[0] is '@' or '#')
                continue;
            string[] parts = line.Split(':');
            if (parts.Length != attributes.Count + 1 || add is null)
                throw new FormatException($"{path}({number}): expected a frequency before, and {attributes.Count} attributes and values.");
            string series = parts[attributes.IndexOf("series_name")];
            if (!DateTime.TryParseExact(parts[attributes.IndexOf("start_timestamp")], TimeFormat, CultureInfo.InvariantCulture,
                DateTimeStyles.None, out DateTime start))
                throw new FormatException($"{path}({number}): expected a time like {TimeFormat}.");
            rows.AddRange(parts[^1].Split(',').Select((value, t) => new PanelRow
            {
                Series = series,
                Time = add(start, t),
                Value = value == "?" ? float.NaN : float.Parse(value, CultureInfo.InvariantCulture),
            }));
        }
        return rows;
    }

    private static Func<DateTime, int, DateTime> StepsOf(string frequency) => frequency switch
    {
        "yearly" => (start, t) => start.AddYears(t),
        "quarterly" => (start, t) => start.AddMonths(3 * t),
        "monthly" => (start, t) => start.AddMonths(t),
        "weekly" => (start, t) => start.AddDays(7 * t),
        "daily" => (start, t) => start.AddDays(t),
        "hourly" => (start, t) => start.AddHours(t),
        _ => throw new FormatException($"There is no time step for a frequency of '{frequency}'."),
    };
}
