using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>
/// Reads columns of all types that trainers produce as texts, numbers with all their digits, so that they can be compared.
/// </summary>
internal static class ColumnReader
{
    /// <summary>The value, or values, of each row.</summary>
    public static string[][] Read(IDataView data, string column)
    {
        DataViewSchema.Column found = data.Schema[column];
        using DataViewRowCursor cursor = data.GetRowCursor([found]);
        Func<string[]> get = Getter(cursor, found);
        var values = new List<string[]>();
        while (cursor.MoveNext())
            values.Add(get());
        return [.. values];
    }

    /// <summary>Gives the value, or values, of the row as it stands now.</summary>
    public static Func<string[]> Getter(DataViewRow row, DataViewSchema.Column column)
    {
        DataViewType item = column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;
        return item.RawType switch
        {
            Type type when type == typeof(float) => Getter<float>(row, column, value => value.ToString(CultureInfo.InvariantCulture)),
            Type type when type == typeof(double) => Getter<double>(row, column, value => value.ToString(CultureInfo.InvariantCulture)),
            Type type when type == typeof(bool) => Getter<bool>(row, column, value => value.ToString()),
            Type type when type == typeof(uint) => Getter<uint>(row, column, value => value.ToString(CultureInfo.InvariantCulture)),
            Type type when type == typeof(ReadOnlyMemory<char>) => Getter<ReadOnlyMemory<char>>(row, column, value => value.ToString()),
            Type type when type == typeof(DateTime)
                => Getter<DateTime>(row, column, value => value.ToString("O", CultureInfo.InvariantCulture)),
            Type type when type == typeof(DateTimeOffset)
                => Getter<DateTimeOffset>(row, column, value => value.ToString("O", CultureInfo.InvariantCulture)),
            Type type when type == typeof(TimeSpan)
                => Getter<TimeSpan>(row, column, value => value.ToString("c", CultureInfo.InvariantCulture)),
            _ => throw new NotSupportedException($"Column '{column.Name}' is {column.Type}."),
        };
    }

    private static Func<string[]> Getter<T>(DataViewRow row, DataViewSchema.Column column, Func<T, string> format)
    {
        if (column.Type is VectorDataViewType)
        {
            ValueGetter<VBuffer<T>> getVector = row.GetGetter<VBuffer<T>>(column);
            VBuffer<T> vector = default;
            return () =>
            {
                getVector(ref vector);
                return [.. vector.DenseValues().Select(format)];
            };
        }
        ValueGetter<T> getScalar = row.GetGetter<T>(column);
        T scalar = default!;
        return () =>
        {
            getScalar(ref scalar);
            return [format(scalar)];
        };
    }
}
