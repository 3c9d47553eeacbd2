using System.Text;
using System.Text.RegularExpressions;

namespace Accuracy.Data;

/// <summary>A text a line behind its class.</summary>
internal static partial class TextFile
{
    /// <summary>Reads lines of a class, <paramref name="separator"/> and a text; lines that <paramref name="headerLines"/> counts are passed over.</summary>
    public static List<(string Label, string Content)> Read(string path, char separator, int headerLines = 0, Encoding? encoding = null)
    {
        var rows = new List<(string, string)>();
        int number = headerLines;
        foreach (string line in File.ReadLines(path, encoding ?? Encoding.UTF8).Skip(headerLines))
        {
            number++;
            if (line.Trim() == "")
                continue;
            int end = line.IndexOf(separator, StringComparison.Ordinal);
            if (end < 1)
                throw new FormatException($"{path}({number}): expected a class, '{separator}' and a text, found '{line}'.");
            rows.Add((line[..end], line[(end + 1)..]));
        }
        return rows;
    }

    /// <summary>Words in small letters, numbers (their digits as 0), and each other sign by itself.</summary>
    public static string[] Words(string text) => [.. WordOrSign().Matches(text.ToLowerInvariant()).Select(match => Digit().Replace(match.Value, "0"))];

    /// <summary>A token for each character.</summary>
    public static string[] Characters(string text) => [.. text.EnumerateRunes().Select(rune => rune.ToString())];

    [GeneratedRegex(@"\p{L}+|\d+|[^\s\p{L}\d]")]
    private static partial Regex WordOrSign();

    [GeneratedRegex(@"\d")]
    private static partial Regex Digit();
}
