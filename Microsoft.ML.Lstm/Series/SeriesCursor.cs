using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>Goes through the rows of series, and takes each into a session of its own.</summary>
internal sealed class SeriesCursor(SeriesBindings bindings, SeriesInput input, SeriesSession session, DataViewSchema.Column[] activeColumns)
    : DataViewRowCursor
{
    private readonly OutputRow _row = new(bindings, input.Row, session, activeColumns);

    public override DataViewSchema Schema => bindings.OutputSchema;

    public override long Position => input.Position;

    public override long Batch => 0;

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.Row.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

    public override bool MoveNext()
    {
        bool isAtRow = input.MoveNext(session);
        if (!isAtRow)
            session.Conclude();
        return isAtRow;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            session.Conclude();
            input.Dispose();
        }
        base.Dispose(disposing);
    }
}
