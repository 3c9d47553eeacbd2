using Accuracy.Data;

namespace Tagging;

/// <summary>A sentence as a row of a pipeline.</summary>
internal class Request
{
    public string[] Words { get; set; } = [];

    public string[] Labels { get; set; } = [];

    public static Request From(Sentence sentence)
        => new() { Words = Array.ConvertAll(sentence.Words, word => word.ToLowerInvariant()), Labels = sentence.Labels };

    /// <summary>Writes sentences with a word and its label a line.</summary>
    public static void Write(string path, IEnumerable<Sentence> sentences)
        => File.WriteAllLines(path, sentences.SelectMany(sentence => sentence.Words.Zip(sentence.Labels)
            .Select(pair => $"{pair.First} {pair.Second}").Append("")));
}

/// <summary>A sentence with labels that somebody or something gives it.</summary>
internal sealed class TaggedRequest : Request
{
    public string[] Tags { get; set; } = [];
}
