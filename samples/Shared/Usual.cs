namespace Shared;

/// <summary>What something mostly is where no network is asked: of all values that were seen with a key, the one seen most often.</summary>
internal sealed class Usual<TKey> where TKey : notnull
{
    private readonly Dictionary<TKey, string> _values;
    private readonly string _ofAll;

    /// <param name="seen">What was seen; at least one value.</param>
    public Usual(IEnumerable<(TKey Key, string Value)> seen)
    {
        (TKey Key, string Value)[] pairs = [.. seen];
        _values = pairs.GroupBy(pair => pair.Key, pair => pair.Value).ToDictionary(group => group.Key, MostFrequent);
        _ofAll = MostFrequent(pairs.Select(pair => pair.Value));
    }

    public bool Knows(TKey key) => _values.ContainsKey(key);

    /// <summary>The usual value of a key, or of all if it was never seen.</summary>
    public string Of(TKey key) => _values.GetValueOrDefault(key, _ofAll);

    private static string MostFrequent(IEnumerable<string> values) => values.CountBy(value => value).MaxBy(count => count.Value).Key;
}
