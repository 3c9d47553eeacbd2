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

    private static readonly CalendarFeatures[] Cycles =
        [CalendarFeatures.Hour, CalendarFeatures.Day, CalendarFeatures.Week, CalendarFeatures.Year];

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
        var monthly = new RowInterval(months, 0, CalendarFeatures.None);
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
        // The last day of a month is followed by the last day of the next.
        DateTime next = time.AddMonths(Months);
        return IsLastDay(time) ? next.AddDays(DateTime.DaysInMonth(next.Year, next.Month) - next.Day) : next;
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
