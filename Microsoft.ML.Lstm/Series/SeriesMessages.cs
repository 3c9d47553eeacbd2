using System.Globalization;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>Names the rows of series and their times in messages.</summary>
internal static class SeriesMessages
{
    /// <summary>The error of a row whose time is not later than the time before it in its series.</summary>
    public static string Describe(string row, DateTimeOffset time, DateTimeOffset before)
    {
        string error = time == before
            ? $"{row} has the time {Format(time)} that a row of the series before it already has. Each time may occur once in a series."
            : $"{row} has the time {Format(time)}, but a row of the series before it has {Format(before)}. Sort the rows by time.";
        return error + AdviceOnClocks(time, before);
    }

    /// <summary>Names a row of a table.</summary>
    public static string DescribeRow(long position, string dataName, string series)
        => $"Row {position} (counted from 0) of the {dataName}{(series == "" ? "" : $", of series '{series}',")}";

    /// <summary>Names a row of an engine.</summary>
    public static string DescribeObservation(string series) => $"The observation{(series == "" ? "" : $" of series '{series}'")}";

    /// <summary>Says of rows without a value that they are no part of their series yet.</summary>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="series">How many series have some.</param>
    /// <param name="first">The first of these series.</param>
    public static string DescribeRowsToCome(int rows, int series, string first)
    {
        string name = first == "" ? "" : $", first '{first}',";
        return $"{rows} rows at the end of {series} series{name} have no value to forecast, but known covariates: they are taken for rows "
            + "to come, and the series ends before them. If the values are missing, though time has passed, give these rows again when you "
            + "score.";
    }

    /// <summary>Formats a time, with its offset unless that is zero.</summary>
    public static string Format(DateTimeOffset time)
        => time.ToString(time.Offset == TimeSpan.Zero ? "yyyy-MM-dd HH:mm:ss" : "yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    /// <summary>Names the series at the beginning of a clause; empty where there is only one.</summary>
    public static string OfSeries(string series) => series == "" ? "" : $"in series '{series}' ";

    /// <summary>Whether the gap between two times looks like the hour that clocks skip in spring.</summary>
    public static bool IsClockSkipped(RowInterval interval, DateTimeOffset time, DateTimeOffset next)
        => !interval.IsOfClock
            && (next - time).Ticks - interval.Ticks is TimeSpan.TicksPerHour or TimeSpan.TicksPerHour / 2
            && IsHourOfChanges(next);

    // Advice for times that look like the hour that clocks show twice in autumn.
    private static string AdviceOnClocks(DateTimeOffset time, DateTimeOffset before)
    {
        bool isShownTwice = (before - time).Ticks is >= 0 and <= TimeSpan.TicksPerHour
            && IsHourOfChanges(time)
            && (time.TimeOfDay.Ticks > 0 || before.TimeOfDay.Ticks > 0);
        return isShownTwice
            ? " If these are local times: at the end of daylight-saving time clocks show an hour twice. Give times in UTC "
                + "(DateTime.ToUniversalTime), or a column of DateTimeOffset."
            : "";
    }

    // Clocks change between 23:00 and 3:00, by at most an hour.
    private static bool IsHourOfChanges(DateTimeOffset time) => time.Hour is 23 or <= 4;
}
