using System.Globalization;
using System.Text.RegularExpressions;

namespace LstmTool.Data;

/// <summary>What a field of a file says.</summary>
internal static partial class Fields
{
    private static readonly HashSet<string> Missing = new(StringComparer.OrdinalIgnoreCase)
    {
        "", "?", "NaN", "NA", "N/A", "null", "none", "nil", "-", ".", "#N/A", "n.a.", "n/v", "#NV",
    };

    // A shorter one, as 18:00, may be the name of a column.
    private const int ShortestTime = 6;

    // Around numbers in the files of spreadsheets and portals.
    private static readonly char[] Signs = [' ', '\u00A0', '\u202F', '$', '€', '£', '¥'];

    private static readonly NumberFormatInfo Comma = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." };

    /// <summary>Digits in groups of three.</summary>
    public const string ThousandsPattern = @"^[+-]?\d{1,3}((\.\d{3})+(,\d+)?|(,\d{3})+(\.\d+)?)$";

    /// <summary>Digits in groups of three with spaces or apostrophes between.</summary>
    public const string GroupsPattern = @"^[+-]?\d{1,3}([ \u00A0\u202F'\u2019])\d{3}(\1\d{3})*([.,]\d+)?$";

    /// <summary>C# of the signs of currencies and spaces around numbers.</summary>
    public static string SignsCode => string.Join(", ", Signs.Select(sign => char.IsAscii(sign) ? $"'{sign}'" : $"'\\u{(int)sign:X4}'"));

    /// <summary>What stands for a missing value, in small or capital letters.</summary>
    public static IEnumerable<string> MissingTexts => Missing;

    public static bool IsMissing(string field) => Missing.Contains(field);

    /// <summary>Whether a field is a number or a time, which no name of a column is.</summary>
    public static bool IsValue(string field) => IsNumber(field) || HasComma(field)
        || TimeFormat.Written.Any(format => format.TryParse(field, out _))
        || field.Length >= ShortestTime && TimeFormat.IsPart(field);

    public static bool IsNumber(string field) => TryParseNumber(field, decimalComma: null, out _);

    /// <summary>Whether a field is a number such as 20,7 or 1.234,5, or 1,234.5: whoever does not know the file can't tell.</summary>
    public static bool HasComma(string field)
        => field.Contains(',') && (TryParseNumber(field, decimalComma: true, out _) || TryParseNumber(field, decimalComma: false, out _));

    /// <summary>Whether a field is a truth value, which is 1 or 0 where a number is wanted.</summary>
    public static bool IsTruth(string field) => bool.TryParse(field, out _);

    /// <summary>Whether a number of several groups of digits may be as many numbers of three digits, with spaces between.</summary>
    public static bool MayBeList(string field) => field.Contains(' ') && field.Split(' ').All(part => part.Length == 3);

    /// <summary>Reads a number, perhaps with the sign of a currency or of percent, or with spaces between thousands.</summary>
    /// <param name="field">The field.</param>
    /// <param name="decimalComma">True: 1.234,5. False: 1,234.5. Null: 1234.5, and no number with a comma.</param>
    /// <param name="number">The number.</param>
    public static bool TryParseNumber(string field, bool? decimalComma, out float number)
    {
        string bare = field.Trim(Signs);
        if (bare.EndsWith('%'))
            bare = bare[..^1].TrimEnd(Signs);
        if (Groups().Match(bare) is { Success: true } groups)
            bare = bare.Replace(groups.Groups[1].Value, "", StringComparison.Ordinal);
        // The parser would take separators of thousands anywhere.
        NumberStyles styles = NumberStyles.Float
            | (decimalComma is not null && HasThousands().IsMatch(bare) ? NumberStyles.AllowThousands : NumberStyles.None);
        return float.TryParse(bare, styles, decimalComma == true ? Comma : CultureInfo.InvariantCulture, out number)
            && float.IsFinite(number);
    }

    [GeneratedRegex(ThousandsPattern)]
    private static partial Regex HasThousands();

    [GeneratedRegex(GroupsPattern)]
    private static partial Regex Groups();
}
