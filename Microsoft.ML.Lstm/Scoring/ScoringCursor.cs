using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>Goes through the rows of an input, with the network's columns behind the input's own.</summary>
internal sealed class ScoringCursor : DataViewRowCursor
{
    private readonly DataViewRowCursor _input;
    private readonly LookAheadScorer _scorer;
    private readonly OutputRow _row;

    /// <param name="bindings">The network, bound to the input's columns.</param>
    /// <param name="input">Keeps step with the consumer; has the columns that are passed on.</param>
    /// <param name="lookAhead">Over the same rows; has the columns that the network reads.</param>
    /// <param name="activeColumns">What the consumer asked for.</param>
    public ScoringCursor(ScoringBindings bindings, DataViewRowCursor input, DataViewRowCursor lookAhead, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        Schema = bindings.OutputSchema;
        _input = input;
        _scorer = new LookAheadScorer(bindings, lookAhead);
        _row = new OutputRow(bindings, input, _scorer, activeColumns);
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

    public override bool MoveNext()
    {
        if (!_input.MoveNext())
            return false;
        _scorer.MoveNext();
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _scorer.Dispose();
        }
        base.Dispose(disposing);
    }
}
