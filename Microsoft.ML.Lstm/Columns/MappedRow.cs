using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>A row as a row mapper gives it: an input row with a transformer's columns behind its own.</summary>
/// <param name="bindings">The transformer's columns.</param>
/// <param name="input">The input row, which this one owns.</param>
/// <param name="scored">What the network makes of it.</param>
/// <param name="activeColumns">What the consumer asked for.</param>
internal sealed class MappedRow(OutputBindings bindings, DataViewRow input, ScoredRow scored, DataViewSchema.Column[] activeColumns)
    : DataViewRow
{
    private readonly OutputRow _row = new(bindings, input, scored, activeColumns);

    public override DataViewSchema Schema => bindings.OutputSchema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }
}
