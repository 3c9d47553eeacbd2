using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>A row of an output: the columns of an input row and, behind them, a transformer's own.</summary>
internal sealed class OutputRow : DataViewRow
{
    private readonly OutputBindings _bindings;
    private readonly DataViewRow _input;
    private readonly bool[] _active;

    // The getters of the active own columns, each at its column's index.
    private readonly Delegate?[] _getters;

    /// <param name="bindings">The transformer, bound to the columns of the input.</param>
    /// <param name="input">The input row, which the new row owns.</param>
    /// <param name="activeColumns">The columns of the output that the consumer asked for.</param>
    /// <param name="createGetter">Makes the <see cref="ValueGetter{TValue}"/> of an own column, given its index among the own columns; null
    /// where no own column is active.</param>
    public OutputRow(OutputBindings bindings, DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns,
        Func<int, Delegate>? createGetter)
    {
        _bindings = bindings;
        _input = input;
        _active = new bool[bindings.OutputSchema.Count];
        _getters = new Delegate?[_active.Length];
        foreach (DataViewSchema.Column column in activeColumns)
        {
            _active[column.Index] = true;
            if (bindings.IsOwn(column))
                _getters[column.Index] = createGetter!(column.Index - bindings.InputSchema.Count);
        }
    }

    public override DataViewSchema Schema => _bindings.OutputSchema;

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column.Index, _active.Length, nameof(column));
        return _active[column.Index];
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new ArgumentOutOfRangeException(nameof(column), $"Column '{column.Name}' is not active.");
        if (_getters[column.Index] is not { } getter)
            return _input.GetGetter<TValue>(_bindings.InputSchema[column.Index]);
        return getter as ValueGetter<TValue> ?? throw RowStore.WrongType<TValue>(column);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _input.Dispose();
        base.Dispose(disposing);
    }
}
