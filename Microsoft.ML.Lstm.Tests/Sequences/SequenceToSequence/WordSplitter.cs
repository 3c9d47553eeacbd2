using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>
/// Makes words of a text, and a text of words. A word takes the apostrophe at its end (j', French) or before it ('m, English) along, and
/// the hyphen before it (-elle); marks are words. The first word is lower-case, unless it is upper-case wherever it stands within a
/// sentence.
/// </summary>
internal sealed partial class WordSplitter
{
    private readonly HashSet<string> _names = [];
    private readonly Regex _words;

    /// <param name="texts">Texts whose words within sentences show which are names.</param>
    /// <param name="isFrench">Whether words are elided at their end, and marks such as ? stand apart.</param>
    public WordSplitter(IEnumerable<string> texts, bool isFrench)
    {
        _words = isFrench ? French() : English();
        var lower = new HashSet<string>();
        foreach (Match match in texts.SelectMany(text => _words.Matches(text).Skip(1)))
            (char.IsUpper(match.Value[0]) ? _names : lower).Add(match.Value);
        _names.RemoveWhere(name => lower.Contains(LowerFirst(name)));
    }

    public string[] Split(string text)
    {
        string[] words = [.. _words.Matches(text).Select(match => match.Value)];
        if (words.Length > 0 && !_names.Contains(words[0]))
            words[0] = LowerFirst(words[0]);
        return words;
    }

    /// <summary>A French text of words.</summary>
    public static string Join(string[] words)
    {
        string text = "";
        foreach (string word in words)
            text += text.Length == 0 || text[^1] == '\'' || word[0] is '.' or ',' or '-' ? word : " " + word;
        return text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
    }

    private static string LowerFirst(string word) => char.ToLowerInvariant(word[0]) + word[1..];

    [GeneratedRegex(@"\d+(?:[.,]\d+)*|-?\w+'?|[^\w\s]")]
    private static partial Regex French();

    [GeneratedRegex(@"\d+(?:[.,]\d+)*|[-']?\w+|[^\w\s]")]
    private static partial Regex English();
}
