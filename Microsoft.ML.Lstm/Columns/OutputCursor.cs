using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Goes through the rows of an input, with a transformer's columns behind the input's own.</summary>
/// <param name="source">The cursor over the input, which the new cursor owns.</param>
internal abstract class OutputCursor(DataViewRowCursor source) : DataViewRowCursor
{
    /// <summary>The current row.</summary>
    protected abstract OutputRow Row { get; }

    public override DataViewSchema Schema => Row.Schema;

    public override long Position => Row.Position;

    public override long Batch => Row.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => Row.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => Row.IsColumnActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => Row.GetGetter<TValue>(column);

    public override bool MoveNext() => source.MoveNext();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            source.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>The rows of an input, for a consumer who asks for none of the transformer's own columns.</summary>
internal sealed class PassingCursor(OutputBindings bindings, DataViewRowCursor source, DataViewSchema.Column[] activeColumns)
    : OutputCursor(source)
{
    protected override OutputRow Row { get; } = new(bindings, source, activeColumns, createGetter: null);
}
