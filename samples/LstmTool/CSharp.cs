using System.Text;

namespace LstmTool;

/// <summary>C# code.</summary>
internal static class CSharp
{
    private static readonly HashSet<string> Keywords =
    [
        "abstract", "as", "base", "bool", "break", "byte", "case", "catch", "char", "checked", "class", "const", "continue", "decimal",
        "default", "delegate", "do", "double", "else", "enum", "event", "explicit", "extern", "false", "finally", "fixed", "float", "for",
        "foreach", "goto", "if", "implicit", "in", "int", "interface", "internal", "is", "lock", "long", "namespace", "new", "null",
        "object", "operator", "out", "override", "params", "private", "protected", "public", "readonly", "ref", "return", "sbyte", "sealed",
        "short", "sizeof", "stackalloc", "static", "string", "struct", "switch", "this", "throw", "true", "try", "typeof", "uint", "ulong",
        "unchecked", "unsafe", "ushort", "using", "virtual", "void", "volatile", "while",
    ];

    /// <summary>Whether a name is one of C#'s own words.</summary>
    public static bool IsKeyword(string name) => Keywords.Contains(name);

    /// <summary>A literal.</summary>
    public static string Text(string text)
    {
        var code = new StringBuilder("\"");
        foreach (char character in text)
        {
            code.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or '\u0085' or '\u2028' or '\u2029' => $"\\u{(int)character:X4}",
                _ => character.ToString(),
            });
        }
        return code.Append('"').ToString();
    }

    /// <summary>A name for a member: letters, digits and underscores, the first letter a capital.</summary>
    /// <param name="name">The name of a column, anything.</param>
    /// <param name="taken">Names that there are.</param>
    public static string Member(string name, IReadOnlyCollection<string> taken)
    {
        var letters = new StringBuilder();
        foreach (char character in name)
            letters.Append(char.IsLetterOrDigit(character) && char.IsAscii(character) || character == '_' ? character : '_');
        string member = letters.ToString().Trim('_');
        if (member == "" || char.IsAsciiDigit(member[0]))
            member = "Column_" + member;
        member = char.ToUpperInvariant(member[0]) + member[1..];
        string unique = member;
        for (int i = 2; taken.Contains(unique) || Keywords.Contains(unique); i++)
            unique = $"{member}_{i}";
        return unique;
    }
}
