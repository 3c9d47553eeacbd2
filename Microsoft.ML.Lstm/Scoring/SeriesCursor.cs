using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Data;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>Goes through the rows of series, and takes each into a session of its own.</summary>
internal sealed class SeriesCursor(SeriesBindings bindings, DataViewRowCursor input, KnownAhead? ahead, SeriesSession session, DataViewSchema.Column[] activeColumns) : DataViewRowCursor
{
    private readonly SeriesRowReader _reader = new(input, bindings.Source);
    private readonly OutputRow _row = new(bindings, input, session, activeColumns);

    public override DataViewSchema Schema => bindings.OutputSchema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

    public override bool MoveNext()
    {
        if (!input.MoveNext())
            return false;
        _reader.Read();
        session.Take(_reader, input.Position, ahead is null ? [] : ahead.Next(_reader.Series));
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            input.Dispose();
            ahead?.Dispose();
        }
        base.Dispose(disposing);
    }
}
