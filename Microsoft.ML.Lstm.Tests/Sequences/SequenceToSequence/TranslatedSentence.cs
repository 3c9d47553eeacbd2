using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>An English sentence of Tatoeba with its French translations.</summary>
internal sealed partial record TranslatedSentence(string Source, string[] Translations)
{
    /// <summary>
    /// The sentences of lines <c>English TAB French</c>: the first 2,000 distinct ones are the test, the next 2,000 for validation, the
    /// rest for training. French texts have plain spaces and apostrophes.
    /// </summary>
    public static (TranslatedSentence[] Training, TranslatedSentence[] Validation, TranslatedSentence[] Test) Split(
        IEnumerable<string> lines)
    {
        TranslatedSentence[] sentences = [.. lines.Select(line => line.Split('\t')).GroupBy(pair => pair[0], pair => Plain(pair[1]))
            .Select(group => new TranslatedSentence(group.Key, [.. group.Distinct()]))];
        return (sentences[4000..], sentences[2000..4000], sentences[..2000]);
    }

    /// <summary>A row for each translation.</summary>
    /// <param name="source">Makes symbols of an English text.</param>
    /// <param name="target">Makes symbols of a French text.</param>
    public IEnumerable<SymbolRow> Rows(Func<string, string[]> source, Func<string, string[]> target)
        => Translations.Select(text => new SymbolRow
        {
            Source = source(Source),
            Target = target(text),
            References = Translations,
        });

    // Tatoeba's authors differ in which space they put before a mark, and in the apostrophe.
    private static string Plain(string text)
    {
        text = text.Replace('’', '\'').Replace("\u200b", "", StringComparison.Ordinal);
        return Spaces().Replace(MarksApart().Replace(text, " $1"), " ").Trim();
    }

    [GeneratedRegex("([?!:;])")]
    private static partial Regex MarksApart();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
