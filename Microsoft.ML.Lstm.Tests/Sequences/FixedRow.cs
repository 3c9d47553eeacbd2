using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>A row that always has the same five steps and never allocates.</summary>
internal sealed class FixedRow(DataViewSchema schema) : DataViewRow
{
    private readonly VBuffer<float> _features = new(10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    private readonly VBuffer<uint> _tokens = new(5, [1, 0, 3, 2, 8]);
    private readonly VBuffer<float> _statics = new(2, [1, 2]);
    private long _position = -1;

    public override long Position => _position;

    public override long Batch => 0;

    public override DataViewSchema Schema => schema;

    public void MoveNext() => _position++;

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

    public override bool IsColumnActive(DataViewSchema.Column column) => true;

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => (ValueGetter<TValue>)(column.Name switch
    {
        "Features" => Getter(_features),
        "Tokens" => Getter(_tokens),
        _ => Getter(_statics),
    });

    private static Delegate Getter<T>(VBuffer<T> values) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => values.CopyTo(ref value));
}
