namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>Which of the keys that a network knows each key of a column stands for, whatever the numbers of either.</summary>
/// <param name="keyCount">The number of keys of the column.</param>
/// <param name="numberOf">The network's number, from 1, of a key of the column; 0 where it does not know the key.</param>
internal sealed class KeyMatch(int keyCount, Func<int, int> numberOf)
{
    /// <summary>The number of keys of the column.</summary>
    public int KeyCount { get; } = keyCount;

    /// <summary>The keys of the column that the network knows.</summary>
    public IEnumerable<int> Known => Enumerable.Range(1, KeyCount).Where(key => numberOf(key) > 0);

    /// <summary>Keys that are the same on either side.</summary>
    /// <param name="keys">Those that the network knows; null for all.</param>
    /// <param name="keyCount">The number of keys that the column may have.</param>
    public static KeyMatch OfSame(KeySubset? keys, int keyCount) => new(keyCount, key => keys is null ? key : keys.NumberOf(key));

    /// <summary>Keys that stand for the same names.</summary>
    /// <param name="known">The names of the keys that the network knows, in the order of their numbers.</param>
    /// <param name="names">The names of the column's keys.</param>
    public static KeyMatch OfNames(IReadOnlyList<string> known, string[] names)
    {
        var numbers = new Dictionary<string, int>(known.Count, StringComparer.Ordinal);
        foreach ((int index, string name) in known.Index())
            numbers.TryAdd(name, index + 1);
        return new KeyMatch(names.Length, key => numbers.GetValueOrDefault(names[key - 1]));
    }

    /// <summary>The network's number of a key of the column, from 1; 0 where it does not know the key.</summary>
    public int NumberOf(int key) => numberOf(key);

    /// <summary>A table of the keys that the network knows, under their numbers in the column.</summary>
    public EmbeddingShape TableOf(EmbeddingShape table)
    {
        KeySubset? known = KeySubset.Of(KeyCount, Known);
        return table with { Vocabulary = known?.Count ?? KeyCount, Keys = known };
    }
}

/// <summary>Which keys of the data are those that a network knows.</summary>
/// <param name="Tokens">The keys of each column of tokens.</param>
/// <param name="Labels">The keys of the label, as classes or as tokens that are written; null where there are none.</param>
internal sealed record KeyMatches(IReadOnlyList<KeyMatch> Tokens, KeyMatch? Labels)
{
    /// <summary>The shape of the network with the numbers that the keys have in the data.</summary>
    public NetworkShape Apply(NetworkShape shape)
    {
        var tables = new ValueList<EmbeddingShape>([.. shape.Embeddings.Zip(Tokens, (table, match) => match.TableOf(table))]);
        shape = shape with { Embeddings = tables };
        if (Labels is null)
            return shape;
        if (shape.Target is { } target)
            return shape with { Target = target with { Table = Labels.TableOf(target.Table) } };
        KeySubset? known = KeySubset.Of(Labels.KeyCount, Labels.Known);
        return shape with { Classes = known, OutputSize = (known?.Count ?? Labels.KeyCount) + (shape.Head == Head.Ctc ? 1 : 0) };
    }
}
