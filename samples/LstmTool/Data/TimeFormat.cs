using System.Globalization;

namespace LstmTool.Data;

/// <summary>How times are written.</summary>
/// <param name="Name">In words.</param>
/// <param name="Code">C# that makes a time of the text in the variable <c>field</c>.</param>
internal sealed record TimeFormat(string Name, string Code)
{
    private static readonly string[] DayFirst =
    [
        "d/M/yyyy", "d/M/yyyy H:mm", "d/M/yyyy H:mm:ss", "d.M.yyyy", "d.M.yyyy H:mm", "d.M.yyyy H:mm:ss",
        "d-M-yyyy", "d-M-yyyy H:mm", "d-M-yyyy H:mm:ss",
    ];

    private const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    private const string CodeOfUtc = "CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal";

    /// <summary>2026-01-31, 2026-01-31 18:00:00, 01/31/2026 and their like.</summary>
    public static TimeFormat Usual { get; } = new("such as 2026-01-31 18:00", $"DateTime.Parse(field, {CodeOfUtc})");

    private static readonly TimeFormat Days = new("with the day first",
        $"DateTime.ParseExact(field, [{string.Join(", ", DayFirst.Select(format => $"\"{format}\""))}], {CodeOfUtc})");

    private static readonly TimeFormat Compact = new("such as 20260131", $"DateTime.ParseExact(field, \"yyyyMMdd\", {CodeOfUtc})");

    private static readonly TimeFormat Years = new("years", "new DateTime(int.Parse(field, CultureInfo.InvariantCulture), 1, 1)");

    private static readonly TimeFormat Seconds = new("seconds since 1970",
        "DateTime.UnixEpoch.AddSeconds(double.Parse(field, CultureInfo.InvariantCulture))");

    private static readonly TimeFormat Milliseconds = new("milliseconds since 1970",
        "DateTime.UnixEpoch.AddMilliseconds(double.Parse(field, CultureInfo.InvariantCulture))");

    /// <summary>Those that no number can be mistaken for.</summary>
    public static IReadOnlyList<TimeFormat> Written { get; } = [Usual, Days];

    /// <summary>All, the likeliest first.</summary>
    public static IReadOnlyList<TimeFormat> All { get; } = [Usual, Days, Compact, Years, Seconds, Milliseconds];

    public bool TryParse(string field, out DateTime time)
    {
        time = default;
        if (this == Usual)
            // A bare number or the name of a month is no time to anybody but the parser.
            return field.Length >= 6 && char.IsAsciiDigit(field[0]) && !Fields.IsNumber(field)
                && DateTime.TryParse(field, CultureInfo.InvariantCulture, Utc, out time);
        if (this == Days)
            return DateTime.TryParseExact(field, DayFirst, CultureInfo.InvariantCulture, Utc, out time);
        if (this == Compact)
            return DateTime.TryParseExact(field, "yyyyMMdd", CultureInfo.InvariantCulture, Utc, out time);
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
}
