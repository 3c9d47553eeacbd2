namespace Microsoft.ML.Data;

/// <summary>Builds a vector from the values that are not the default one, given in the order of their slots.</summary>
internal ref struct SparseBuilder<T>
{
    private readonly VBufferEditor<T> _editor;
    private int _count;

    public SparseBuilder(ref VBuffer<T> target, int length, int capacity) =>
        _editor = VBufferEditor.Create(ref target, length, capacity, requireIndicesOnDense: true);

    public void Add(int slot, T value)
    {
        if (EqualityComparer<T>.Default.Equals(value, default))
            return;
        _editor.Indices[_count] = slot;
        _editor.Values[_count++] = value;
    }

    /// <summary>The vector, dense if it has at least this many explicit values, as ML.NET's transforms make theirs.</summary>
    public readonly VBuffer<T> Build(int isDenseAt)
    {
        VBuffer<T> sparse = _editor.CommitTruncated(_count);
        if (sparse.IsDense || _count < isDenseAt)
            return sparse;
        VBuffer<T> dense = default;
        sparse.CopyToDense(ref dense);
        return dense;
    }
}
