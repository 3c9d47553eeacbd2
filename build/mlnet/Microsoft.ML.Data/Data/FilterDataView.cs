namespace Microsoft.ML.Data;

/// <summary>The rows of a source that a test accepts; the test is made anew for each cursor and reads the columns it names.</summary>
internal sealed class FilterDataView(IDataView source, IReadOnlyList<DataViewSchema.Column> tested, Func<DataViewRow, Func<bool>> test) : IDataView
{
    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] needed = columnsNeeded.ToArray();
        DataViewRowCursor cursor = source.GetRowCursor(needed.Concat(tested), CanShuffle ? rand : null);
        return new FilteredCursor(cursor, RowGetters.Active(Schema, needed), test(cursor));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
