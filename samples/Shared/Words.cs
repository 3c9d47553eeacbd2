using System.Text.RegularExpressions;

namespace Shared;

/// <summary>Texts as words, and back.</summary>
internal static partial class Words
{
    /// <summary>
    /// The words of a text in small letters. What ends in an apostrophe (l') is a word, and so is each mark of punctuation.
    /// </summary>
    public static string[] Of(string text) => [.. WordPattern().Matches(text.ToLowerInvariant()).Select(word => word.Value)];

    /// <summary>A text with a space behind each word, but not behind an apostrophe or before a mark of punctuation.</summary>
    public static string Join(IEnumerable<string> words) => GapPattern().Replace(string.Join(' ', words), "$1$2");

    [GeneratedRegex(@"\p{N}+(?:[.,:]\p{N}+)+|[\p{L}\p{M}\p{N}]+(?:-[\p{L}\p{M}\p{N}]+)*(?:['’](?=\p{L}))?|\S")]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"(['’]) | ([.,!?;:])")]
    private static partial Regex GapPattern();
}
