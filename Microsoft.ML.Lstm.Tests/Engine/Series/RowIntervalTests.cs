using System.Globalization;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>The interval between times, the time that follows another, and the calendar features.</summary>
[TestClass]
public sealed class RowIntervalTests
{
    [TestMethod]
    [DataRow("2024-02-28 22:00", 3600)]
    [DataRow("2023-12-31 23:58", 60)]
    [DataRow("2024-02-27 00:00", 86400)]
    [DataRow("2023-02-20 06:30", 7 * 86400)]
    [DataRow("2024-01-01 00:00", 15 * 60)]
    [DataRow("2024-01-01 00:00", 30 * 86400)]
    [DataRow("0001-01-01 00:00", 1)]
    public void RegularSpansAreFound(string start, int seconds)
    {
        DateTime[] times = [.. Enumerable.Range(0, 30).Select(t => At(start).AddSeconds((long)t * seconds))];
        var interval = RowInterval.Of(times);
        Assert.AreEqual((0, seconds * TimeSpan.TicksPerSecond), (interval.Months, interval.Ticks));
        for (int t = 1; t < times.Length; t++)
        {
            Assert.AreEqual(times[t], interval.Next(times[t - 1]));
            Assert.IsTrue(interval.IsRegular(times[t - 1], times[t]));
            Assert.IsFalse(interval.IsRegular(times[t - 1], times[t].AddTicks(1)));
        }
    }

    [TestMethod]
    [DataRow("2023-01-01", 1)]
    [DataRow("2023-01-15 12:00", 1)]
    [DataRow("2023-01-28", 1)]
    [DataRow("2023-01-29", 1)]
    [DataRow("2024-01-30", 1)]
    [DataRow("2024-01-31", 1)]
    [DataRow("2023-11-30", 3)]
    [DataRow("2024-02-29", 12)]
    [DataRow("2000-06-15", 12)]
    [DataRow("2000-06-15", 120)]
    public void MonthsOfAnyLengthAreRegular(string start, int months)
    {
        DateTime[] times = [.. Enumerable.Range(0, 40).Select(t => At(start).AddMonths(t * months))];
        var interval = RowInterval.Of(times);
        Assert.AreEqual((months, 0L), (interval.Months, interval.Ticks));
        for (int t = 1; t < times.Length; t++)
        {
            Assert.AreEqual(times[t], interval.Next(times[t - 1]));
            Assert.IsTrue(interval.IsRegular(times[t - 1], times[t]), $"{times[t - 1]:d} to {times[t]:d}");
            Assert.IsFalse(interval.IsRegular(times[t - 1], times[t].AddHours(1)));
            Assert.IsFalse(interval.IsRegular(times[t - 1], times[t].AddMonths(1)));
        }
    }

    [TestMethod]
    [DataRow("2024-01-31", "2024-02-29")]
    [DataRow("2024-02-29", "2024-03-31")]
    [DataRow("2023-02-28", "2023-03-31")]
    [DataRow("2024-04-30", "2024-05-31")]
    [DataRow("2024-01-30", "2024-02-29")]
    [DataRow("2024-02-28", "2024-03-28")]
    [DataRow("2024-12-31", "2025-01-31")]
    public void TheLastDayOfAMonthIsFollowedByTheLastDay(string time, string next)
        => Assert.AreEqual(At(next), new RowInterval(1, 0, CalendarFeatures.None).Next(At(time)));

    [TestMethod]
    [DataRow("2024-01-30", "2024-03-01")]
    [DataRow("2024-01-15", "2024-02-16")]
    [DataRow("2024-01-15", "2024-02-14")]
    [DataRow("2024-04-29", "2024-05-30")]
    public void OtherDaysAreNotRegular(string time, string next)
        => Assert.IsFalse(new RowInterval(1, 0, CalendarFeatures.None).IsRegular(At(time), At(next)));

    [TestMethod]
    public void AFewGapsDoNotHideTheStep()
    {
        var random = new Random(3);
        DateTime[] hours = [.. Enumerable.Range(0, 400).Where(_ => random.Next(4) > 0).Select(t => At("2024-03-30").AddHours(t))];
        Assert.AreEqual(TimeSpan.TicksPerHour, RowInterval.Of(hours).Ticks);
        // Of several series one after the other, the steps back between them do not count.
        Assert.AreEqual(TimeSpan.TicksPerHour, RowInterval.Of([.. hours, .. hours, .. hours]).Ticks);
        DateTime[] months = [.. Enumerable.Range(0, 90).Where(_ => random.Next(5) > 0).Select(t => At("2001-01-31").AddMonths(t))];
        Assert.AreEqual(1, RowInterval.Of(months).Months);
    }

    [TestMethod]
    public void WithoutStepsItIsADay()
    {
        var day = new RowInterval(0, TimeSpan.TicksPerDay, CalendarFeatures.None);
        Assert.AreEqual(day, RowInterval.Of(Array.Empty<DateTime>()));
        Assert.AreEqual(day, RowInterval.Of([At("2024-01-01")]));
        Assert.AreEqual(day, RowInterval.Of([At("2024-01-01"), At("2024-01-01")]));
    }

    [TestMethod]
    public void TheEndOfTimeIsNotPassed()
    {
        DateTime last = DateTime.MaxValue;
        Assert.AreEqual(last, new RowInterval(0, TimeSpan.TicksPerDay, CalendarFeatures.None).Next(last));
        Assert.AreEqual(last, new RowInterval(0, long.MaxValue, CalendarFeatures.None).Next(last));
        Assert.AreEqual(last, new RowInterval(1, 0, CalendarFeatures.None).Next(last));
        Assert.AreEqual(DateTime.MinValue, new RowInterval(1 << 20, 0, CalendarFeatures.None).Next(DateTime.MinValue));
        Assert.IsFalse(new RowInterval(1, 0, CalendarFeatures.None).IsRegular(DateTime.MinValue, DateTime.MinValue.AddDays(1)));
        Assert.IsFalse(new RowInterval(1, 0, CalendarFeatures.None).IsRegular(last.AddDays(-1), last));
    }

    [TestMethod]
    [DataRow(0, 60L, 200, CalendarFeatures.Hour)]
    [DataRow(0, 60L, 179, CalendarFeatures.None)]
    [DataRow(0, 900L, 24 * 4 * 21, CalendarFeatures.Hour | CalendarFeatures.Day | CalendarFeatures.Week)]
    [DataRow(0, 3600L, 71, CalendarFeatures.None)]
    [DataRow(0, 3600L, 72, CalendarFeatures.Day)]
    [DataRow(0, 3600L, 504, CalendarFeatures.Day | CalendarFeatures.Week)]
    [DataRow(0, 86400L, 20, CalendarFeatures.None)]
    [DataRow(0, 86400L, 21, CalendarFeatures.Week)]
    [DataRow(0, 86400L, 731, CalendarFeatures.Week)]
    [DataRow(0, 86400L, 1096, CalendarFeatures.Week | CalendarFeatures.Year)]
    [DataRow(0, 604800L, 157, CalendarFeatures.Year)]
    [DataRow(1, 0L, 35, CalendarFeatures.None)]
    [DataRow(1, 0L, 36, CalendarFeatures.Year)]
    [DataRow(3, 0L, 12, CalendarFeatures.Year)]
    [DataRow(12, 0L, 100, CalendarFeatures.None)]
    public void UsualCyclesAreLongerThanAStepAndSeenThreeTimes(int months, long seconds, int rows, CalendarFeatures expected)
        => Assert.AreEqual(expected, new RowInterval(months, seconds * TimeSpan.TicksPerSecond, CalendarFeatures.None).UsualCalendar(rows));

    [TestMethod]
    // Weeks begin on Sunday, and leap years have one more day.
    [DataRow(CalendarFeatures.Week, "2024-01-06 00:00", 86400L, 0.0)]
    [DataRow(CalendarFeatures.Week, "2024-01-09 12:00", 86400L, 3.5 / 7)]
    [DataRow(CalendarFeatures.Day, "2024-01-09 05:00", 3600L, 0.25)]
    [DataRow(CalendarFeatures.Hour, "2024-01-09 23:30", 900L, 0.75)]
    [DataRow(CalendarFeatures.Year, "2023-12-31 00:00", 86400L, 0.0)]
    [DataRow(CalendarFeatures.Year, "2024-07-01 00:00", 86400L, 183.0 / 366)]
    [DataRow(CalendarFeatures.Year, "2023-07-01 12:00", 86400L, 182.5 / 365)]
    public void FeaturesAreThoseOfTheNextRow(CalendarFeatures cycle, string time, long seconds, double turns)
    {
        var interval = new RowInterval(0, seconds * TimeSpan.TicksPerSecond, cycle);
        float[] features = new float[interval.FeatureCount];
        interval.WriteFeatures(At(time), features);
        double[] expected = [.. new[] { 1,
            2 }.SelectMany(harmonic => new[] { Math.Sin(2 * Math.PI * harmonic * turns), Math.Cos(2 * Math.PI * harmonic * turns) })];
        Assert.HasCount(4, features);
        for (int i = 0; i < 4; i++)
            Assert.AreEqual(expected[i], features[i], 1e-6);
    }

    [TestMethod]
    public void CyclesComeFromTheShortestToTheLongest()
    {
        const CalendarFeatures All = CalendarFeatures.Hour | CalendarFeatures.Day | CalendarFeatures.Week | CalendarFeatures.Year;
        DateTime time = At("2024-05-17 13:20");
        var interval = new RowInterval(0, 1200 * TimeSpan.TicksPerSecond, All);
        float[] all = new float[interval.FeatureCount];
        interval.WriteFeatures(time, all);
        float[] one = new float[4];
        int at = 0;
        foreach (CalendarFeatures cycle in new[] { CalendarFeatures.Hour, CalendarFeatures.Day, CalendarFeatures.Week,
            CalendarFeatures.Year })
        {
            (interval with { Calendar = cycle }).WriteFeatures(time, one);
            CollectionAssert.AreEqual(one, all[at..(at += 4)]);
        }
        Assert.HasCount(at, all);
    }

    private static DateTime At(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture);
}
