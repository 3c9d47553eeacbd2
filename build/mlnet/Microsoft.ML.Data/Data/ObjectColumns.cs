using System.Linq.Expressions;
using System.Numerics;
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Makes the getters of columns that are members of an object.</summary>
internal static class ObjectReader
{
    public static DataViewSchema Schema(SchemaDefinition definition) =>
        SchemaExtensions.MakeSchema(definition.Select(c => new DataViewSchema.DetachedColumn(c.ColumnName, c.ColumnType)));

    /// <summary>A getter of the column's raw type that reads a member of the object that <paramref name="current"/> returns.</summary>
    public static Delegate MakeGetter<TRow>(SchemaDefinition.Column column, Func<TRow> current)
    {
        MemberInfo member = SchemaDefinition.MemberOf(typeof(TRow), column.MemberName);
        Type type = SchemaDefinition.MemberType(member);
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        Delegate read = Expression.Lambda(Expression.MakeMemberAccess(row, member), row).Compile();

        if (type == typeof(string))
            return Text(current, (Func<TRow, string>)read);
        if (type == typeof(string[]))
            return TextVector(current, (Func<TRow, string[]>)read);
        if (type.IsArray)
            return (Delegate)ByType.Call(Array<TRow, int>, [typeof(TRow), type.GetElementType()], current, read);
        if (SchemaDefinition.ItemTypeOf(type, out bool isVector) is var item && isVector)
            return (Delegate)ByType.Call(Buffer<TRow, int>, [typeof(TRow), item], current, read);
        return column.ColumnType is KeyDataViewType key
            ? (Delegate)ByType.Call(Key<TRow, uint>, [typeof(TRow), type], current, read, key.Count)
            : (Delegate)ByType.Call(Value<TRow, int>, [typeof(TRow), type], current, read);
    }

    private static ValueGetter<TValue> Value<TRow, TValue>(Func<TRow> current, Func<TRow, TValue> read) =>
        (ref TValue value) => value = read(current());

    /// <summary>An object holds a key's index, 0 to count - 1, and a view 1 to count with 0 for a missing one. (In vectors both hold the same.)</summary>
    private static ValueGetter<TValue> Key<TRow, TValue>(Func<TRow> current, Func<TRow, TValue> read, ulong count)
        where TValue : IBinaryInteger<TValue> =>
        (ref TValue value) =>
        {
            TValue index = read(current());
            value = ulong.CreateSaturating(index) < count ? index + TValue.One : TValue.Zero;
        };

    private static ValueGetter<ReadOnlyMemory<char>> Text<TRow>(Func<TRow> current, Func<TRow, string> read) =>
        (ref ReadOnlyMemory<char> value) => value = read(current()).AsMemory();

    private static ValueGetter<VBuffer<ReadOnlyMemory<char>>> TextVector<TRow>(Func<TRow> current, Func<TRow, string[]> read) =>
        (ref VBuffer<ReadOnlyMemory<char>> value) =>
        {
            string[] texts = read(current()) ?? [];
            VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref value, texts.Length);
            for (int i = 0; i < texts.Length; i++)
                editor.Values[i] = texts[i].AsMemory();
            value = editor.Commit();
        };

    private static ValueGetter<VBuffer<TItem>> Array<TRow, TItem>(Func<TRow> current, Func<TRow, TItem[]> read) =>
        (ref VBuffer<TItem> value) =>
        {
            TItem[] items = read(current());
            VBuffer<TItem>.Copy(items, 0, ref value, items?.Length ?? 0);
        };

    private static ValueGetter<VBuffer<TItem>> Buffer<TRow, TItem>(Func<TRow> current, Func<TRow, VBuffer<TItem>> read) =>
        (ref VBuffer<TItem> value) => read(current()).CopyTo(ref value);
}

/// <summary>Fills the members of objects from the columns of a row.</summary>
internal static class ObjectWriter
{
    public static IEnumerable<SchemaDefinition.Column> Present(SchemaDefinition definition, DataViewSchema schema, bool ignoreMissing)
    {
        foreach (SchemaDefinition.Column column in definition)
        {
            if (schema.GetColumnOrNull(column.ColumnName) is not null)
                yield return column;
            else if (!ignoreMissing)
                throw Contracts.ExceptSchemaMismatch("Schema", "", column.ColumnName);
        }
    }

    /// <summary>What copies the row's columns into an object.</summary>
    public static Action<TRow> Make<TRow>(DataViewRow row, SchemaDefinition definition, bool ignoreMissing)
    {
        Action<TRow>[] setters = Present(definition, row.Schema, ignoreMissing)
            .Select(c => MakeSetter<TRow>(row, row.Schema[c.ColumnName], SchemaDefinition.MemberOf(typeof(TRow), c.MemberName))).ToArray();
        return target =>
        {
            foreach (Action<TRow> set in setters)
                set(target);
        };
    }

    private static Action<TRow> MakeSetter<TRow>(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        Type type = SchemaDefinition.MemberType(member);
        if (!ColumnReader.CanRead(column.Type, type))
        {
            throw Contracts.Except(
                $"Can't bind the IDataView column '{column.Name}' of type '{column.Type}' to field or property '{member.Name}' of type '{type.FullName}'.");
        }
        return (Action<TRow>)typeof(ObjectWriter).GetMethod(nameof(Setter), BindingFlags.NonPublic | BindingFlags.Static)
            .MakeGenericMethod(typeof(TRow), type).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [row, column, member], null);
    }

    private static Action<TRow> Setter<TRow, TMember>(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        ParameterExpression target = Expression.Parameter(typeof(TRow));
        ParameterExpression value = Expression.Parameter(typeof(TMember));
        Action<TRow, TMember> write = Expression
            .Lambda<Action<TRow, TMember>>(Expression.Assign(Expression.MakeMemberAccess(target, member), value), target, value).Compile();
        Func<TMember> read = ColumnReader.Make<TMember>(row, column);
        return o =>
        {
            TMember value = read();
            // An empty array is not worth making where there is none.
            write(o, value is Array { Length: 0 } ? default : value);
        };
    }
}

/// <summary>Reads a column as the .NET type a user asks for: the raw type, a string, or an array.</summary>
internal static class ColumnReader
{
    public static bool CanRead(DataViewType column, Type type)
    {
        if (type == column.RawType || column is TextDataViewType && type == typeof(string))
            return true;
        return column is VectorDataViewType vector && type.IsArray && CanRead(vector.ItemType, type.GetElementType());
    }

    public static Func<TValue> Make<TValue>(DataViewRow row, DataViewSchema.Column column)
    {
        Type type = typeof(TValue);
        if (type == typeof(string))
            return (Func<TValue>)(object)Text(row.GetGetter<ReadOnlyMemory<char>>(column));
        if (type == typeof(string[]))
            return (Func<TValue>)(object)TextArray(row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column));
        if (type.IsArray)
            return (Func<TValue>)ByType.Call(Array<int>, type.GetElementType(), row, column);
        if (column.Type is VectorDataViewType vector)
            return (Func<TValue>)ByType.Call(Buffer<int>, vector.ItemType.RawType, row, column);
        ValueGetter<TValue> getter = row.GetGetter<TValue>(column);
        return () =>
        {
            TValue value = default;
            getter(ref value);
            return value;
        };
    }

    private static Func<string> Text(ValueGetter<ReadOnlyMemory<char>> getter) => () =>
    {
        ReadOnlyMemory<char> value = default;
        getter(ref value);
        return value.ToString();
    };

    private static Func<string[]> TextArray(ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter)
    {
        VBuffer<ReadOnlyMemory<char>> buffer = default;
        return () =>
        {
            getter(ref buffer);
            return buffer.DenseValues().Select(v => v.ToString()).ToArray();
        };
    }

    private static Func<TItem[]> Array<TItem>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<VBuffer<TItem>> getter = row.GetGetter<VBuffer<TItem>>(column);
        VBuffer<TItem> buffer = default;
        return () =>
        {
            getter(ref buffer);
            var array = new TItem[buffer.Length];
            buffer.CopyTo(array);
            return array;
        };
    }

    private static Func<VBuffer<TItem>> Buffer<TItem>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<VBuffer<TItem>> getter = row.GetGetter<VBuffer<TItem>>(column);
        return () =>
        {
            VBuffer<TItem> buffer = default;
            getter(ref buffer);
            return buffer;
        };
    }
}
