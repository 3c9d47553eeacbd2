using System.Globalization;
using System.Text.RegularExpressions;

namespace LstmTool.Data;

/// <summary>How times are written.</summary>
/// <param name="Name">In words.</param>
/// <param name="Code">C# that makes a time of the text in the variable <c>field</c>.</param>
internal sealed partial record TimeFormat(string Name, string Code)
{
    private const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    private const string CodeOfUtc = "DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal";
    private const string CodeOfCulture = $"CultureInfo.InvariantCulture, {CodeOfUtc}";

    // The order of this pattern is what tells the parser which number is the day.
    private static readonly DateTimeFormatInfo DayThenMonth = new() { ShortDatePattern = "dd/MM/yyyy" };

    private static readonly string[] MonthsByName =
    [
        "MMM yyyy", "MMMM yyyy", "MMM-yyyy", "MMM yy", "MMM-yy", "MMMM-yy", "MMM d, yyyy", "MMMM d, yyyy", "MMM d yyyy", "MMMM d yyyy",
    ];

    /// <summary>2026-01-31, 2026-01-31 18:00:00, 31 Jan 2026 and their like.</summary>
    public static TimeFormat Usual { get; } = new("such as 2026-01-31 18:00", $"DateTime.Parse(field, {CodeOfCulture})");

    /// <summary>1/31/2026 and its like.</summary>
    public static TimeFormat MonthFirst { get; } = new("with the month first", $"DateTime.Parse(field, {CodeOfCulture})");

    /// <summary>31/1/2026, 31.1.2026 and their like.</summary>
    public static TimeFormat DayFirst { get; } = new("with the day first",
        $"DateTime.Parse(field, new DateTimeFormatInfo {{ ShortDatePattern = \"dd/MM/yyyy\" }}, {CodeOfUtc})");

    private static readonly TimeFormat Names = new("such as Jan 2026", "DateTime.ParseExact(field, "
        + $"[{string.Join(", ", MonthsByName.Select(format => $"\"{format}\""))}], {CodeOfCulture})");

    private static readonly TimeFormat Compact = new("such as 20260131",
        $"DateTime.ParseExact(field, [\"yyyyMMdd\", \"yyyyMM\"], {CodeOfCulture})");

    private static readonly TimeFormat Years = new("years", "new DateTime(int.Parse(field, CultureInfo.InvariantCulture), 1, 1)");

    private static readonly TimeFormat Seconds = new("seconds since 1970",
        "DateTime.UnixEpoch.AddSeconds(double.Parse(field, CultureInfo.InvariantCulture))");

    private static readonly TimeFormat Milliseconds = new("milliseconds since 1970",
        "DateTime.UnixEpoch.AddMilliseconds(double.Parse(field, CultureInfo.InvariantCulture))");

    /// <summary>Those that no number can be mistaken for.</summary>
    public static IReadOnlyList<TimeFormat> Written { get; } = [Usual, MonthFirst, DayFirst, Names];

    /// <summary>All, the likeliest first.</summary>
    public static IReadOnlyList<TimeFormat> All { get; } = [Usual, MonthFirst, DayFirst, Names, Compact, Years, Seconds, Milliseconds];

    public bool TryParse(string field, out DateTime time)
    {
        time = default;
        if (this == Usual || this == MonthFirst || this == DayFirst)
            // A bare number or the name of a month is no time to anybody but the parser.
            return field.Length >= 6 && char.IsAsciiDigit(field[0]) && !Fields.IsNumber(field)
                && DayAndMonthAreNumbers().IsMatch(field) == (this != Usual)
                && DateTime.TryParse(field, this == DayFirst ? DayThenMonth : CultureInfo.InvariantCulture, Utc, out time);
        if (this == Names || this == Compact)
            return DateTime.TryParseExact(field, this == Names ? MonthsByName : ["yyyyMMdd", "yyyyMM"], CultureInfo.InvariantCulture, Utc,
                out time);
        if (!double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            return false;
        if (this == Years)
        {
            bool isYear = number is >= 1000 and <= 2999 && number == Math.Truncate(number);
            time = isYear ? new DateTime((int)number, 1, 1, 0, 0, 0, DateTimeKind.Utc) : default;
            return isYear;
        }
        bool isSeconds = this == Seconds;
        // From 1990 to the year 2200.
        if ((isSeconds ? number : number / 1000) is < 631152000 or > 7258118400)
            return false;
        time = isSeconds ? DateTime.UnixEpoch.AddSeconds(number) : DateTime.UnixEpoch.AddMilliseconds(number);
        return true;
    }

    /// <summary>Which of day and month is first in times that can be read either way.</summary>
    /// <remarks>
    /// With dots the day is first wherever dates have dots. Else the more regular times are the right ones: the first of each month, read
    /// the wrong way, are days in a row and then a leap of a year.
    /// </remarks>
    public static bool IsDayFirst(IReadOnlyList<string> fields)
    {
        // Behind the date a dot parts fractions of a second.
        return fields[0].Split(' ', 'T')[0].Contains('.') || LongestStep(DayFirst) * 2 < LongestStep(MonthFirst);

        // In medians of the steps.
        double LongestStep(TimeFormat format)
        {
            DateTime[] times = [.. fields.Select(field => format.TryParse(field, out DateTime time) ? time : default).Distinct().Order()];
            double[] steps = [.. times.Zip(times.Skip(1), (a, b) => (b - a).TotalDays).Order()];
            return steps.Length == 0 ? 1 : steps[^1] / steps[steps.Length / 2];
        }
    }

    [GeneratedRegex(@"^\d{1,2}([/.-])\d{1,2}\1\d{2}(\d{2})?(\D|$)")]
    private static partial Regex DayAndMonthAreNumbers();
}
