using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Series;

/// <summary>The members of a class of observations that say which series one belongs to.</summary>
internal static class SeriesMember
{
    /// <summary>What writes a series' name into those of <paramref name="columns"/> that are texts; nothing where none is.</summary>
    public static Action<T, string> Setter<T>(IReadOnlyCollection<string> columns)
        where T : class
    {
        MemberInfo[] members = [.. SchemaDefinition.Create(typeof(T))
            .Where(column => columns.Contains(column.ColumnName) && column.ColumnType is TextDataViewType)
            .SelectMany(column => typeof(T).GetMember(column.MemberName))];
        return (row, name) =>
        {
            foreach (MemberInfo member in members)
            {
                if (member is PropertyInfo { CanWrite: true } property)
                    property.SetValue(row, Text(property.PropertyType, name));
                else if (member is FieldInfo { IsInitOnly: false } field)
                    field.SetValue(row, Text(field.FieldType, name));
            }
        };
    }

    private static object Text(Type type, string name) => type == typeof(string) ? name : name.AsMemory();
}
