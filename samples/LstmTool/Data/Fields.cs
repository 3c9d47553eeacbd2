using System.Globalization;
using System.Text.RegularExpressions;

namespace LstmTool.Data;

/// <summary>What a field of a file says.</summary>
internal static partial class Fields
{
    private static readonly HashSet<string> Missing = new(StringComparer.OrdinalIgnoreCase)
    {
        "", "?", "NaN", "NA", "N/A", "null", "none", "nil", "-", ".", "#N/A",
    };

    private static readonly NumberFormatInfo Comma = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." };

    /// <summary>What stands for a missing value, in small or capital letters.</summary>
    public static IEnumerable<string> MissingTexts => Missing;

    public static bool IsMissing(string field) => Missing.Contains(field);

    /// <summary>Whether a field is a number or a time, which no name of a column is.</summary>
    public static bool IsValue(string field) => IsNumber(field) || HasDecimalComma(field) || TimeFormat.Usual.TryParse(field, out _);

    public static bool IsNumber(string field) => TryParseNumber(field, decimalComma: false, out _);

    /// <summary>Whether a field is a number such as 20,7 or 1.234,5.</summary>
    public static bool HasDecimalComma(string field) => DecimalComma().IsMatch(field);

    public static bool TryParseNumber(string field, bool decimalComma, out float number)
        => (decimalComma
            ? float.TryParse(field, NumberStyles.Float | NumberStyles.AllowThousands, Comma, out number)
            : float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out number))
            && float.IsFinite(number);

    [GeneratedRegex(@"^[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+$")]
    private static partial Regex DecimalComma();
}
