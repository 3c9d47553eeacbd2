using System.Collections;

namespace Microsoft.ML.Data;

/// <summary>A vector value, dense or sparse; sparse ones list their explicit values with strictly increasing indices.</summary>
public readonly struct VBuffer<T> : IEnumerable
{
    private readonly T[] _values;
    private readonly int[] _indices;
    private readonly int _count;

    public readonly int Length;

    public VBuffer(int length, T[] values, int[] indices = null)
    {
        Checks.Param(length >= 0, nameof(length));
        Checks.Param((values?.Length ?? 0) >= length, nameof(values));
        Length = length;
        _values = values;
        _indices = indices;
        _count = length;
    }

    public VBuffer(int length, int count, T[] values, int[] indices)
    {
        Checks.Param(length >= 0, nameof(length));
        Checks.Param(0 <= count && count <= length, nameof(count));
        Checks.Param((values?.Length ?? 0) >= count, nameof(values));
        Checks.Param(count == length || (indices?.Length ?? 0) >= count, nameof(indices));
        Length = length;
        _values = values;
        _indices = indices;
        _count = count;
    }

    public bool IsDense => _count == Length;

    public ReadOnlySpan<T> GetValues() => _values.AsSpan(0, _count);

    public ReadOnlySpan<int> GetIndices() => IsDense ? default : _indices.AsSpan(0, _count);

    public void CopyToDense(ref VBuffer<T> destination)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, Length);
        CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, Length, _count);
        GetValues().CopyTo(editor.Values);
        GetIndices().CopyTo(editor.Indices);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination, int sourceIndex, int length)
    {
        Checks.Param(0 <= sourceIndex && sourceIndex <= Length, nameof(sourceIndex));
        Checks.Param(0 <= length && length <= Length - sourceIndex, nameof(length));
        (int start, int end) = IsDense ? (sourceIndex, sourceIndex + length) : (FirstAtLeast(sourceIndex), FirstAtLeast(sourceIndex + length));
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length, end - start);
        _values.AsSpan(start, end - start).CopyTo(editor.Values);
        for (int i = 0; i < editor.Indices.Length; i++)
            editor.Indices[i] = _indices[start + i] - sourceIndex;
        destination = editor.Commit();
    }

    public void CopyTo(Span<T> destination) => CopyTo(destination, 0);

    public void CopyTo(Span<T> destination, int destinationIndex, T defaultValue = default)
    {
        Checks.Param(0 <= destinationIndex && destinationIndex <= destination.Length - Length, nameof(destination), "Not large enough to hold these values.");
        Span<T> target = destination.Slice(destinationIndex, Length);
        if (IsDense)
        {
            GetValues().CopyTo(target);
            return;
        }
        target.Fill(defaultValue);
        for (int i = 0; i < _count; i++)
            target[_indices[i]] = _values[i];
    }

    public static void Copy(T[] source, int sourceIndex, ref VBuffer<T> destination, int length)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length);
        source.AsSpan(sourceIndex, length).CopyTo(editor.Values);
        destination = editor.Commit();
    }

    /// <summary>The explicit values with their indices, or with <paramref name="all"/> every one.</summary>
    public IEnumerable<KeyValuePair<int, T>> Items(bool all = false)
    {
        if (!all && !IsDense)
        {
            for (int i = 0; i < _count; i++)
                yield return KeyValuePair.Create(_indices[i], _values[i]);
            yield break;
        }
        int slot = 0;
        foreach (T value in DenseValues())
            yield return KeyValuePair.Create(slot++, value);
    }

    public IEnumerable<T> DenseValues()
    {
        int next = 0;
        for (int slot = 0; slot < Length; slot++)
        {
            if (IsDense)
                yield return _values[slot];
            else if (next < _count && _indices[next] == slot)
                yield return _values[next++];
            else
                yield return default;
        }
    }

    public void GetItemOrDefault(int index, ref T destination) => destination = GetItemOrDefault(index);

    public T GetItemOrDefault(int index)
    {
        Checks.Param(0 <= index && index < Length, nameof(index));
        if (IsDense)
            return _values[index];
        int found = GetIndices().BinarySearch(index);
        return found < 0 ? default : _values[found];
    }

    public IEnumerator GetEnumerator() => Items(all: true).GetEnumerator();

    public override string ToString() =>
        IsDense ? $"Dense vector of size {Length}" : $"Sparse vector of size {Length}, {_count} explicit values";

    internal VBufferEditor<T> GetEditor() => GetEditor(Length, _count);

    internal VBufferEditor<T> GetEditor(int newLogicalLength, int? valuesCount, int? maxValuesCapacity = null, bool keepOldOnResize = false,
        bool requireIndicesOnDense = false)
    {
        Checks.Param(newLogicalLength >= 0, nameof(newLogicalLength), "Must be non-negative.");
        Checks.Param(valuesCount is null || valuesCount <= newLogicalLength, nameof(valuesCount), "If specified, must be no greater than newLogicalLength");
        int count = valuesCount ?? newLogicalLength;
        T[] values = Fit(_values, count, maxValuesCapacity ?? newLogicalLength, keepOldOnResize);
        int[] indices = count < newLogicalLength || requireIndicesOnDense
            ? Fit(_indices, count, maxValuesCapacity ?? newLogicalLength, keepOldOnResize)
            : _indices;
        return new(newLogicalLength, count, values, indices, requireIndicesOnDense, values != _values, indices != _indices);
    }

    private int FirstAtLeast(int slot)
    {
        int found = GetIndices().BinarySearch(slot);
        return found < 0 ? ~found : found;
    }

    /// <summary>The buffer if it holds enough, else one that at least doubles it within <paramref name="limit"/>.</summary>
    private static TItem[] Fit<TItem>(TItem[] buffer, int needed, int limit, bool keepOld)
    {
        int current = buffer?.Length ?? 0;
        if (current >= needed)
            return buffer;
        var grown = new TItem[Math.Max(needed, Math.Min(2 * current, limit))];
        if (keepOld)
            buffer?.CopyTo(grown, 0);
        return grown;
    }
}
