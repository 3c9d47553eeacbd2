using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Which fields of a text file's lines, counted from 0, a member is loaded from.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class LoadColumnAttribute : Attribute
{
    public LoadColumnAttribute(int fieldIndex) => Fields = [fieldIndex];

    public LoadColumnAttribute(int start, int end) => Fields = Enumerable.Range(start, end - start + 1).ToArray();

    public LoadColumnAttribute(int[] columnIndexes) => Fields = columnIndexes;

    internal int[] Fields { get; }
}

/// <summary>How columns are read from lines of text.</summary>
public sealed class TextLoader
{
    public sealed class Column
    {
        public Column(string name, DataKind dataKind, int index)
            : this(name, TypeOf(dataKind), [index], null)
        {
        }

        public Column(string name, DataKind dataKind, int minIndex, int maxIndex)
            : this(name, TypeOf(dataKind), Enumerable.Range(minIndex, maxIndex - minIndex + 1).ToArray(), true)
        {
        }

        private Column(string name, PrimitiveDataViewType itemType, int[] fields, bool? isVector)
        {
            Name = Contracts.CheckNonEmpty(name, nameof(name));
            Fields = fields;
            ItemType = itemType;
            Type = isVector ?? fields.Length > 1 ? new VectorDataViewType(itemType, fields.Length) : itemType;
        }

        public string Name { get; }

        internal int[] Fields { get; }

        internal PrimitiveDataViewType ItemType { get; }

        internal DataViewType Type { get; }

        /// <summary>The columns that the members of a class say they are.</summary>
        internal static Column[] FromMembers(Type type) => SchemaDefinition.Create(type, SchemaDefinition.Direction.Read).Select(column =>
        {
            MemberInfo member = SchemaDefinition.MemberOf(type, column.MemberName);
            int[] fields = member.GetCustomAttribute<LoadColumnAttribute>()?.Fields
                ?? throw Contracts.Except($"{member.MemberType} '{member.Name}' is missing the {nameof(LoadColumnAttribute)} attribute");
            return new Column(column.ColumnName, (PrimitiveDataViewType)column.ColumnType.GetItemType(), fields, null);
        }).ToArray();

        private static PrimitiveDataViewType TypeOf(DataKind kind) => kind switch
        {
            DataKind.SByte => NumberDataViewType.SByte,
            DataKind.Byte => NumberDataViewType.Byte,
            DataKind.Int16 => NumberDataViewType.Int16,
            DataKind.UInt16 => NumberDataViewType.UInt16,
            DataKind.Int32 => NumberDataViewType.Int32,
            DataKind.UInt32 => NumberDataViewType.UInt32,
            DataKind.Int64 => NumberDataViewType.Int64,
            DataKind.UInt64 => NumberDataViewType.UInt64,
            DataKind.Single => NumberDataViewType.Single,
            DataKind.Double => NumberDataViewType.Double,
            DataKind.String => TextDataViewType.Instance,
            DataKind.Boolean => BooleanDataViewType.Instance,
            DataKind.DateTime => DateTimeDataViewType.Instance,
            _ => throw Contracts.ExceptNotSupp(null, $"The stand-in reads no {kind} from text."),
        };
    }
}
