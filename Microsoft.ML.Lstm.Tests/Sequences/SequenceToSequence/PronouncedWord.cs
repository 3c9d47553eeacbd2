using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>A word of the CMU Pronouncing Dictionary, with all its pronunciations, without stress.</summary>
internal sealed record PronouncedWord(string Word, string[] Pronunciations)
{
    /// <summary>
    /// The words of a cmudict.dict, by the SHA-256 of each: the first twentieth is the test, the next one for validation, the rest for
    /// training.
    /// </summary>
    public static (PronouncedWord[] Training, PronouncedWord[] Validation, PronouncedWord[] Test) Split(IEnumerable<string> lines)
    {
        PronouncedWord[] words = [.. lines.Select(Parse).GroupBy(line => line.Word, line => line.Pronunciation)
            .Select(word => new PronouncedWord(word.Key, [.. word.Distinct()]))
            .OrderBy(word => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(word.Word))), StringComparer.Ordinal)];
        int part = words.Length / 20;
        return (words[(2 * part)..], words[part..(2 * part)], words[..part]);
    }

    /// <summary>A row for each pronunciation.</summary>
    public IEnumerable<SymbolRow> Rows => Pronunciations.Select(pronunciation => new SymbolRow
    {
        Source = [.. Word.Select(letter => letter.ToString())],
        Target = pronunciation.Split(' '),
        References = Pronunciations,
    });

    // word(2) W ER1 D # remark
    private static (string Word, string Pronunciation) Parse(string line)
    {
        string[] parts = line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string word = parts[0][^1] == ')' ? parts[0][..parts[0].LastIndexOf('(')] : parts[0];
        return (word, string.Join(' ', parts.Skip(1).Select(phone => phone.TrimEnd('0', '1', '2'))));
    }
}

/// <summary>Symbols to read and to write.</summary>
internal sealed class SymbolRow
{
    public string[] Source { get; set; } = [];

    public string[] Target { get; set; } = [];

    /// <summary>All that are right, as texts.</summary>
    public string[] References { get; set; } = [];
}
