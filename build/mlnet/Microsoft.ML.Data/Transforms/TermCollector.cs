using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Gathers the different values of one column, row by row, until there are enough.</summary>
internal abstract class TermCollector
{
    public abstract bool IsFull { get; }

    public abstract void AddRow();

    public abstract TermMap MakeMap(ValueToKeyMappingEstimator.KeyOrdinality ordinality);

    public static TermCollector Create(DataViewRow row, DataViewSchema.Column column, int maximum) =>
        (TermCollector)ByType.Call(Create<int>, column.Type.GetItemType().RawType, row, column, maximum);

    private static TermCollector Create<T>(DataViewRow row, DataViewSchema.Column column, int maximum) => new TermCollector<T>(row, column, maximum);
}

internal sealed class TermCollector<T> : TermCollector
{
    private readonly PrimitiveDataViewType _itemType;
    private readonly TermEquality<T> _equality;
    private readonly HashSet<T> _seen;
    private readonly List<T> _terms = [];
    private readonly int _maximum;
    private readonly Action _addRow;

    public TermCollector(DataViewRow row, DataViewSchema.Column column, int maximum)
    {
        _itemType = (PrimitiveDataViewType)column.Type.GetItemType();
        _equality = new(_itemType);
        _seen = new(_equality);
        _maximum = maximum;
        _addRow = column.Type is VectorDataViewType ? AddVector(row.GetGetter<VBuffer<T>>(column)) : AddScalar(row.GetGetter<T>(column));
    }

    public override bool IsFull => _terms.Count >= _maximum;

    public override void AddRow() => _addRow();

    public override TermMap MakeMap(ValueToKeyMappingEstimator.KeyOrdinality ordinality)
    {
        if (ordinality == ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            _terms.Sort(_equality);
        return new TermMap<T>(_itemType, [.. _terms]);
    }

    private Action AddScalar(ValueGetter<T> getter)
    {
        T value = default;
        return () =>
        {
            getter(ref value);
            Add(value);
        };
    }

    private Action AddVector(ValueGetter<VBuffer<T>> getter)
    {
        VBuffer<T> vector = default;
        return () =>
        {
            getter(ref vector);
            foreach (T value in vector.DenseValues())
                Add(value);
        };
    }

    private void Add(T value)
    {
        if (!IsFull && !_equality.IsMissing(value) && _seen.Add(value))
            _terms.Add(value);
    }
}

/// <summary>Which values are the same term, which comes first, and which are none; text is compared character by character.</summary>
internal sealed class TermEquality<T>(PrimitiveDataViewType itemType) : IEqualityComparer<T>, IComparer<T>
{
    public bool IsMissing(T value) => value switch
    {
        ReadOnlyMemory<char> text => text.IsEmpty,
        float number => float.IsNaN(number),
        double number => double.IsNaN(number),
        _ => itemType is KeyDataViewType && EqualityComparer<T>.Default.Equals(value, default),
    };

    public bool Equals(T x, T y) => x is ReadOnlyMemory<char> a && y is ReadOnlyMemory<char> b
        ? a.Span.SequenceEqual(b.Span)
        : EqualityComparer<T>.Default.Equals(x, y);

    public int GetHashCode(T value) => value is ReadOnlyMemory<char> text ? string.GetHashCode(text.Span) : value.GetHashCode();

    public int Compare(T x, T y) => x is ReadOnlyMemory<char> a && y is ReadOnlyMemory<char> b
        ? a.Span.SequenceCompareTo(b.Span)
        : Comparer<T>.Default.Compare(x, y);
}
