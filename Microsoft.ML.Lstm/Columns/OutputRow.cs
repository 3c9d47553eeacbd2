namespace Microsoft.ML.Lstm.Columns;

/// <summary>The active columns of an output row: those passed on from the input row, and the network's own.</summary>
internal sealed class OutputRow
{
    private readonly OutputBindings _bindings;
    private readonly DataViewRow _input;
    private readonly Delegate?[] _getters;
    private readonly bool[] _active;

    public OutputRow(OutputBindings bindings, DataViewRow input, ScoredRow scored, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        _bindings = bindings;
        _input = input;
        _getters = bindings.CreateGetters(activeColumns, scored);
        _active = new bool[bindings.OutputSchema.Count];
        foreach (DataViewSchema.Column column in activeColumns)
            _active[column.Index] = true;
    }

    public bool IsActive(DataViewSchema.Column column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column.Index, _active.Length);
        return _active[column.Index];
    }

    public ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsActive(column))
            throw new ArgumentOutOfRangeException(nameof(column), $"Column '{column.Name}' is not active.");
        if (_getters[column.Index] is not { } getter)
            return _input.GetGetter<TValue>(_bindings.InputSchema[column.Index]);
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException(
                $"Invalid TValue in GetGetter: '{typeof(TValue)}', expected type: '{column.Type.RawType}'.");
    }
}
