using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Data;

/// <summary>
/// The value that a column has some rows behind the current one, missing when the input ends before. Read by a cursor of
/// its own that runs ahead, so nothing has to be kept for the rows between, whatever their columns.
/// </summary>
internal sealed class ValueAhead : IDisposable
{
    private readonly DataViewRowCursor _cursor;
    private long _toMove;
    private bool _hasRow = true;

    public ValueAhead(IDataView input, DataViewSchema.Column column, int rows)
    {
        _cursor = input.GetRowCursor([column]);
        _toMove = rows;
        Getter = column.Type is VectorDataViewType vector ? VectorGetter(column, vector.Size) : ScalarGetter(column);
    }

    /// <summary>A <see cref="ValueGetter{TValue}"/> of the column's type.</summary>
    public Delegate Getter { get; }

    /// <summary>Keeps step with a consumer that moves to its next row.</summary>
    public void MoveNext()
    {
        // The first time on to the row that is so many behind the first, later on by one.
        for (_toMove++; _toMove > 0 && _hasRow; _toMove--)
            _hasRow = _cursor.MoveNext();
    }

    public void Dispose() => _cursor.Dispose();

    private ValueGetter<float> ScalarGetter(DataViewSchema.Column column)
    {
        ValueGetter<float> getter = _cursor.GetGetter<float>(column);
        return (ref float value) =>
        {
            if (_hasRow)
                getter(ref value);
            else
                value = float.NaN;
        };
    }

    private ValueGetter<VBuffer<float>> VectorGetter(DataViewSchema.Column column, int size)
    {
        ValueGetter<VBuffer<float>> getter = _cursor.GetGetter<VBuffer<float>>(column);
        return (ref VBuffer<float> value) =>
        {
            if (_hasRow)
            {
                getter(ref value);
                return;
            }
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, size);
            editor.Values.Fill(float.NaN);
            value = editor.Commit();
        };
    }
}
