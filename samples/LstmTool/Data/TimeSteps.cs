using System.Globalization;

namespace LstmTool.Data;

/// <summary>The time from row to row.</summary>
internal static class TimeSteps
{
    /// <summary>The usual time from row to row in words, such as "1 day", and the rows of a season, 1 for none.</summary>
    /// <param name="times">Times of one series, in their order.</param>
    public static (string? Words, int Season) Of(IReadOnlyList<DateTime> times)
    {
        if (times.Count < 2)
            return (null, 1);
        TimeSpan[] steps = [.. times.Zip(times.Skip(1), (a, b) => b - a).Where(step => step > TimeSpan.Zero).Order()];
        if (steps.Length == 0)
            return (null, 1);
        TimeSpan step = steps[steps.Length / 2];
        double days = step.TotalDays;
        return days switch
        {
            >= 365 and <= 366 => ("1 year", 1),
            >= 90 and <= 92 => ("1 quarter", 4),
            >= 28 and <= 31 => ("1 month", 12),
            7 => ("1 week", 52),
            >= 1 => (Words(days, "day"), days == 1 ? 7 : 1),
            _ => (step.TotalHours >= 1 ? Words(step.TotalHours, "hour") : step.TotalMinutes >= 1 ? Words(step.TotalMinutes, "minute")
                : Words(step.TotalSeconds, "second"), (int)Math.Min(Math.Round(1 / days), 100_000)),
        };
    }

    private static string Words(double count, string unit)
        => string.Create(CultureInfo.InvariantCulture, $"{count:0.###} {unit}{(count == 1 ? "" : "s")}");
}
