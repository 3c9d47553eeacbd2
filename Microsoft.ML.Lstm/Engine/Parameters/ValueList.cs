using System.Collections;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>Shapes of the parts of a network in their order, compared by value; the default is an empty list.</summary>
/// <remarks>
/// It has methods of its own in place of LINQ's, whose iterators over structs would be compiled in each process that loads a network.
/// </remarks>
/// <typeparam name="T">The shape of a part.</typeparam>
internal readonly struct ValueList<T>(params T[] items) : IReadOnlyList<T>, IEquatable<ValueList<T>>
    where T : struct
{
    private readonly T[]? _items = items;

    public int Count => _items?.Length ?? 0;

    public T this[int index] => (_items ?? [])[index];

    public long Sum(Func<T, long> of)
    {
        long sum = 0;
        for (int i = 0; i < Count; i++)
            sum += of(this[i]);
        return sum;
    }

    public bool Any(Func<T, bool> matches)
    {
        for (int i = 0; i < Count; i++)
        {
            if (matches(this[i]))
                return true;
        }
        return false;
    }

    /// <summary>What each shape becomes, together with its index.</summary>
    public TResult[] Select<TResult>(Func<T, int, TResult> of)
    {
        var results = new TResult[Count];
        for (int i = 0; i < results.Length; i++)
            results[i] = of(this[i], i);
        return results;
    }

    /// <summary>What each shape becomes.</summary>
    public TResult[] Select<TResult>(Func<T, TResult> of) => Select((item, _) => of(item));

    public bool Equals(ValueList<T> other) => (_items ?? []).AsSpan().SequenceEqual(other._items ?? []);

    public override bool Equals(object? obj) => obj is ValueList<T> other && Equals(other);

    public override int GetHashCode() => this.Aggregate(0, (hash, item) => HashCode.Combine(hash, item));

    public IEnumerator<T> GetEnumerator() => (_items ?? []).AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
