using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// A cursor over an input whose consumer wants none of the network's columns: the input's cursor under the output's schema.
/// </summary>
internal sealed class RelabeledCursor(OutputBindings bindings, DataViewRowCursor input) : DataViewRowCursor
{
    public override DataViewSchema Schema => bindings.OutputSchema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column)
        => column.Index < bindings.InputSchema.Count && input.IsColumnActive(bindings.InputSchema[column.Index]);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new ArgumentOutOfRangeException(nameof(column), $"Column '{column.Name}' is not active.");
        return input.GetGetter<TValue>(bindings.InputSchema[column.Index]);
    }

    public override bool MoveNext() => input.MoveNext();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }
}
