using System.Globalization;

namespace Shared.Charts;

/// <summary>A labelled place on an axis.</summary>
internal readonly record struct Tick(double Position, string Label);

/// <summary>An axis from one value to another, with labels at round numbers or at the beginnings of days, months and so on.</summary>
internal sealed record Axis(double Least, double Most, IReadOnlyList<Tick> Ticks)
{
    /// <summary>From one round number to another.</summary>
    /// <param name="least">The least value to show; NaN for none.</param>
    /// <param name="most">The greatest value to show.</param>
    /// <param name="count">About how many labels there is room for.</param>
    public static Axis OfNumbers(double least, double most, int count)
    {
        (least, most) = Widen(least, most);
        double step = Step((most - least) / Math.Max(1, count));
        double first = Math.Floor(least / step + 1e-9) * step, last = Math.Ceiling(most / step - 1e-9) * step;
        return new Axis(first, last, [.. NumbersBetween(first, last, step)]);
    }

    /// <summary>From the first value to the last, labelled at the whole numbers between: steps, epochs.</summary>
    public static Axis OfSteps(double least, double most, int count)
    {
        (least, most) = Widen(least, most);
        return new Axis(least, most, [.. NumbersBetween(least, most, Math.Max(1, Step((most - least) / Math.Max(1, count))))]);
    }

    /// <summary>From the first time to the last, which are given as days since <paramref name="origin"/>.</summary>
    public static Axis OfTimes(DateTime origin, double least, double most, int count)
    {
        if (!(most > least))
        {
            string label = origin.AddDays(least).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
            return new Axis(least - 0.5, most + 0.5, [new Tick(least, label)]);
        }
        return new Axis(least, most, [.. TimeTicks.Between(origin.AddDays(least), origin.AddDays(most), Math.Max(1, count))
            .Select(tick => new Tick((tick.Time - origin).TotalDays, tick.Label))]);
    }

    private static (double Least, double Most) Widen(double least, double most)
    {
        if (!double.IsFinite(least) || !double.IsFinite(most))
            return (0, 1);
        if (most > least && most - least > 1e-12 * Math.Max(Math.Abs(least), Math.Abs(most)))
            return (least, most);
        double around = Math.Max(Math.Abs(least) / 10, 1e-3);
        return (least - around, most + around);
    }

    // 1, 2 or 5 times a power of ten.
    private static double Step(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
    }

    private static IEnumerable<Tick> NumbersBetween(double first, double last, double step)
    {
        int decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9));
        string format = Math.Max(Math.Abs(first), Math.Abs(last)) >= 1e7 || decimals > 5 ? "0.###e0" : $"#,0.{new string('0', decimals)}";
        for (double at = Math.Ceiling(first / step - 1e-9); at * step <= last + step * 1e-9; at++)
            // Not minus zero.
            yield return new Tick(at * step, (at == 0 ? 0 : at * step).ToString(format, CultureInfo.InvariantCulture));
    }
}

/// <summary>Places on an axis of times.</summary>
internal static class TimeTicks
{
    private static readonly (TimeSpan Step, string Format)[] Steps =
    [
        (TimeSpan.FromSeconds(1), "HH:mm:ss"),
        (TimeSpan.FromSeconds(5), "HH:mm:ss"),
        (TimeSpan.FromSeconds(15), "HH:mm:ss"),
        (TimeSpan.FromMinutes(1), "HH:mm"),
        (TimeSpan.FromMinutes(5), "HH:mm"),
        (TimeSpan.FromMinutes(15), "HH:mm"),
        (TimeSpan.FromHours(1), "HH:mm"),
        (TimeSpan.FromHours(3), "d MMM HH:mm"),
        (TimeSpan.FromHours(6), "d MMM HH:mm"),
        (TimeSpan.FromHours(12), "d MMM HH:mm"),
        (TimeSpan.FromDays(1), "d MMM"),
        (TimeSpan.FromDays(2), "d MMM"),
        (TimeSpan.FromDays(4), "d MMM"),
        (TimeSpan.FromDays(7), "d MMM"),
        (TimeSpan.FromDays(14), "d MMM"),
    ];

    private static readonly int[] Months = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000];

    /// <summary>At most <paramref name="count"/> round times, or two more.</summary>
    public static IReadOnlyList<(DateTime Time, string Label)> Between(DateTime first, DateTime last, int count)
    {
        foreach ((TimeSpan step, string format) in Steps)
        {
            if ((last - first) / step <= count)
            {
                DateTime start = new((first.Ticks + step.Ticks - 1) / step.Ticks * step.Ticks);
                return Labelled(Times(start, last, time => time + step), format);
            }
        }
        int months = Months.FirstOrDefault(months => (last - first).TotalDays / 30.44 / months <= count, Months[^1]);
        DateTime month = new(first.Year, first.Month, 1);
        while (month < first || (month.Month - 1 + 12 * month.Year) % months != 0)
        {
            if (month > last || month >= DateTime.MaxValue.AddMonths(-1))
                break;
            month = month.AddMonths(1);
        }
        return Labelled(Times(month, last, time => time.AddMonths(months)), months >= 12 ? "yyyy" : "MMM");
    }

    private static IEnumerable<DateTime> Times(DateTime first, DateTime last, Func<DateTime, DateTime> next)
    {
        for (DateTime time = first; time <= last; time = next(time))
        {
            yield return time;
            if (time > DateTime.MaxValue.AddYears(-501))
                break;
        }
    }

    // The year stands where it begins, and at the first label.
    private static IReadOnlyList<(DateTime, string)> Labelled(IEnumerable<DateTime> times, string format)
    {
        var labels = new List<(DateTime, string)>();
        DateTime before = DateTime.MinValue;
        foreach (DateTime time in times)
        {
            string text = time.ToString(format, CultureInfo.InvariantCulture);
            bool isNewDay = labels.Count == 0 || time.Date != before.Date, isNewYear = labels.Count == 0 || time.Year != before.Year;
            if (format.StartsWith("HH", StringComparison.Ordinal) && isNewDay)
                text = time.ToString("d MMM " + format, CultureInfo.InvariantCulture);
            if (format.Contains("MMM", StringComparison.Ordinal) && isNewYear)
                text = time.ToString(format.Replace("MMM", "MMM yyyy", StringComparison.Ordinal), CultureInfo.InvariantCulture);
            labels.Add((time, text));
            before = time;
        }
        return labels;
    }
}
