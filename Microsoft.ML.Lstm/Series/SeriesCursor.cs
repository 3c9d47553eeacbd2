using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// Goes through the rows of a table and feeds each into a <see cref="SeriesSession"/>. Where covariates are known ahead, it reads ahead
/// until it has the covariates that a row needs, and holds the rows in between.
/// </summary>
internal sealed class SeriesCursor : OutputCursor
{
    private readonly DataViewRowCursor _source;
    private readonly SeriesSession _session;
    private readonly SeriesRowReader _reader;
    private readonly HeldRows? _held;
    private readonly FutureCovariates? _future;
    private bool _isAtRow;
    private bool _sourceEnded;

    /// <param name="bindings">The columns.</param>
    /// <param name="source">The cursor over the table, which the new cursor owns.</param>
    /// <param name="sourceColumns">The active columns of <paramref name="source"/>.</param>
    /// <param name="session">The session that takes the rows.</param>
    /// <param name="activeColumns">The columns that the consumer asked for.</param>
    public SeriesCursor(SeriesBindings bindings, DataViewRowCursor source, DataViewSchema.Column[] sourceColumns, SeriesSession session,
        DataViewSchema.Column[] activeColumns)
        : base(source)
    {
        _source = source;
        _session = session;
        if (bindings.Source.KnownCovariates > 0)
        {
            _held = new HeldRows(source, sourceColumns);
            _future = new FutureCovariates(_held.Last, bindings.Source, bindings.Horizon, bindings.FilledGaps);
        }
        DataViewRow current = _held is null ? source : _held.First;
        _reader = new SeriesRowReader(current, bindings.Source);
        Row = new OutputRow(bindings, current, activeColumns, output => bindings.Outputs[output].CreateGetter(session));
    }

    public override long Position => _isAtRow ? Row.Position : -1;

    public override long Batch => 0;

    protected override OutputRow Row { get; }

    public override bool MoveNext()
    {
        _isAtRow = _held is null ? _source.MoveNext() : MoveHeld(_held, _future!);
        if (!_isAtRow)
        {
            _session.Conclude();
            return false;
        }
        _reader.Read();
        _session.Take(_reader, Position, _future is null || _reader.Fault == SeriesRowFault.NoTime ? [] : _future.Next(_reader.Series));
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _session.Conclude();
        base.Dispose(disposing);
    }

    private bool MoveHeld(HeldRows held, FutureCovariates future)
    {
        if (_isAtRow)
            held.Remove();
        while (!_sourceEnded && (held.Count == 0 || (_reader.ReadPlace() && !future.IsComplete(_reader.Series))))
        {
            if (held.Add())
                future.Add();
            else
                _sourceEnded = true;
        }
        return held.Count > 0;
    }
}
