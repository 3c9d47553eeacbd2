using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Reads the numbers that a row has in one column, of type Single or (sparse or not, of any length) vector of Single.</summary>
internal sealed class NumberReader
{
    private readonly VectorLength _length;
    private readonly ValueGetter<float>? _getScalar;
    private readonly ValueGetter<VBuffer<float>>? _getVector;
    private float _scalar;
    private VBuffer<float> _vector;

    public NumberReader(DataViewRow row, DataViewSchema.Column column)
    {
        _length = new VectorLength(row, column);
        if (column.Type is VectorDataViewType)
            _getVector = row.GetGetter<VBuffer<float>>(column);
        else
            _getScalar = row.GetGetter<float>(column);
    }

    /// <summary>How many numbers the row has, including zeros that are not stored.</summary>
    public int Length => _getVector is null ? 1 : _vector.Length;

    /// <summary>Whether all numbers are finite; zeros that are not stored count as finite.</summary>
    public bool IsFinite
        => _getVector is null
            ? float.IsFinite(_scalar)
            : Finite.All(_vector.GetValues());

    /// <summary>Fetches the numbers of the current row.</summary>
    /// <exception cref="InvalidOperationException">The row has more or fewer numbers than the column's type says.</exception>
    public void Read()
    {
        if (_getVector is null)
        {
            _getScalar!(ref _scalar);
            return;
        }
        _getVector(ref _vector);
        _length.Check(_vector.Length);
    }

    public void CopyTo(Span<float> destination)
    {
        if (_getVector is null)
            destination[0] = _scalar;
        else
            _vector.CopyTo(destination);
    }

    /// <summary>How many numbers every row has in a column of this type; 0 when rows differ.</summary>
    public static int SizeOf(DataViewType type) => type is VectorDataViewType vector ? vector.Size : 1;
}
