using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// The rows of series in their order, read by one cursor. Where covariates are known ahead, a row comes once those of the rows that follow
/// it are there: the rows between are kept meanwhile.
/// </summary>
internal sealed class SeriesInput
{
    private readonly DataViewRowCursor _cursor;
    private readonly HeldRows? _held;
    private readonly KnownAhead? _ahead;
    private readonly SeriesRowReader _reader;
    private bool _isAtRow;
    private bool _ended;

    /// <param name="bindings">The columns.</param>
    /// <param name="cursor">The cursor over the rows.</param>
    /// <param name="columns">The columns that are active in it.</param>
    public SeriesInput(SeriesBindings bindings, DataViewRowCursor cursor, DataViewSchema.Column[] columns)
    {
        _cursor = cursor;
        if (bindings.Source.KnownCovariates > 0)
        {
            _held = new HeldRows(cursor, columns);
            _ahead = new KnownAhead(_held.Last, bindings.Source, bindings.Horizon, bindings.FilledBy);
        }
        _reader = new SeriesRowReader(Row, bindings.Source);
    }

    /// <summary>The current row.</summary>
    public DataViewRow Row => _held is null ? _cursor : _held.First;

    public long Position => _isAtRow ? Row.Position : -1;

    /// <summary>Moves on to the next row, reads it, and has a session take it.</summary>
    public bool MoveNext(SeriesSession session)
    {
        _isAtRow = _held is null ? _cursor.MoveNext() : MoveHeld(_held, _ahead!);
        if (!_isAtRow)
            return false;
        _reader.Read();
        session.Take(_reader, Position, _ahead is null ? [] : _ahead.Next(_reader.Series));
        return true;
    }

    private bool MoveHeld(HeldRows held, KnownAhead ahead)
    {
        if (_isAtRow)
            held.Remove();
        while (!_ended && (held.Count == 0 || !ahead.IsComplete(_reader.ReadSeries())))
        {
            if (held.Add())
                ahead.Add();
            else
                _ended = true;
        }
        return held.Count > 0;
    }
}
