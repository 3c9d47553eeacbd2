using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>The length of a column's vectors, according to the column's type.</summary>
/// <remarks>
/// ML.NET does not check that data keep to it (an array in a class has any length), but its scorers and trainers refuse other vectors.
/// </remarks>
internal readonly struct VectorLength(DataViewRow row, DataViewSchema.Column column)
{
    private readonly int _size = column.Type is VectorDataViewType vector ? vector.Size : 0;

    /// <exception cref="InvalidOperationException">The current row has a vector of another length.</exception>
    public void Check(int length)
    {
        if (_size > 0 && length != _size)
            throw new InvalidOperationException(
                $"Column '{column.Name}' is of type {column.Type}: expected vectors of size {_size}, but row {row.Position} (counted from "
                + $"0) has one of size {length}.");
    }
}
