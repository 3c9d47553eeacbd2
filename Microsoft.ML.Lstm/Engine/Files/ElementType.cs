using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The type of a tensor's elements.</summary>
/// <param name="Name">Its name in safetensors, dtype.</param>
/// <param name="Size">Bytes of an element.</param>
internal sealed record ElementType(string Name, int Size)
{
    public static readonly ElementType Float32 = new("F32", 4);
    public static readonly ElementType Float64 = new("F64", 8);
    public static readonly ElementType Float16 = new("F16", 2);

    /// <summary>bfloat16: the upper half of a 32-bit float.</summary>
    public static readonly ElementType BFloat16 = new("BF16", 2);

    /// <summary>Whole numbers of 8 bits with a sign.</summary>
    public static readonly ElementType Int8 = new("I8", 1);

    private const int ChunkBytes = 64 * 1024;

    // Other whole numbers, and floats of 8 bits; they are known by their size and never read.
    private static readonly ElementType[] Others =
    [
        new("I64", 8), new("U64", 8), new("I32", 4), new("U32", 4), new("I16", 2), new("U16", 2), new("U8", 1),
        new("BOOL", 1), new("F8_E4M3", 1), new("F8_E5M2", 1), new("F8_E8M0", 1), new("C64", 8),
    ];

    /// <summary>Whether the elements are floats that can be read.</summary>
    public bool IsFloat => this == Float32 || this == Float64 || this == Float16 || this == BFloat16;

    /// <summary>The type of a name; null for one that is not known.</summary>
    public static ElementType? Find(string name)
        => Array.Find([Float32, Float64, Float16, BFloat16, Int8, .. Others], type => type.Name == name);

    /// <summary>Reads the first element of <paramref name="bytes"/>, little-endian; a double is rounded.</summary>
    public float Read(ReadOnlySpan<byte> bytes)
        => this == Float32 ? BinaryPrimitives.ReadSingleLittleEndian(bytes)
        : this == Float64 ? (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes)
        : this == Float16 ? (float)BinaryPrimitives.ReadHalfLittleEndian(bytes)
        : this == Int8 ? (sbyte)bytes[0]
        : BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16);

    /// <summary>Reads elements that follow one another.</summary>
    public void Read(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        bytes = bytes[..checked(values.Length * Size)];
        if (!BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = Read(bytes[(i * Size)..]);
        }
        else if (this == Float32)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(values));
        }
        else if (this == Float64)
        {
            // Rounds to the nearest float, as a cast does.
            TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(bytes), values);
        }
        else if (this == Float16)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
        }
        else if (this == Int8)
        {
            TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, sbyte>(bytes), values);
        }
        else
        {
            ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
            for (int i = 0; i < values.Length; i++)
                values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
        }
    }

    /// <summary>
    /// Writes <paramref name="values"/>, which must all be values of the type, as elements that follow one another. Of the types,
    /// <see cref="Float32"/>, <see cref="BFloat16"/> and <see cref="Int8"/> are written.
    /// </summary>
    public void Write(Stream stream, ReadOnlySpan<float> values)
    {
        if (this == Float32)
        {
            LittleEndian.Write(stream, values);
            return;
        }
        Span<byte> chunk = new byte[Math.Min(ChunkBytes, (long)values.Length * Size)];
        while (!values.IsEmpty)
        {
            int count = Math.Min(chunk.Length / Size, values.Length);
            for (int i = 0; i < count; i++)
            {
                if (this == Int8)
                    chunk[i] = (byte)(sbyte)values[i];
                else
                    BinaryPrimitives.WriteUInt16LittleEndian(chunk[(i * Size)..],
                        (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16));
            }
            stream.Write(chunk[..(count * Size)]);
            values = values[count..];
        }
    }
}
