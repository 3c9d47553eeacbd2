using System.Collections;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>Shapes of the parts of a network in their order, compared by value; the default is an empty list.</summary>
/// <typeparam name="T">The shape of a part.</typeparam>
internal readonly struct ValueList<T>(params T[] items) : IReadOnlyList<T>, IEquatable<ValueList<T>>
    where T : struct
{
    private readonly T[]? _items = items;

    public int Count => _items?.Length ?? 0;

    public T this[int index] => (_items ?? [])[index];

    public bool Equals(ValueList<T> other) => this.SequenceEqual(other);

    public override bool Equals(object? obj) => obj is ValueList<T> other && Equals(other);

    public override int GetHashCode() => this.Aggregate(0, (hash, item) => HashCode.Combine(hash, item));

    public IEnumerator<T> GetEnumerator() => (_items ?? []).AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
