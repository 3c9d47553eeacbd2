using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>What all rows of the stand-in share: which columns are active, and getters that are checked for their type.</summary>
internal static class RowGetters
{
    public static bool[] Active(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columns)
    {
        var active = new bool[schema.Count];
        foreach (DataViewSchema.Column column in columns)
            active[column.Index] = true;
        return active;
    }

    public static ValueGetter<TValue> Checked<TValue>(DataViewSchema.Column column, Delegate getter)
    {
        Contracts.CheckParam(getter is not null, nameof(column), "requested column not active.");
        return getter as ValueGetter<TValue>
            ?? throw Contracts.Except($"Invalid TValue: '{typeof(TValue)}', expected type: '{getter.GetType().GetGenericArguments()[0]}'.");
    }

    /// <summary>The getter of a column of any type, as a <see cref="ValueGetter{TValue}"/> of the column's raw type.</summary>
    public static Delegate Of(DataViewRow row, DataViewSchema.Column column) =>
        (Delegate)ByType.Call(Get<int>, column.Type.RawType, row, column);

    private static Delegate Get<TValue>(DataViewRow row, DataViewSchema.Column column) => row.GetGetter<TValue>(column);
}

/// <summary>Calls generic code for a type that is known only when it runs.</summary>
internal static class ByType
{
    /// <summary>Calls the generic method that <paramref name="example"/> is an instance of, for another type.</summary>
    public static object Call(Delegate example, Type type, params object[] args) => Call(example, [type], args);

    /// <summary>Calls the generic method that <paramref name="example"/> is an instance of, for other types.</summary>
    public static object Call(Delegate example, Type[] types, params object[] args) =>
        example.Method.GetGenericMethodDefinition().MakeGenericMethod(types).Invoke(example.Target, BindingFlags.DoNotWrapExceptions, null, args, null);
}

/// <summary>A cursor over rows that are numbered one after another.</summary>
internal abstract class CursorBase(DataViewSchema schema) : DataViewRowCursor
{
    private long _position = -1;
    private bool _done;

    public override DataViewSchema Schema { get; } = schema;

    public override long Position => _position;

    public override long Batch => 0;

    public override bool MoveNext()
    {
        if (_done)
            return false;
        _done = !MoveNextCore();
        _position = _done ? -1 : _position + 1;
        return !_done;
    }

    protected abstract bool MoveNextCore();
}

/// <summary>A cursor whose getters read the current row of a source of its own.</summary>
internal abstract class SourceCursor(DataViewSchema schema, bool[] active) : CursorBase(schema)
{
    private readonly Delegate[] _getters = new Delegate[schema.Count];

    public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        RowGetters.Checked<TValue>(column, active[column.Index] ? _getters[column.Index] ??= MakeGetter(column) : null);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new((ulong)Row, 0);

    /// <summary>The number of the current row in the source.</summary>
    protected virtual long Row => Position;

    protected abstract Delegate MakeGetter(DataViewSchema.Column column);
}

/// <summary>A cursor over the rows of another, all or some of them.</summary>
internal sealed class FilteredCursor(DataViewRowCursor source, bool[] active, Func<bool> accepts) : CursorBase(source.Schema)
{
    public override long Batch => source.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => source.GetGetter<TValue>(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

    protected override bool MoveNextCore()
    {
        while (source.MoveNext())
        {
            if (accepts())
                return true;
        }
        return false;
    }

    protected override void Dispose(bool disposing) => source.Dispose();
}
