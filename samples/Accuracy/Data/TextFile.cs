using System.Text;
using System.Text.RegularExpressions;

namespace Accuracy.Data;

/// <summary>A text a line behind its class.</summary>
internal static partial class TextFile
{
    /// <summary>
    /// Reads lines of a class, <paramref name="separator"/> and a text; lines that <paramref name="headerLines"/> counts are passed over.
    /// </summary>
    public static List<Text> Read(string path, char separator, int headerLines = 0, Encoding? encoding = null)
    {
        var rows = new List<Text>();
        int number = headerLines;
        foreach (string line in File.ReadLines(path, encoding ?? Encoding.UTF8).Skip(headerLines))
        {
            number++;
            if (line.Trim() == "")
                continue;
            int end = line.IndexOf(separator, StringComparison.Ordinal);
            if (end < 1)
                throw new FormatException($"{path}({number}): expected a class, '{separator}' and a text, found '{line}'.");
            rows.Add(new Text { Label = line[..end], Content = line[(end + 1)..] });
        }
        return rows;
    }

    /// <summary>
    /// The text with a space around each sign that is no letter or digit and between letters and digits, and with all digits as 0.
    /// </summary>
    public static Text Spaced(Text text)
        => new() { Label = text.Label, Content = Digit().Replace(string.Join(' ', WordOrSign().Matches(text.Content)), "0") };

    [GeneratedRegex(@"\p{L}+|\d+|[^\s\p{L}\d]")]
    private static partial Regex WordOrSign();

    [GeneratedRegex(@"\d")]
    private static partial Regex Digit();
}
