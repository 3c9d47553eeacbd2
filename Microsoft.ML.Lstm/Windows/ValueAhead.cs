using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Windows;

/// <summary>
/// The value of a column some rows after the current row; missing where the input ends before. A row comes to the consumer when the value
/// is there; the rows in between are kept meanwhile.
/// </summary>
/// <param name="source">The cursor over the input.</param>
/// <param name="columns">The active columns of <paramref name="source"/>.</param>
/// <param name="column">The column of the value.</param>
/// <param name="rows">How many rows ahead the value is.</param>
internal sealed class ValueAhead(DataViewRowCursor source, DataViewSchema.Column[] columns, DataViewSchema.Column column, int rows)
{
    private readonly HeldRows _held = new(source, columns);
    private bool _isAtRow;
    private bool _ended;

    /// <summary>The current row.</summary>
    public DataViewRow Row => _held.First;

    // When all rows in between are held, the last one read has the value.
    private bool HasValue => _held.Count > rows;

    /// <summary>A <see cref="ValueGetter{TValue}"/> of the column's type.</summary>
    public Delegate CreateGetter() => column.Type is VectorDataViewType vector ? VectorGetter(vector.Size) : ScalarGetter();

    public bool MoveNext()
    {
        if (_isAtRow)
            _held.Remove();
        while (!_ended && !HasValue)
            _ended = !_held.Add();
        return _isAtRow = _held.Count > 0;
    }

    private ValueGetter<float> ScalarGetter()
    {
        ValueGetter<float> getter = _held.Last.GetGetter<float>(column);
        return (ref float value) =>
        {
            if (HasValue)
                getter(ref value);
            else
                value = float.NaN;
        };
    }

    private ValueGetter<VBuffer<float>> VectorGetter(int size)
    {
        ValueGetter<VBuffer<float>> getter = _held.Last.GetGetter<VBuffer<float>>(column);
        return (ref VBuffer<float> value) =>
        {
            if (HasValue)
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
