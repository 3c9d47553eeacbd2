using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class ColumnNameAttribute(string name) : Attribute
{
    internal string Name { get; } = name;
}

[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NoColumnAttribute : Attribute
{
}

[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class KeyTypeAttribute(ulong count) : Attribute
{
    internal ulong Count { get; } = count;
}

[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class VectorTypeAttribute : Attribute
{
    public VectorTypeAttribute() => Dims = [0];

    public VectorTypeAttribute(int size) => Dims = [size];

    public VectorTypeAttribute(params int[] dimensions) => Dims = dimensions;

    internal int[] Dims { get; }
}

/// <summary>How the fields and properties of a class are columns.</summary>
public sealed class SchemaDefinition : List<SchemaDefinition.Column>
{
    public sealed class Column
    {
        internal Column(string memberName, DataViewType columnType, string columnName = null)
        {
            MemberName = memberName;
            ColumnType = columnType;
            ColumnName = columnName ?? memberName;
        }

        public string MemberName { get; }

        public string ColumnName { get; set; }

        public DataViewType ColumnType { get; set; }
    }

    [Flags]
    public enum Direction
    {
        Read = 1,
        Write = 2,
        Both = Read | Write,
    }

    public Column this[string columnName] =>
        Find(c => c.ColumnName == columnName) ?? throw Contracts.ExceptParam(nameof(columnName), $"Column '{columnName}' not found");

    public static SchemaDefinition Create(Type userType, Direction direction = Direction.Both)
    {
        Contracts.CheckValue(userType, nameof(userType));
        var definition = new SchemaDefinition();
        foreach (MemberInfo member in Members(userType, direction))
        {
            string name = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name;
            Contracts.CheckParam(definition.All(c => c.ColumnName != name), nameof(userType), $"Duplicate column name '{name}' detected, this is disallowed");
            definition.Add(new(member.Name, TypeOf(member), name));
        }
        return definition;
    }

    internal static MemberInfo MemberOf(Type userType, string memberName) =>
        userType.GetField(memberName) ?? (MemberInfo)userType.GetProperty(memberName)
        ?? throw Contracts.ExceptParam(nameof(memberName), $"No field or property with name '{memberName}' found in type '{userType.FullName}'.");

    internal static Type MemberType(MemberInfo member) => member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;

    /// <summary>The type of the values that a member of this type stands for: those of an array or buffer, and text for a string.</summary>
    internal static Type ItemTypeOf(Type memberType, out bool isVector)
    {
        isVector = memberType.IsArray || memberType.IsGenericType && memberType.GetGenericTypeDefinition() == typeof(VBuffer<>);
        Type item = memberType.IsArray ? memberType.GetElementType() : isVector ? memberType.GetGenericArguments()[0] : memberType;
        return item == typeof(string) ? typeof(ReadOnlyMemory<char>) : item;
    }

    private static IEnumerable<MemberInfo> Members(Type type, Direction direction)
    {
        const BindingFlags instance = BindingFlags.Public | BindingFlags.Instance;
        IEnumerable<MemberInfo> properties = type.GetProperties(instance).Where(p => p.GetIndexParameters().Length == 0
            && (!direction.HasFlag(Direction.Read) || p.GetMethod is { IsPublic: true })
            && (direction != Direction.Write || p.SetMethod is { IsPublic: true }));
        return type.GetFields(instance).Concat(properties).Where(m => m.GetCustomAttribute<NoColumnAttribute>() is null);
    }

    private static DataViewType TypeOf(MemberInfo member)
    {
        Type rawItem = ItemTypeOf(MemberType(member), out bool isVector);
        PrimitiveDataViewType item = ColumnTypeExtensions.PrimitiveTypeFromType(rawItem)
            ?? throw Contracts.ExceptParam("rawType", $"Could not determine an IDataView type and registered custom types for member {member.Name}");
        if (member.GetCustomAttribute<KeyTypeAttribute>() is { } key)
        {
            Contracts.CheckParam(KeyDataViewType.IsValidDataType(rawItem), "userType",
                $"Member {member.Name} marked with KeyType attribute, but does not appear to be a valid kind of data for a key type");
            item = new KeyDataViewType(rawItem, key.Count);
        }
        var vector = member.GetCustomAttribute<VectorTypeAttribute>();
        Contracts.CheckParam(vector is null || isVector, "userType",
            $"Member {member.Name} marked with VectorTypeAttribute, but does not appear to be a vector type");
        return isVector ? new VectorDataViewType(item, vector?.Dims ?? [0]) : item;
    }
}
