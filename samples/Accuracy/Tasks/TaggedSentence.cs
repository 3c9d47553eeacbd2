using System.Text;
using Accuracy.Data;

namespace Accuracy.Tasks;

/// <summary>What a tagger is told of each word of a sentence, and the labels.</summary>
internal sealed class TaggedSentence
{
    /// <summary>The words as they are written, to be read by their characters.</summary>
    public string[] Text = [];

    public string[] Word = [];
    public string[] Prefix = [];
    public string[] Suffix2 = [];
    public string[] Suffix3 = [];
    public string[] Shape = [];
    public string[] Extra = [];
    public string[] Label = [];

    /// <param name="sentence">Words, perhaps columns with more on each, and labels.</param>
    /// <param name="known">The words that are worth a vector of their own; others are unknown.</param>
    public static TaggedSentence From(Sentence sentence, IReadOnlySet<string> known)
    {
        string[] words = Array.ConvertAll(sentence.Words, word => word.ToLowerInvariant());
        return new TaggedSentence
        {
            Text = sentence.Words,
            Word = Array.ConvertAll(words, word => known.Contains(word) ? word : ""),
            Prefix = Array.ConvertAll(words, word => word[..Math.Min(2, word.Length)]),
            Suffix2 = Array.ConvertAll(words, word => word[^Math.Min(2, word.Length)..]),
            Suffix3 = Array.ConvertAll(words, word => word[^Math.Min(3, word.Length)..]),
            Shape = Array.ConvertAll(sentence.Words, ShapeOf),
            Extra = [.. words.Select((_, t) => string.Join(' ', sentence.Columns[1..^1].Select(column => column[t])))],
            Label = sentence.Labels,
        };
    }

    /// <summary>
    /// X, x and d for capital and small letters and digits, others as they are, each run of the same once: McDonald's is XxXx'x.
    /// </summary>
    private static string ShapeOf(string word)
    {
        var shape = new StringBuilder();
        foreach (char character in word)
        {
            char kind = char.IsUpper(character) ? 'X' : char.IsLower(character) ? 'x' : char.IsDigit(character) ? 'd' : character;
            if (shape.Length == 0 || shape[^1] != kind)
                shape.Append(kind);
        }
        return shape.ToString();
    }
}
