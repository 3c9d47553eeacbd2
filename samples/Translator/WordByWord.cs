namespace Translator;

/// <summary>
/// A translation without a model: for each word the one that stands in translations of its sentences and seldom in others, by Dice's
/// coefficient (twice the sentences with both, by the sentences with each).
/// </summary>
internal sealed class WordByWord
{
    private readonly Dictionary<string, string> _translations = [];

    public WordByWord(IEnumerable<Pair> pairs)
    {
        Dictionary<string, int> sources = [], targets = [];
        Dictionary<(string Source, string Target), int> together = [];
        foreach (Pair pair in pairs)
        {
            string[] source = [.. pair.Source.Distinct()], target = [.. pair.Target.Distinct()];
            foreach (string word in source)
                sources[word] = sources.GetValueOrDefault(word) + 1;
            foreach (string word in target)
                targets[word] = targets.GetValueOrDefault(word) + 1;
            foreach (string word in source)
            {
                foreach (string other in target)
                    together[(word, other)] = together.GetValueOrDefault((word, other)) + 1;
            }
        }
        foreach (var candidates in together.GroupBy(both => both.Key.Source))
            _translations[candidates.Key] = candidates
                .MaxBy(both => 2.0 * both.Value / (sources[both.Key.Source] + targets[both.Key.Target])).Key.Target;
    }

    public string[] Translate(IEnumerable<string> words) => [.. words.Select(word => _translations.GetValueOrDefault(word, word))];
}
