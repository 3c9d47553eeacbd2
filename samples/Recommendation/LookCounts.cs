namespace Recommendation;

/// <summary>What recommendations without a model go by: how often items are looked at, and which follows which.</summary>
internal sealed class LookCounts(string[][] visits)
{
    private readonly Dictionary<string, string[]> _behind = visits
        .SelectMany(items => items.Zip(items.Skip(1)))
        .GroupBy(pair => pair.First, pair => pair.Second)
        .ToDictionary(following => following.Key, following => MostFrequent(following));

    /// <summary>All items, the most frequent first.</summary>
    public string[] Popular { get; } = MostFrequent(visits.SelectMany(items => items));

    /// <summary>What came behind an item, the most frequent first, and then what is popular.</summary>
    public IEnumerable<string> Behind(string item) => _behind.GetValueOrDefault(item, []).Concat(Popular);

    private static string[] MostFrequent(IEnumerable<string> items) => [.. items.CountBy(item => item)
        .OrderByDescending(item => item.Value).ThenBy(item => item.Key, StringComparer.Ordinal).Select(item => item.Key)];
}
