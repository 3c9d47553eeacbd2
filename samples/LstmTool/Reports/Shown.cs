using System.Globalization;

namespace LstmTool.Reports;

/// <summary>Numbers as readers want them: four digits that count, the same decimals down a column.</summary>
internal static class Shown
{
    /// <summary>What stands where there is no number.</summary>
    public const string Nothing = "–";

    public static string Number(double value) => Number(value, DecimalsFor(value), '#');

    /// <summary>Numbers of one kind, with as many decimals each.</summary>
    public static IReadOnlyList<string> Column(IReadOnlyList<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        int? decimals = DecimalsFor(finite.Length == 0 ? 0 : finite.Max(Math.Abs));
        return [.. values.Select(value => Number(value, decimals, '0'))];
    }

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Percent(double share)
        => double.IsFinite(share) ? (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %" : Nothing;

    public static string Duration(TimeSpan time) => time.TotalSeconds < 100
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s");

    public static string Time(DateTime time, bool hasTimeOfDay)
        => time.ToString(hasTimeOfDay ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd", CultureInfo.InvariantCulture);

    // Null for numbers that need an exponent.
    private static int? DecimalsFor(double value)
    {
        double size = Math.Abs(value);
        if (!(size > 0))
            return 0;
        return size is < 1e-4 or >= 1e9 ? null : Math.Clamp(3 - (int)Math.Floor(Math.Log10(size)), 0, 6);
    }

    private static string Number(double value, int? decimals, char digit) => !double.IsFinite(value)
        ? double.IsNaN(value) ? Nothing : value > 0 ? "∞" : "−∞"
        : value.ToString(decimals is { } count ? "#,0." + new string(digit, count) : "0.###e0", CultureInfo.InvariantCulture)
            .Replace('-', '−');
}
