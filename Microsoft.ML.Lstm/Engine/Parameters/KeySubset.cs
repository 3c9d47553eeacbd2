namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The keys of a column that a network knows, of the many that the column may have: those that occurred in its training data. They are
/// numbered anew, from 1, in their order; all others are 0, which is the unknown one.
/// </summary>
internal sealed class KeySubset : IEquatable<KeySubset>
{
    /// <summary>The most keys that a column may have.</summary>
    public const int MostKeys = 1 << 26;

    private readonly int[] _runs;

    // The first key of each run of known ones, and how many are known before it.
    private readonly int[] _starts;
    private readonly int[] _before;

    /// <param name="keyCount">How many keys the column may have.</param>
    /// <param name="runs"> From the first key on: how many are not known, how many behind them are, how many behind these are not, and so
    /// on; the last ones, which are not known, are left out. </param>
    /// <exception cref="ArgumentException">They are no such numbers.</exception>
    public KeySubset(int keyCount, int[] runs)
    {
        if (runs.Length % 2 != 0 || runs.Where((run, i) => run < (i == 0 ? 0 : 1)).Any() || runs.Sum(run => (long)run) > keyCount)
            throw new ArgumentException($"Numbers of keys, not known and known in turn and {keyCount} at most in all, were expected.",
                nameof(runs));
        KeyCount = keyCount;
        _runs = runs;
        _starts = new int[runs.Length / 2];
        _before = new int[_starts.Length];
        int next = 1;
        for (int i = 0; i < _starts.Length; i++)
        {
            (_starts[i], _before[i]) = (next + runs[2 * i], Count);
            Count += runs[2 * i + 1];
            next = _starts[i] + runs[2 * i + 1];
        }
    }

    /// <summary>How many keys the column may have.</summary>
    public int KeyCount { get; }

    /// <summary>How many of them are known.</summary>
    public int Count { get; }

    /// <summary>From the first key on how many are not known and how many are, in turn.</summary>
    public IReadOnlyList<int> Runs => _runs;

    /// <summary>The known keys, counted from 1, in ascending order.</summary>
    public IEnumerable<int> Keys => _starts.SelectMany((start, i) => Enumerable.Range(start, _runs[2 * i + 1]));

    /// <summary>The subset of these keys, counted from 1; null when it is all of them.</summary>
    public static KeySubset? Of(int keyCount, IEnumerable<int> keys)
    {
        var runs = new List<int>();
        int count = 0, next = 1;
        foreach (int key in keys.Distinct().Order())
        {
            if (key == next && runs.Count > 0)
                runs[^1]++;
            else
                runs.AddRange([key - next, 1]);
            next = key + 1;
            count++;
        }
        return count == keyCount ? null : new KeySubset(keyCount, [.. runs]);
    }

    /// <summary>The number of a key, from 1; 0 for one that is not known, and for the missing one.</summary>
    public int NumberOf(int key)
    {
        int run = Array.BinarySearch(_starts, key);
        if (run < 0)
            run = ~run - 1;
        return run >= 0 && key - _starts[run] < _runs[2 * run + 1] ? _before[run] + key - _starts[run] + 1 : 0;
    }

    /// <summary>Numbers the tokens of steps, step-major, in place.</summary>
    /// <param name="tokens">Keys of columns, one of each column a step.</param>
    /// <param name="subsets">For each column the keys that are known; null for all of them.</param>
    public static void Apply(Span<int> tokens, IReadOnlyList<KeySubset?> subsets)
    {
        for (int column = 0; column < subsets.Count; column++)
        {
            for (int i = column; i < tokens.Length && subsets[column] is { } keys; i += subsets.Count)
                tokens[i] = keys.NumberOf(tokens[i]);
        }
    }

    public bool Equals(KeySubset? other) => other is not null && KeyCount == other.KeyCount && _runs.AsSpan().SequenceEqual(other._runs);

    public override bool Equals(object? obj) => Equals(obj as KeySubset);

    public override int GetHashCode() => HashCode.Combine(KeyCount, Count);
}
