namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The known keys of a column: the keys that occurred in the training data of a network, out of the many that the column may have. They are
/// renumbered from 1 in ascending order; every other key becomes 0, the unknown key.
/// </summary>
internal sealed class KeySubset : IEquatable<KeySubset>
{
    /// <summary>The most keys that a column may have.</summary>
    public const int MostKeys = 1 << 26;

    private readonly int[] _runs;

    // The first key of each run of known keys, and the number of known keys before it.
    private readonly int[] _starts;
    private readonly int[] _before;

    /// <param name="keyCount">The number of keys that the column may have.</param>
    /// <param name="runs">The lengths of the runs of unknown and known keys in turn, from the first key on; a run of unknown keys at the
    /// end is left out.</param>
    /// <exception cref="ArgumentException">The lengths are not valid.</exception>
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

    /// <summary>The number of keys that the column may have.</summary>
    public int KeyCount { get; }

    /// <summary>The number of known keys.</summary>
    public int Count { get; }

    /// <summary>The lengths of the runs of unknown and known keys in turn.</summary>
    public IReadOnlyList<int> Runs => _runs;

    /// <summary>The known keys, counted from 1, in ascending order.</summary>
    public IEnumerable<int> Keys => Known.SelectMany(run => Enumerable.Range(run.First, run.Count));

    /// <summary>The runs of known keys: the first key, counted from 1, and their number.</summary>
    public IEnumerable<(int First, int Count)> Known => _starts.Select((start, i) => (start, _runs[2 * i + 1]));

    /// <summary>The subset of <paramref name="keys"/>, counted from 1; null when these are all keys.</summary>
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

    /// <summary>The new number of a key, from 1; 0 for an unknown or missing key.</summary>
    public int NumberOf(int key)
    {
        int run = Array.BinarySearch(_starts, key);
        if (run < 0)
            run = ~run - 1;
        return run >= 0 && key - _starts[run] < _runs[2 * run + 1] ? _before[run] + key - _starts[run] + 1 : 0;
    }

    /// <summary>Renumbers the tokens of steps, step-major, in place.</summary>
    /// <param name="tokens">For each step a number of each column.</param>
    /// <param name="columns">The numbers of a step.</param>
    /// <param name="subsets">The known keys of each of the first columns; null for all.</param>
    public static void Apply(Span<int> tokens, int columns, IReadOnlyList<KeySubset?> subsets)
    {
        for (int column = 0; column < subsets.Count; column++)
        {
            for (int i = column; i < tokens.Length && subsets[column] is { } keys; i += columns)
                tokens[i] = keys.NumberOf(tokens[i]);
        }
    }

    /// <summary>Copies a value of each known key, in ascending order, to the places of the keys.</summary>
    /// <param name="known">The values.</param>
    /// <param name="all">A value for each key of the column; those of unknown keys stay as they are.</param>
    public void Spread(ReadOnlySpan<float> known, Span<float> all)
    {
        for (int run = 0; run < _starts.Length; run++)
            known.Slice(_before[run], _runs[2 * run + 1]).CopyTo(all[(_starts[run] - 1)..]);
    }

    public bool Equals(KeySubset? other) => other is not null && KeyCount == other.KeyCount && _runs.AsSpan().SequenceEqual(other._runs);

    public override bool Equals(object? obj) => Equals(obj as KeySubset);

    public override int GetHashCode() => HashCode.Combine(KeyCount, Count);
}
