using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Types and single values in ML.NET's binary data view format.</summary>
internal static class ValueCodec
{
    private static readonly PrimitiveDataViewType[] Plain =
    [
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16, NumberDataViewType.Int32,
        NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64, NumberDataViewType.Single, NumberDataViewType.Double,
        BooleanDataViewType.Instance, DateTimeDataViewType.Instance, RowIdDataViewType.Instance,
    ];

    public static bool Knows(DataViewType type) => type is KeyDataViewType or VectorDataViewType or TextDataViewType || Plain.Contains(type);

    /// <summary>Writes a type's name, the length of what follows, and for keys and vectors their item type and count or dimensions.</summary>
    public static void WriteType(BinaryWriter writer, DataViewType type)
    {
        var parameters = new MemoryStream();
        using var inner = new BinaryWriter(parameters);
        string name = type.ToString();
        switch (type)
        {
            case TextDataViewType:
                name = "TextSpan";
                break;
            case KeyDataViewType key:
                name = "Key2";
                WriteType(inner, ColumnTypeExtensions.PrimitiveTypeFromType(key.RawType));
                inner.Write(key.Count);
                break;
            case VectorDataViewType vector:
                name = "VBuffer";
                WriteType(inner, vector.ItemType);
                inner.Write(vector.Dimensions.Length);
                foreach (int dimension in vector.Dimensions)
                    inner.Write(dimension);
                break;
        }
        writer.Write(name);
        writer.Write7BitEncodedInt((int)parameters.Length);
        writer.Write(parameters.ToArray());
    }

    /// <summary>Reads a type, or null if its name is unknown.</summary>
    public static DataViewType ReadType(BinaryReader reader)
    {
        string name = reader.ReadString();
        long length = reader.Read7BitEncodedInt64();
        long end = reader.BaseStream.Position + length;
        Contracts.CheckDecode(0 <= length && end <= reader.BaseStream.Length);
        DataViewType type = name switch
        {
            "TextSpan" => TextDataViewType.Instance,
            "Key2" => ReadType(reader) is { } raw ? new KeyDataViewType(raw.RawType, reader.ReadUInt64()) : null,
            "VBuffer" => ReadType(reader) is PrimitiveDataViewType item ? new VectorDataViewType(item, ReadDimensions(reader)) : null,
            _ => Plain.FirstOrDefault(t => t.ToString() == name),
        };
        reader.BaseStream.Position = end;
        return type;
    }

    /// <summary>The one value that a getter gives, as a block of the format.</summary>
    public static byte[] Encode(DataViewType type, Delegate getter)
    {
        var block = new MemoryStream();
        using var writer = new BinaryWriter(block);
        if (type is VectorDataViewType vector)
            ByType.Call(WriteVector<int>, vector.ItemType.RawType, writer, vector, getter);
        else
            ByType.Call(WriteScalar<int>, type.RawType, writer, getter);
        return block.ToArray();
    }

    /// <summary>A getter of the one value in a block.</summary>
    public static Delegate Decode(DataViewType type, byte[] block)
    {
        using var reader = new BinaryReader(new MemoryStream(block));
        return type is VectorDataViewType vector
            ? (Delegate)ByType.Call(ReadVector<int>, vector.ItemType.RawType, reader, vector)
            : (Delegate)ByType.Call(ReadScalar<int>, type.RawType, reader);
    }

    private static int[] ReadDimensions(BinaryReader reader)
    {
        int rank = reader.ReadInt32();
        Contracts.CheckDecode(0 < rank && rank <= (reader.BaseStream.Length - reader.BaseStream.Position) / sizeof(int));
        var dimensions = new int[rank];
        for (int i = 0; i < rank; i++)
            dimensions[i] = reader.ReadInt32();
        return dimensions;
    }

    private static object WriteScalar<T>(BinaryWriter writer, ValueGetter<T> getter)
    {
        T value = default;
        getter(ref value);
        WriteItems(writer, [value]);
        return null;
    }

    private static ValueGetter<T> ReadScalar<T>(BinaryReader reader)
    {
        T constant = ReadItems<T>(reader, 1)[0];
        return (ref T value) => value = constant;
    }

    /// <summary>One vector: how many there are, their common length, the number of explicit values (-1 if dense), indices, values.</summary>
    private static object WriteVector<T>(BinaryWriter writer, VectorDataViewType type, ValueGetter<VBuffer<T>> getter)
    {
        VBuffer<T> value = default;
        getter(ref value);
        writer.Write(1);
        writer.Write(value.Length);
        if (value.Length == 0)
            writer.Write(0);
        writer.Write(value.IsDense ? -1 : value.GetIndices().Length);
        writer.Write(value.GetIndices().Length);
        foreach (int index in value.GetIndices())
            writer.Write(index);
        WriteItems(writer, value.GetValues());
        return null;
    }

    private static ValueGetter<VBuffer<T>> ReadVector<T>(BinaryReader reader, VectorDataViewType type)
    {
        Contracts.CheckDecode(reader.ReadInt32() == 1);
        int length = reader.ReadInt32();
        if (length == 0)
            length = reader.ReadInt32();
        int count = reader.ReadInt32();
        int indexCount = reader.ReadInt32();
        long available = reader.BaseStream.Length;
        Contracts.CheckDecode(length >= 0 && -1 <= count && count < Math.Max(length, 1) && indexCount == Math.Max(count, 0) && indexCount <= available);
        Contracts.CheckDecode(type.Size == 0 || type.Size == length);
        var indices = new int[indexCount];
        for (int i = 0; i < indices.Length; i++)
            indices[i] = reader.ReadInt32();
        VBuffer<T> constant = count < 0
            ? new(length, ReadItems<T>(reader, length))
            : new(length, count, ReadItems<T>(reader, count), indices);
        return (ref VBuffer<T> value) => constant.CopyTo(ref value);
    }

    /// <summary>Values of one type one after another, without their number.</summary>
    public static void WriteItems<T>(BinaryWriter writer, ReadOnlySpan<T> items)
    {
        if (typeof(T) == typeof(ReadOnlyMemory<char>))
        {
            // Where each text ends, then all of them as one.
            var all = new StringBuilder();
            writer.Write(items.Length);
            foreach (T item in items)
            {
                all.Append((ReadOnlyMemory<char>)(object)item);
                writer.Write(all.Length);
            }
            writer.Write(all.ToString());
        }
        else if (typeof(T) == typeof(bool))
        {
            var bits = new byte[(items.Length + 7) / 8];
            for (int i = 0; i < items.Length; i++)
                bits[i / 8] |= (byte)((bool)(object)items[i] ? 1 << i % 8 : 0);
            writer.Write(bits);
        }
        else
        {
            foreach (T item in items)
                writer.Write(Bytes(ref Unsafe.AsRef(in item)));
        }
    }

    public static T[] ReadItems<T>(BinaryReader reader, int count)
    {
        long available = reader.BaseStream.Length - reader.BaseStream.Position;
        if (typeof(T) == typeof(ReadOnlyMemory<char>))
        {
            Contracts.CheckDecode(reader.ReadInt32() == count && count <= available / sizeof(int));
            var ends = new int[count];
            for (int i = 0; i < count; i++)
                ends[i] = reader.ReadInt32();
            ReadOnlyMemory<char> all = reader.ReadString().AsMemory();
            int start = 0;
            return (T[])(object)Array.ConvertAll(ends, end =>
            {
                Contracts.CheckDecode(start <= end && end <= all.Length);
                ReadOnlyMemory<char> text = all[start..end];
                start = end;
                return text;
            });
        }
        if (typeof(T) == typeof(bool))
        {
            Contracts.CheckDecode((count + 7) / 8 <= available);
            byte[] bits = reader.ReadBytes((count + 7) / 8);
            return (T[])(object)Enumerable.Range(0, count).Select(i => (bits[i / 8] >> i % 8 & 1) == 1).ToArray();
        }
        Contracts.CheckDecode(count <= available / Unsafe.SizeOf<T>());
        var items = new T[count];
        foreach (ref T item in items.AsSpan())
            reader.BaseStream.ReadExactly(Bytes(ref item));
        return items;
    }

    private static Span<byte> Bytes<T>(ref T value) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<T, byte>(ref value), Unsafe.SizeOf<T>());
}
