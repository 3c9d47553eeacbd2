using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>Goes through the rows of an input, with the network's columns behind the input's own.</summary>
internal sealed class ScoringCursor : DataViewRowCursor
{
    private readonly LookAheadCursor _input;
    private readonly LookAheadScorer _scorer;
    private readonly OutputRow _row;

    /// <param name="bindings">The network, bound to the input's columns.</param>
    /// <param name="input">A cursor over the input with the columns that are passed on and those that the network reads.</param>
    /// <param name="hasAllRows">Whether the input knows how many rows it has.</param>
    /// <param name="activeColumns">What the consumer asked for.</param>
    /// <param name="threads">Threads to share large batches among.</param>
    public ScoringCursor(ScoringBindings bindings, DataViewRowCursor input, bool hasAllRows, DataViewSchema.Column[] activeColumns,
        int threads)
    {
        Schema = bindings.OutputSchema;
        _input = new LookAheadCursor(input, [.. bindings.Dependencies(activeColumns)], hasAllRows);
        _scorer = new LookAheadScorer(bindings, _input, threads);
        _row = new OutputRow(bindings, _input, _scorer, activeColumns);
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

    public override bool MoveNext()
    {
        bool isAtRow = _input.MoveNext();
        _scorer.Moved(isAtRow);
        if (!isAtRow)
            _scorer.Warn();
        return isAtRow;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _scorer.Warn();
            _scorer.ReleaseThreads();
        }
        base.Dispose(disposing);
    }
}
