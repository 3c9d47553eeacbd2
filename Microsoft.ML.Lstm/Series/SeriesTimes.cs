using System.Globalization;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>The times of rows, in words.</summary>
internal static class SeriesTimes
{
    private const long TicksPerHour = TimeSpan.TicksPerHour;

    /// <summary>What is wrong with a time that is not later than the one before it in its series.</summary>
    public static string Describe(string row, DateTimeOffset time, DateTimeOffset before) => (time == before
        ? $"{row} has the time {Format(time)} that a row of the series before it already has. Each time may occur once in a series."
        : $"{row} has the time {Format(time)}, but a row of the series before it has {Format(before)}. Sort the rows by time.")
            + Explain(time, before);

    /// <summary>A row, in words.</summary>
    public static string DescribeRow(long position, string dataName, string series)
        => $"Row {position} (counted from 0) of the {dataName}{(series == "" ? "" : $", of series '{series}',")}";

    /// <summary>A row that an engine was given, in words.</summary>
    public static string DescribeObservation(string series) => $"The observation{(series == "" ? "" : $" of series '{series}'")}";

    /// <summary>A time, with its offset if it has one.</summary>
    public static string Format(DateTimeOffset time)
        => time.ToString(time.Offset == TimeSpan.Zero ? "yyyy-MM-dd HH:mm:ss" : "yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    /// <summary>The series that something is said of, at the start of that.</summary>
    public static string OfSeries(string series) => series == "" ? "" : $"in series '{series}' ";

    /// <summary>Whether what is left out between two times looks like the hour that local clocks skip.</summary>
    public static bool IsClockSkipped(RowInterval step, DateTimeOffset time, DateTimeOffset next)
        => !step.IsOfClock && (next - time).Ticks - step.Ticks is TicksPerHour or TicksPerHour / 2 && IsHourOfChanges(next);

    // The hour that local clocks show twice.
    private static string Explain(DateTimeOffset time, DateTimeOffset before)
        => (before - time).Ticks is >= 0 and <= TicksPerHour
            && IsHourOfChanges(time)
            && (time.TimeOfDay.Ticks > 0 || before.TimeOfDay.Ticks > 0)
            ? " If these are local times: at the end of daylight-saving time clocks show an hour twice. Give times in UTC "
                + "(DateTime.ToUniversalTime), or a column of DateTimeOffset."
            : "";

    // Clocks are changed between 23:00 and 3:00, and then show up to 4:00.
    private static bool IsHourOfChanges(DateTimeOffset time) => time.Hour is 23 or <= 4;
}
