using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace LstmTool.Reports;

/// <summary>Reads cells of any type as texts, numbers or times; null where there is no such column, or its type is none of these.</summary>
internal static class CellReader
{
    public static Func<string[]?> Texts(DataViewRow row, string? column)
    {
        if (Find(row, column) is not { } found)
            return () => null;
        return ItemType(found) switch
        {
            TextDataViewType => Of<ReadOnlyMemory<char>, string>(row, found, text => text.ToString()),
            KeyDataViewType when found.HasKeyValues() => Keys(row, found),
            NumberDataViewType number when number == NumberDataViewType.Single
                => Of<float, string>(row, found, value => value.ToString(CultureInfo.InvariantCulture)),
            NumberDataViewType number when number == NumberDataViewType.Double
                => Of<double, string>(row, found, value => value.ToString(CultureInfo.InvariantCulture)),
            BooleanDataViewType => Of<bool, string>(row, found, value => value ? "true" : "false"),
            _ => () => null,
        };
    }

    public static Func<float[]?> Numbers(DataViewRow row, string? column)
    {
        if (Find(row, column) is not { } found)
            return () => null;
        return ItemType(found) switch
        {
            NumberDataViewType number when number == NumberDataViewType.Single => Of<float, float>(row, found, value => value),
            NumberDataViewType number when number == NumberDataViewType.Double => Of<double, float>(row, found, value => (float)value),
            _ => () => null,
        };
    }

    public static Func<DateTime?> Time(DataViewRow row, string? column)
    {
        if (Find(row, column) is not { } found)
            return () => null;
        switch (found.Type)
        {
            case DateTimeDataViewType:
                ValueGetter<DateTime> time = row.GetGetter<DateTime>(found);
                return () => Get(time);
            case DateTimeOffsetDataViewType:
                ValueGetter<DateTimeOffset> offset = row.GetGetter<DateTimeOffset>(found);
                return () => Get(offset).DateTime;
            default:
                return () => null;
        }
    }

    /// <summary>The names of a vector's values; empty without any.</summary>
    public static IReadOnlyList<string> SlotNames(DataViewSchema schema, string? column)
    {
        if (column is null || schema.GetColumnOrNull(column) is not { } found || !found.HasSlotNames())
            return [];
        VBuffer<ReadOnlyMemory<char>> names = default;
        found.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private static DataViewSchema.Column? Find(DataViewRow row, string? column)
        => column is not null && row.Schema.GetColumnOrNull(column) is { } found && row.IsColumnActive(found) ? found : null;

    private static DataViewType ItemType(DataViewSchema.Column column)
        => column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;

    private static Func<TResult[]?> Of<TValue, TResult>(DataViewRow row, DataViewSchema.Column column, Func<TValue, TResult> convert)
    {
        if (column.Type is not VectorDataViewType)
        {
            ValueGetter<TValue> single = row.GetGetter<TValue>(column);
            return () => [convert(Get(single))];
        }
        ValueGetter<VBuffer<TValue>> vector = row.GetGetter<VBuffer<TValue>>(column);
        VBuffer<TValue> values = default;
        return () =>
        {
            vector(ref values);
            return [.. values.DenseValues().Select(convert)];
        };
    }

    private static Func<string[]?> Keys(DataViewRow row, DataViewSchema.Column column)
    {
        DataViewType valueType = ((VectorDataViewType)column.Annotations.Schema["KeyValues"].Type).ItemType;
        string[] names = valueType switch
        {
            TextDataViewType => Names<ReadOnlyMemory<char>>(),
            NumberDataViewType number when number == NumberDataViewType.Single => Names<float>(),
            BooleanDataViewType => Names<bool>(),
            _ => [],
        };
        return Of<uint, string>(row, column, key
            => key == 0 ? "" : key <= names.Length ? names[key - 1] : key.ToString(CultureInfo.InvariantCulture));

        string[] Names<T>()
        {
            VBuffer<T> values = default;
            column.GetKeyValues(ref values);
            return [.. values.DenseValues().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];
        }
    }

    private static T Get<T>(ValueGetter<T> getter)
    {
        T value = default!;
        getter(ref value);
        return value;
    }
}
