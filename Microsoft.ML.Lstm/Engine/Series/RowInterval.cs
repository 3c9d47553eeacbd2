using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The time from one row to the next, whole months or a fixed span, and the calendar features of a row.</summary>
/// <param name="Months">The months; 0 for a fixed span.</param>
/// <param name="Ticks">The span in ticks; 0 for months.</param>
/// <param name="Calendar">The cycles that rows have features of.</param>
internal sealed record RowInterval(int Months, long Ticks, CalendarFeatures Calendar)
{
    /// <summary>
    /// The most steps that a gap is filled with; of a longer gap, its last ones. After so many missing values nothing but the calendar
    /// matters.
    /// </summary>
    public const int MostFilledSteps = 2000;

    /// <summary>Features of a cycle of the calendar.</summary>
    public const int FeaturesOfCycle = 4;

    private const int LeastCycles = 3;
    private const double DaysOfYear = 365.2425;
    private const int LastDay = 31;

    private static readonly CalendarFeatures[] Cycles =
        [CalendarFeatures.Hour, CalendarFeatures.Day, CalendarFeatures.Week, CalendarFeatures.Year];

    /// <summary>
    /// The day of the month of rows whose interval is months, 31 for its last day; a month that is too short for it has the row on its last
    /// day. Null where it is unknown, as in files of earlier versions: then the last day of a month is followed by the last of the next.
    /// </summary>
    public int? Day { get; init; }

    [JsonIgnore]
    public int FeatureCount => FeaturesOfCycle * Cycles.Count(cycle => Calendar.HasFlag(cycle));

    /// <summary>The cycle of each feature.</summary>
    [JsonIgnore]
    public string[] FeatureNames
        => [.. Cycles.Where(cycle => Calendar.HasFlag(cycle)).SelectMany(cycle => Enumerable.Repeat($"{cycle}", FeaturesOfCycle))];

    /// <summary>
    /// Whether the interval is measured by the clock, as days and months are. Shorter intervals are measured by the time that passes, which
    /// goes on evenly when clocks change.
    /// </summary>
    [JsonIgnore]
    public bool IsOfClock => Months > 0 || Ticks >= TimeSpan.TicksPerDay;

    /// <summary>Finds the usual interval between times; between local times, if it is measured by the clock.</summary>
    /// <param name="times">The times in ascending order, of one series or of several one after the other.</param>
    public static RowInterval Of(IReadOnlyList<DateTimeOffset> times)
    {
        var passed = Of([.. times.Select(time => time.UtcDateTime)]);
        if (passed.Months == 0 && passed.Ticks < TimeSpan.TicksPerDay - TimeSpan.TicksPerHour)
            return passed;
        var shown = Of([.. times.Select(time => time.DateTime)]);
        return shown.IsOfClock ? shown : passed;
    }

    /// <summary>Finds the usual interval between times.</summary>
    /// <param name="times">The times in ascending order, of one series or of several one after the other; steps back between series are
    /// skipped.</param>
    public static RowInterval Of(IReadOnlyList<DateTime> times)
    {
        long[] steps = [.. times.Skip(1).Zip(times, (next, time) => next.Ticks - time.Ticks).Where(step => step > 0).Order()];
        if (steps.Length == 0)
            return new RowInterval(0, TimeSpan.TicksPerDay, CalendarFeatures.None);
        long median = Statistics.Quantile(steps, 1, of: 2);
        int months = (int)Math.Round(TimeSpan.FromTicks(median).TotalDays / (DaysOfYear / 12));
        var monthly = new RowInterval(months, 0, CalendarFeatures.None)
        {
            Day = times.All(IsLastDay) ? LastDay : times.Max(time => time.Day),
        };
        int regular = months == 0 ? 0 : times.Skip(1).Zip(times, (next, time) => monthly.IsRegular(time, next) ? 1 : 0).Sum();
        return 2 * regular > steps.Length ? monthly : new RowInterval(0, median, CalendarFeatures.None);
    }

    /// <summary>
    /// The cycles that are longer than an interval and that <paramref name="rows"/> rows go through at least three times: two years are too
    /// few to learn a yearly cycle.
    /// </summary>
    public CalendarFeatures UsualCalendar(int rows)
    {
        double days = Months > 0 ? Months * DaysOfYear / 12 : TimeSpan.FromTicks(Ticks).TotalDays;
        var usual = CalendarFeatures.None;
        foreach (CalendarFeatures cycle in Cycles)
        {
            double length = LengthOf(cycle);
            if (length > 1.5 * days && rows * days >= LeastCycles * length)
                usual |= cycle;
        }
        return usual;
    }

    /// <summary>How many rows make an hour, a day, a week and a year, the usual periods of seasonal series.</summary>
    [JsonIgnore]
    public IReadOnlyList<int> SuggestedPeriods
    {
        get
        {
            double days = Months > 0 ? Months * DaysOfYear / 12 : TimeSpan.FromTicks(Ticks).TotalDays;
            return [.. Cycles.Select(LengthOf).Where(length => length > 1.5 * days && length < int.MaxValue * days)
                .Select(length => (int)Math.Round(length / days))];
        }
    }

    public DateTime Next(DateTime time)
    {
        // At the end of DateTime's range time stands still.
        if (DateTime.MaxValue.Ticks - time.Ticks <= Ticks || (Months > 0 && time.Year + Months / 12 >= DateTime.MaxValue.Year))
            return time;
        if (Months == 0)
            return time.AddTicks(Ticks);
        DateTime next = time.AddMonths(Months);
        // The last day of a short month may stand for a later one.
        return IsLastDay(time)
            ? next.AddDays(Math.Min(Math.Max(Day ?? LastDay, time.Day), DateTime.DaysInMonth(next.Year, next.Month)) - next.Day)
            : next;
    }

    /// <summary>Whether a row at <paramref name="next"/> follows one at <paramref name="time"/> without a gap.</summary>
    public bool IsRegular(DateTime time, DateTime next)
    {
        if (Months == 0)
            return Next(time) == next;
        int months = 12 * (next.Year - time.Year) + next.Month - time.Month;
        // In a month that is too short for the day, the last day counts.
        bool isSameDay = next.Day == time.Day || (next.Day < time.Day ? IsLastDay(next) : IsLastDay(time));
        return months == Months && isSameDay && next.TimeOfDay == time.TimeOfDay;
    }

    /// <inheritdoc cref="IsRegular(DateTime, DateTime)"/>
    public bool IsRegular(DateTimeOffset time, DateTimeOffset next) => IsRegular(On(time), On(next));

    /// <summary>The time <paramref name="steps"/> intervals after <paramref name="time"/>, with the same offset.</summary>
    public DateTimeOffset After(DateTimeOffset time, long steps)
    {
        DateTime after = On(time);
        if (Months == 0)
            after = Ticks > 0 && steps > (DateTime.MaxValue.Ticks - after.Ticks) / Ticks
                ? DateTime.MaxValue
                : after.AddTicks(steps * Ticks);
        for (long i = 0; Months > 0 && i < steps; i++)
            after = Next(after);
        long ticks = IsOfClock ? after.Ticks : after.Ticks + time.Offset.Ticks;
        long least = Math.Max(0, time.Offset.Ticks), most = DateTime.MaxValue.Ticks + Math.Min(0, time.Offset.Ticks);
        return new DateTimeOffset(Math.Clamp(ticks, least, most), time.Offset);
    }

    /// <summary>
    /// The times of the steps that a gap is filled with: at most the last <see cref="MostFilledSteps"/> that it leaves out.
    /// </summary>
    /// <param name="time">The time of the row before the gap.</param>
    /// <param name="leftOut">How many steps the gap leaves out.</param>
    public IEnumerable<DateTimeOffset> TimesWithin(DateTimeOffset time, long leftOut)
    {
        for (long i = Math.Max(1, leftOut - MostFilledSteps + 1); i <= leftOut; i++)
            yield return After(time, i);
    }

    /// <summary>How many intervals lie between a time and a later one, rounded, at least 1.</summary>
    public long StepsBetween(DateTimeOffset time, DateTimeOffset next)
    {
        (DateTime from, DateTime to) = (On(time), On(next));
        double steps = Months == 0
            ? (to - from).Ticks / (double)Math.Max(1, Ticks)
            : (12 * (to.Year - from.Year) + to.Month - from.Month + (to.Day - from.Day) / (DaysOfYear / 12)) / Months;
        return Math.Max(1, (long)Math.Round(steps));
    }

    /// <summary>
    /// Writes the calendar features for a row at <paramref name="time"/>; they describe the time of the next row, which is forecast.
    /// </summary>
    public void WriteFeatures(DateTime time, Span<float> features)
    {
        DateTime next = Next(time);
        int at = 0;
        foreach (CalendarFeatures cycle in Cycles)
        {
            if (!Calendar.HasFlag(cycle))
                continue;
            double turns = cycle switch
            {
                CalendarFeatures.Year => (next.DayOfYear - 1 + next.TimeOfDay.TotalDays) / (DateTime.IsLeapYear(next.Year) ? 366 : 365),
                CalendarFeatures.Week => ((int)next.DayOfWeek + next.TimeOfDay.TotalDays) / 7,
                CalendarFeatures.Day => next.TimeOfDay.TotalDays,
                _ => next.TimeOfDay.TotalHours % 1,
            };
            for (int harmonic = 1; harmonic <= FeaturesOfCycle / 2; harmonic++)
            {
                (double sin, double cos) = Math.SinCos(2 * Math.PI * harmonic * turns);
                (features[at], features[at + 1]) = ((float)sin, (float)cos);
                at += 2;
            }
        }
    }

    // The time that intervals are counted in: local time, or UTC.
    private DateTime On(DateTimeOffset time) => IsOfClock ? time.DateTime : time.UtcDateTime;

    private static bool IsLastDay(DateTime time) => time.Day == DateTime.DaysInMonth(time.Year, time.Month);

    private static double LengthOf(CalendarFeatures cycle) => cycle switch
    {
        CalendarFeatures.Year => DaysOfYear,
        CalendarFeatures.Week => 7,
        CalendarFeatures.Day => 1,
        _ => 1 / 24d,
    };
}

/// <summary>The times of the day or of the week at which series have rows, such as business days or opening hours.</summary>
/// <param name="Days">The days of the cycle: 1 for a day, 7 for a week, which begins on Monday.</param>
/// <param name="Open">The intervals of the cycle that have rows, counted from 0, in ascending order.</param>
internal sealed record TimeSlots(int Days, int[] Open)
{
    // Those of a week of minutes.
    private const int MostSlots = 7 * 24 * 60;

    // What has not come again is no rule.
    private const int LeastCycles = 2;

    // A slot with fewer rows than a quarter of those that the fullest has is none: shops open on a Sunday now and then.
    private const int LeastShare = 4;

    // Of so many rows one may follow at another time than the slots say, as after a holiday.
    private const int RowsPerException = 20;

    /// <summary>Finds the times that explain the gaps in series; null where there are none.</summary>
    /// <param name="interval">The time between rows.</param>
    /// <param name="series">The times of each series, in ascending order.</param>
    public static TimeSlots? Of(RowInterval interval, IReadOnlyCollection<IReadOnlyList<DateTimeOffset>> series)
    {
        TimeSlots? best = null;
        // If the slots of a day explain as much as those of a week, a day it is.
        long rows = series.Sum(times => (long)times.Count), least = rows / RowsPerException + 1;
        foreach (int days in new[] { 1, 7 })
        {
            long cycle = days * TimeSpan.TicksPerDay;
            if (CountOf(days, interval) is not { } count
                || !series.Any(times => times.Count > 1 && times[^1].Ticks - times[0].Ticks >= LeastCycles * cycle))
                continue;
            long[] rowsOf = new long[count];
            foreach (DateTimeOffset time in series.SelectMany(times => times))
                rowsOf[SlotOf(days, interval, time)]++;
            long most = rowsOf.Max();
            int[] open = [.. Enumerable.Range(0, count).Where(slot => LeastShare * rowsOf[slot] >= most)];
            var slots = new TimeSlots(days, open);
            long exceptions = open.Length == count ? long.MaxValue : series.Sum(times => times.Skip(1).Zip(times)
                .LongCount(pair => interval.StepsBetween(pair.Second, pair.First) != slots.StepsToNext(interval, pair.Second)));
            if (exceptions < least)
                (best, least) = (slots, exceptions);
        }
        return best;
    }

    /// <summary>Whether these are times of rows with an interval, as saved ones need not be.</summary>
    public bool IsValidFor(RowInterval interval)
        => Days is 1 or 7
            && CountOf(Days, interval) is { } count
            && Open.Length > 0
            && Open[0] >= 0
            && Open[^1] < count
            && Open.Zip(Open.Skip(1)).All(pair => pair.First < pair.Second);

    /// <summary>The time of the row that follows one at <paramref name="time"/>.</summary>
    public DateTimeOffset Next(RowInterval interval, DateTimeOffset time) => interval.After(time, StepsToNext(interval, time));

    private int StepsToNext(RowInterval interval, DateTimeOffset time)
    {
        int count = CountOf(Days, interval)!.Value, at = SlotOf(Days, interval, time), steps = 1;
        while (steps < count && Array.BinarySearch(Open, (at + steps) % count) < 0)
            steps++;
        return steps;
    }

    /// <summary>How many intervals a cycle has; null where it is no whole number of them, or one, or too many.</summary>
    private static int? CountOf(int days, RowInterval interval)
    {
        long cycle = days * TimeSpan.TicksPerDay;
        return interval.Months == 0 && interval.Ticks > 0 && cycle % interval.Ticks == 0 && cycle / interval.Ticks is > 1 and <= MostSlots
            ? (int)(cycle / interval.Ticks)
            : null;
    }

    // By the clock, as opening hours are. The calendar's first day is a Monday.
    private static int SlotOf(int days, RowInterval interval, DateTimeOffset time)
        => (int)(time.Ticks % (days * TimeSpan.TicksPerDay) / interval.Ticks);
}
