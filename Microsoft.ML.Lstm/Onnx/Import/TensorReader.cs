using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Files;
using Type = Microsoft.ML.Lstm.Onnx.TensorProto.Types.DataType;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Reads the tensors of a file.</summary>
internal static class TensorReader
{
    /// <summary>A tensor as a value.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="budget">Memory.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="NotSupportedException">It is in another file, or of a type that networks don't have.</exception>
    public static GraphValue Read(TensorProto tensor, string what, Budget budget)
    {
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External || tensor.ExternalData.Count > 0)
            throw new NotSupportedException($"ONNX: {what} is kept in another file, which is not read; save the network as one file.");
        long count = 1;
        foreach (long dimension in tensor.Dims)
        {
            if (dimension < 0 || dimension > int.MaxValue || tensor.Dims.Count > 16)
                throw Damaged(what, "at most 16 dimensions of 0 or more", $"{tensor.Dims.Count} with {dimension}");
            count = dimension == 0 ? 0 : Math.Min(int.MaxValue, count * dimension);
        }
        var axes = Axes.Of([.. tensor.Dims.Select(dimension => (int)dimension)]);
        var type = (Type)tensor.DataType;
        bool isRaw = tensor.RawData.Length > 0;
        long found = isRaw ? tensor.RawData.Length : Stored(tensor, type);
        long expected = isRaw ? count * SizeOf(type, what) : count;
        if (found != expected)
            throw Damaged(what, $"{expected} {(isRaw ? "bytes" : "values")} for its dimensions", $"{found}");
        budget.Take(count * 8);
        return new GraphValue(axes, isRaw ? ReadRaw(tensor.RawData.Span, type, (int)count) : ReadFields(tensor, type, what));
    }

    private static Elements ReadRaw(ReadOnlySpan<byte> bytes, Type type, int count)
    {
        switch (type)
        {
            case Type.Float:
                float[] floats = new float[count];
                bytes.CopyTo(MemoryMarshal.AsBytes(floats.AsSpan()));
                if (!BitConverter.IsLittleEndian)
                {
                    Span<int> bits = MemoryMarshal.Cast<float, int>(floats.AsSpan());
                    BinaryPrimitives.ReverseEndianness(bits, bits);
                }
                return new Floats(floats);
            case Type.Double or Type.Float16 or Type.Bfloat16:
                int size = bytes.Length / Math.Max(count, 1);
                float[] converted = new float[count];
                for (int i = 0; i < count; i++)
                {
                    ReadOnlySpan<byte> each = bytes[(i * size)..];
                    converted[i] = type switch
                    {
                        Type.Double => (float)BinaryPrimitives.ReadDoubleLittleEndian(each),
                        Type.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(each),
                        _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(each) << 16),
                    };
                }
                return new Floats(converted);
            default:
                int width = bytes.Length / Math.Max(count, 1);
                long[] integers = new long[count];
                for (int i = 0; i < count; i++)
                {
                    ReadOnlySpan<byte> each = bytes[(i * width)..];
                    integers[i] = type switch
                    {
                        Type.Int64 or Type.Uint64 => BinaryPrimitives.ReadInt64LittleEndian(each),
                        Type.Int32 => BinaryPrimitives.ReadInt32LittleEndian(each),
                        Type.Uint32 => BinaryPrimitives.ReadUInt32LittleEndian(each),
                        Type.Int16 => BinaryPrimitives.ReadInt16LittleEndian(each),
                        Type.Uint16 => BinaryPrimitives.ReadUInt16LittleEndian(each),
                        Type.Int8 => (sbyte)each[0],
                        _ => each[0],
                    };
                }
                return new Integers(integers);
        }
    }

    private static Elements ReadFields(TensorProto tensor, Type type, string what) => type switch
    {
        Type.Float => new Floats([.. tensor.FloatData]),
        Type.Double => new Floats([.. tensor.DoubleData.Select(value => (float)value)]),
        Type.Float16 => new Floats([.. tensor.Int32Data.Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))]),
        Type.Bfloat16 => new Floats([.. tensor.Int32Data.Select(bits => BitConverter.Int32BitsToSingle(bits << 16))]),
        Type.Int64 => new Integers([.. tensor.Int64Data]),
        Type.Uint32 or Type.Uint64 => new Integers([.. tensor.Uint64Data.Select(value => (long)value)]),
        Type.Int32 or Type.Int16 or Type.Int8 or Type.Uint16 or Type.Uint8 or Type.Bool
            => new Integers([.. tensor.Int32Data.Select(value => (long)value)]),
        _ => throw Other(type, what),
    };

    private static int Stored(TensorProto tensor, Type type) => type switch
    {
        Type.Float => tensor.FloatData.Count,
        Type.Double => tensor.DoubleData.Count,
        Type.Int64 => tensor.Int64Data.Count,
        Type.Uint32 or Type.Uint64 => tensor.Uint64Data.Count,
        Type.String => tensor.StringData.Count,
        _ => tensor.Int32Data.Count,
    };

    private static int SizeOf(Type type, string what) => type switch
    {
        Type.Double or Type.Int64 or Type.Uint64 => 8,
        Type.Float or Type.Int32 or Type.Uint32 => 4,
        Type.Float16 or Type.Bfloat16 or Type.Int16 or Type.Uint16 => 2,
        Type.Int8 or Type.Uint8 or Type.Bool => 1,
        _ => throw Other(type, what),
    };

    private static Exception Other(Type type, string what) => Enum.IsDefined(type) && type != Type.Undefined
        ? new NotSupportedException($"ONNX: {what} has values of type {type}, which networks of numbers don't have.")
        : Damaged(what, "a type of values", $"{(int)type}");

    private static InvalidDataException Damaged(string what, string expected, string found)
        => new($"ONNX: {what}: expected {expected}, found {found}.");
}
