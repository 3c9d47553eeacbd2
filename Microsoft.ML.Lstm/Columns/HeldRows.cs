namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// A queue of copied rows: from the row that a consumer is at to the row that its cursor is at, further on.
/// </summary>
internal sealed class HeldRows
{
    private readonly DataViewRowCursor _source;
    private readonly RowStore _store;
    private readonly Queue<int> _slots = [];
    private readonly Stack<int> _free = [];
    private long _rows;

    /// <param name="source">The cursor.</param>
    /// <param name="columns">The active columns of <paramref name="source"/>.</param>
    /// <exception cref="NotSupportedException">The values of a column can't be copied.</exception>
    public HeldRows(DataViewRowCursor source, DataViewSchema.Column[] columns)
    {
        if (Array.FindIndex(columns, column => !RowStore.CanStore(column.Type)) is >= 0 and var index)
        {
            source.Dispose();
            throw new NotSupportedException(
                $"A row has to wait for rows behind it, and values of column '{columns[index].Name}' of type {columns[index].Type} can't "
                + "be kept that long. Leave the column out, or add it behind this step.");
        }
        _source = source;
        _store = new RowStore(source, columns, slots: 0);
        (First, Last) = (_store.CreateRow(), _store.CreateRow());
    }

    public int Count => _slots.Count;

    /// <summary>The first row of the queue, if there is one: the consumer's row.</summary>
    public RowStore.Row First { get; }

    /// <summary>The last row of the queue, if there is one: the row that was read last.</summary>
    public RowStore.Row Last { get; }

    /// <summary>Reads a row and puts it at the end of the queue.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Add()
    {
        if (!_source.MoveNext())
            return false;
        if (_free.Count == 0)
        {
            int slots = _store.Slots;
            _store.Grow(Math.Max(4, 2 * slots));
            for (int slot = _store.Slots - 1; slot >= slots; slot--)
                _free.Push(slot);
        }
        Last.Slot = _free.Pop();
        _store.Copy(Last.Slot, _rows++);
        _slots.Enqueue(Last.Slot);
        First.Slot = _slots.Peek();
        return true;
    }

    /// <summary>Takes the first row out of the queue.</summary>
    public void Remove()
    {
        _free.Push(_slots.Dequeue());
        if (_slots.Count > 0)
            First.Slot = _slots.Peek();
    }
}
