using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>Damages the content of a file at random, in many ways.</summary>
internal static partial class Mutator
{
    private static readonly string[] Numbers =
    [
        "-1", "0", "1", "2", "3", "7", "64", "100", "1000", "65535", "65536", "100000", "1048576", "4194304", "16777216", "2147483647",
            "2147483648", "-2147483648", "4294967296",
        "9223372036854775807", "9223372036854775808", "1e9", "1e38", "1e39", "1e308", "1e400", "-1e400", "0.5", "-0.0", "1e-45", "00", "1.",
            "NaN", "\"NaN\"", "\"1\"",
    ];

    private static readonly string[] Values = ["null", "true", "false", "[]", "{}", "\"\"", "\"x\"", "[null]", "[[[[[[[[[[1]]]]]]]]]]",
        "{\"a\":{\"a\":{\"a\":{\"a\":1}}}}", "[1,2,3]", "\"\\ud800\""];

    /// <summary>The content with one to three damages; JSON is damaged as if someone had edited it.</summary>
    public static byte[] Mutate(byte[] content, string name, Random random)
    {
        byte[] result = content;
        for (int i = random.Next(3); i >= 0; i--)
        {
            bool isText = random.Next(2) == 0;
            result = isText && name.EndsWith(".json", StringComparison.Ordinal) ? EditJson(result, random)
                : isText && name.EndsWith(".safetensors", StringComparison.Ordinal) ? EditHeader(result, random)
                : Damage(result, random);
        }
        return result;
    }

    private static byte[] Damage(byte[] content, Random random)
    {
        byte[] result = [.. content];
        if (result.Length == 0)
            return [(byte)random.Next(256)];
        // Headers are short, so they are damaged more often than by their share of the bytes.
        int at = random.Next(random.Next(2) == 0 ? result.Length : Math.Min(result.Length, 600)), length = random.Next(1, 40);
        int end = Math.Min(result.Length, at + length);
        switch (random.Next(8))
        {
            case 0 or 1:
                result[at] ^= (byte)(1 << random.Next(8));
                return result;
            case 2:
                result[at] = (byte)random.Next(256);
                return result;
            case 3:
                return result[..at];
            case 4:
                return [.. result[..at], .. result[end..]];
            case 5:
                byte[] inserted = new byte[length];
                random.NextBytes(inserted);
                return [.. result[..at], .. inserted, .. result[at..]];
            case 6:
                return [.. result[..end], .. result[at..end], .. result[end..]];
            default:
                (result[at], result[end - 1]) = (result[end - 1], result[at]);
                return result;
        }
    }

    /// <summary>Edits the header of a safetensors stream, and usually corrects its length.</summary>
    private static byte[] EditHeader(byte[] content, Random random)
    {
        if (content.Length < 9
            || BinaryPrimitives.ReadInt64LittleEndian(content) is var length && (length < 1 || length > content.Length - 8))
            return Damage(content, random);
        byte[] header = EditJson(content[8..(int)(8 + length)], random);
        byte[] result = [.. content[..8], .. header, .. content[(int)(8 + length)..]];
        if (random.Next(8) > 0)
            BinaryPrimitives.WriteInt64LittleEndian(result, header.Length);
        return result;
    }

    private static byte[] EditJson(byte[] json, Random random)
    {
        string text = Encoding.UTF8.GetString(json);
        switch (random.Next(7))
        {
            case 0 or 1:
                return Replace(Number(), number => random.Next(3) == 0 && long.TryParse(number, out long value)
                    ? (value + random.Next(-3, 4)).ToString(CultureInfo.InvariantCulture)
                    : Numbers[random.Next(Numbers.Length)]);
            case 2:
                return Replace(Value(), _ => Values[random.Next(Values.Length)]);
            case 3:
                // A property twice, the second time with the same or another value.
                return Replace(Property(), property => property + (property.EndsWith(',') ? "" : ",")
                    + (random.Next(2) == 0 ? property : Number().Replace(property, "5", 1)));
            case 4:
                return Replace(Property(), _ => "");
            case 5:
                return Replace(Text(), name => random.Next(3) switch { 0 => name + "x", 1 => "", _ => name.ToUpperInvariant() });
            default:
                MatchCollection properties = Property().Matches(text);
                return properties.Count == 0 ? json : Replace(Property(), _ => properties[random.Next(properties.Count)].Value);
        }

        byte[] Replace(Regex what, Func<string, string> with)
        {
            MatchCollection matches = what.Matches(text);
            if (matches.Count == 0)
                return Damage(json, random);
            Match match = matches[random.Next(matches.Count)];
            return Encoding.UTF8.GetBytes(text[..match.Index] + with(match.Value) + text[(match.Index + match.Length)..]);
        }
    }

    // JSON within JSON has a backslash before each of its quotation marks.
    [GeneratedRegex(@"(?<=[:\[,]\s*)-?\d[\d.eE+-]*")]
    private static partial Regex Number();

    [GeneratedRegex(@"(?<=:\s*)(-?\d[\d.eE+-]*|true|false|null|\\?""[^""]*""|\[[^\[\]]*\]|\{[^{}]*\})")]
    private static partial Regex Value();

    [GeneratedRegex(@"\\?""\w+\\?"":\s*(-?\d[\d.eE+-]*|true|false|null|\\?""[^""]*""|\[[^\[\]]*\]|\{[^{}]*\}),?")]
    private static partial Regex Property();

    [GeneratedRegex(@"(?<="")[\w. ]+(?=\\?"")")]
    private static partial Regex Text();
}
