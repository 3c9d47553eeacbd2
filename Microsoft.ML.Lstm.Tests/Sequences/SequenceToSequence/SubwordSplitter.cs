namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>
/// Cuts words into the parts that byte pair encoding learns of a text (Sennrich, Haddow and Birch 2016), here of its letters: the pair of
/// neighbours that occurs most becomes a part, and so on. Every word of known letters has parts.
/// </summary>
internal sealed class SubwordSplitter
{
    // Marks the last part of a word.
    private const char End = '_';

    // The least occurrences of a pair that becomes a part.
    private const int LeastOccurrences = 2;

    private readonly Dictionary<string, string[]> _parts = [];
    private readonly Dictionary<(string First, string Second), int> _ranks = [];

    /// <param name="words">The words of the text.</param>
    /// <param name="merges">How many pairs become parts.</param>
    public SubwordSplitter(IEnumerable<string> words, int merges)
    {
        KeyValuePair<string, int>[] counts = [.. words.CountBy(word => word)];
        string[][] parts = [.. counts.Select(count => LettersOf(count.Key))];
        var pairs = new Dictionary<(string First, string Second), int>();
        var places = new Dictionary<(string First, string Second), HashSet<int>>();
        for (int word = 0; word < parts.Length; word++)
            Count(word, 1);
        for (int rank = 0; rank < merges; rank++)
        {
            // Of equal ones always the same.
            ((string First, string Second) pair, int occurrences) = pairs.MaxBy(pair => (pair.Value, pair.Key.First, pair.Key.Second));
            if (occurrences < LeastOccurrences)
                break;
            _ranks.Add(pair, rank);
            foreach (int word in places[pair].ToArray())
            {
                Count(word, -1);
                parts[word] = Merge(parts[word], pair);
                Count(word, 1);
            }
            pairs.Remove(pair);
        }

        void Count(int word, int sign)
        {
            foreach ((string First, string Second) pair in PairsOf(parts[word]))
            {
                pairs[pair] = pairs.GetValueOrDefault(pair) + sign * counts[word].Value;
                if (!places.TryGetValue(pair, out HashSet<int>? found))
                    places[pair] = found = [];
                found.Add(word);
            }
        }
    }

    public string[] Split(string[] words) => [.. words.SelectMany(Split)];

    /// <summary>Words of parts.</summary>
    public static string[] Join(string[] parts) => string.Concat(parts).Split(End, StringSplitOptions.RemoveEmptyEntries);

    private string[] Split(string word)
    {
        if (_parts.TryGetValue(word, out string[]? parts))
            return parts;
        parts = LettersOf(word);
        while (PairsOf(parts).Where(_ranks.ContainsKey).ToArray() is { Length: > 0 } known)
            parts = Merge(parts, known.MinBy(pair => _ranks[pair]));
        return _parts[word] = parts;
    }

    private static string[] LettersOf(string word)
        => [.. word.Select((letter, i) => i == word.Length - 1 ? $"{letter}{End}" : $"{letter}")];

    private static IEnumerable<(string First, string Second)> PairsOf(string[] parts) => parts.Zip(parts.Skip(1));

    private static string[] Merge(string[] parts, (string First, string Second) pair)
    {
        var merged = new List<string>();
        for (int i = 0; i < parts.Length; i++)
        {
            bool isPair = i + 1 < parts.Length && (parts[i], parts[i + 1]) == pair;
            merged.Add(isPair ? parts[i] + parts[++i] : parts[i]);
        }
        return [.. merged];
    }
}
