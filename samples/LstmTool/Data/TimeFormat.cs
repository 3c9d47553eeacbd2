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

    // A year of four digits, which are no fraction of a second and no zone, or one of two behind the name of a month.
    private const string Year = @"(?<![\d:+])(?<!\d\.)\d{4}(?!\d)|^\d{1,2}[\s.-]*\p{L}{3,}[\s.,-]*\d{2}(?![\d:])";

    private const string Numbers = @"^\d{1,2}([/.-])\d{1,2}\1\d{2}(\d{2})?(\D|$)";

    // The order of this pattern is what tells the parser which number is the day.
    private static readonly DateTimeFormatInfo DayThenMonth = new() { ShortDatePattern = "dd/MM/yyyy" };

    private static readonly string[] MonthsByName =
    [
        "MMM yyyy", "MMMM yyyy", "MMM-yyyy", "MMM yy", "MMM-yy", "MMMM-yy", "MMM d, yyyy", "MMMM d, yyyy", "MMM d yyyy", "MMMM d yyyy",
    ];

    /// <summary>2026-01-31, 2026-01-31 18:00:00, 31 Jan 2026 and their like.</summary>
    public static TimeFormat Usual { get; } = new("such as 2026-01-31 18:00", CodeOf(Year, CodeOfCulture));

    /// <summary>1/31/2026 and its like.</summary>
    public static TimeFormat MonthFirst { get; } = new("with the month first", CodeOf(Numbers, CodeOfCulture));

    /// <summary>31/1/2026, 31.1.2026 and their like.</summary>
    public static TimeFormat DayFirst { get; } = new("with the day first",
        CodeOf(Numbers, $"new DateTimeFormatInfo {{ ShortDatePattern = \"dd/MM/yyyy\" }}, {CodeOfUtc}"));

    private static readonly TimeFormat Names = new("such as Jan 2026", "DateTime.ParseExact(field, "
        + $"[{string.Join(", ", MonthsByName.Select(format => $"\"{format}\""))}], {CodeOfCulture})");

    private static readonly TimeFormat Compact = new("such as 20260131",
        $"DateTime.ParseExact(field, [\"yyyyMMdd\", \"yyyyMM\"], {CodeOfCulture})");

    /// <summary>12.2025 and its like, which a number is written as too.</summary>
    public static TimeFormat Months { get; } = new("such as 01.2026", $"DateTime.ParseExact(field, [\"M.yyyy\"], {CodeOfCulture})");

    private static readonly TimeFormat Years = new("years", "new DateTime(int.Parse(field, CultureInfo.InvariantCulture), 1, 1)");

    private static readonly TimeFormat Seconds = new("seconds since 1970",
        "DateTime.UnixEpoch.AddSeconds(double.Parse(field, CultureInfo.InvariantCulture))");

    private static readonly TimeFormat Milliseconds = new("milliseconds since 1970",
        "DateTime.UnixEpoch.AddMilliseconds(double.Parse(field, CultureInfo.InvariantCulture))");

    /// <summary>Those that no number can be mistaken for.</summary>
    public static IReadOnlyList<TimeFormat> Written { get; } = [Usual, MonthFirst, DayFirst, Names];

    /// <summary>Those that are numbers.</summary>
    public static IReadOnlyList<TimeFormat> OfNumbers { get; } = [Compact, Months, Years, Seconds, Milliseconds];

    /// <summary>All, the likeliest first.</summary>
    public static IReadOnlyList<TimeFormat> All { get; } =
        [Usual, MonthFirst, DayFirst, Names, Compact, Months, Years, Seconds, Milliseconds];

    public bool TryParse(string field, out DateTime time)
    {
        time = default;
        if (this == Usual || this == MonthFirst || this == DayFirst)
            // A bare number or the name of a month is no time to anybody but the parser.
            return field.Length >= 6 && char.IsAsciiDigit(field[0]) && !Fields.IsNumber(field)
                && DayAndMonthAreNumbers().IsMatch(field) == (this != Usual) && (this != Usual || HasYear().IsMatch(field))
                && DateTime.TryParse(field, this == DayFirst ? DayThenMonth : CultureInfo.InvariantCulture, Utc, out time);
        if (this == Names || this == Compact || this == Months)
            return DateTime.TryParseExact(field, this == Names ? MonthsByName : this == Months ? ["M.yyyy"] : ["yyyyMMdd", "yyyyMM"],
                CultureInfo.InvariantCulture, Utc, out time);
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

    /// <summary>Whether a field is a day without a year, such as 01-Jul, or a time of day: the parser would make up the rest.</summary>
    public static bool IsPart(string field) => field.Length >= 4 && char.IsAsciiDigit(field[0]) && !Fields.IsNumber(field)
        && !DayAndMonthAreNumbers().IsMatch(field) && !HasYear().IsMatch(field)
        && DateTime.TryParse(field, CultureInfo.InvariantCulture, out _);

    /// <summary>Whether a field is a time of day, such as 18:00 or 6:00 PM.</summary>
    public static bool IsClock(string field) => field.Contains(':') && IsPart(field)
        && DateTime.TryParse(field, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out DateTime time)
        && time.Date == default;

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

    /// <summary>C# that parses a text that has a year.</summary>
    private static string CodeOf(string pattern, string arguments)
        => $"System.Text.RegularExpressions.Regex.IsMatch(field, {CSharp.Text(pattern)}) ? DateTime.Parse(field, {arguments})\n"
            + "        : throw new FormatException($\"'{field}' is no time with a year.\")";

    [GeneratedRegex(Numbers)]
    private static partial Regex DayAndMonthAreNumbers();

    [GeneratedRegex(Year)]
    private static partial Regex HasYear();
}
