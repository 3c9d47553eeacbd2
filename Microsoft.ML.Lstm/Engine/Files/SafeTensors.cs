using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>A named array of 32-bit floats, row-major; an empty <paramref name="Shape"/> is a scalar.</summary>
internal sealed record SafeTensor(string Name, int[] Shape, ReadOnlyMemory<float> Values)
{
    /// <summary>The type of the elements in the stream, which holds all of the values to the last bit.</summary>
    public ElementType Type { get; init; } = ElementType.Float32;
}

/// <summary>
/// Named float tensors and a few texts as one stream in the safetensors format of Hugging Face, which the Python library of that name reads
/// and writes.
/// </summary>
/// <remarks>
/// The layout: the length of the header as 8 bytes, little-endian; the header, a JSON object with the dtype, shape and [begin, end) of each
/// tensor in the data, and the texts under <c>__metadata__</c>; the data, little-endian and without gaps. Dtype F32 is written and read
/// here, and BF16 and I8 where the caller knows of them; <see cref="SafeTensorsHeader"/> takes the others too. The text <c>sha256</c> is
/// always written: the SHA-256 of the whole stream in 64 lower-case hexadecimal digits, computed with these digits as zeros.
/// </remarks>
internal sealed class SafeTensors
{
    /// <summary>
    /// The longest header that is read: enough for the known keys of a column of millions, or the tensors of thousands of layers.
    /// </summary>
    public const int MaxHeaderBytes = 8 << 20;

    // The longest header of a file without data; longer files may have longer headers.
    private const int ShortHeaderBytes = 2 << 20;

    private const int LengthBytes = sizeof(ulong);

    // Data starts on a multiple of this, so that a memory-mapped file can be used in place.
    private const int DataAlignment = 8;

    public SafeTensors(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafeTensor> tensors)
    {
        Metadata = metadata;
        Tensors = tensors;
    }

    /// <summary>The texts, without the checksum.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    public IReadOnlyList<SafeTensor> Tensors { get; }

    /// <summary>Writes everything with a checksum, from the stream's position on. The stream need not be seekable.</summary>
    /// <exception cref="InvalidOperationException">A name occurs twice, or the values of a tensor don't fill its shape or aren't all
    /// finite. Nothing is written then.</exception>
    public void Write(Stream stream)
    {
        foreach (SafeTensor tensor in Tensors)
        {
            if (!Finite.All(tensor.Values.Span))
                throw new InvalidOperationException($"Tensor '{tensor.Name}' can't be saved: it has values that are NaN or infinite.");
        }
        byte[] json = SafeTensorsHeader.Of(this).ToJson(DataAlignment);
        long most = LongestHeader(json.Length + Tensors.Sum(tensor => (long)tensor.Values.Length * tensor.Type.Size));
        if (json.Length > most)
            throw new InvalidOperationException(
                $"{Tensors.Count} tensors can't be saved: their header would have {json.Length} bytes, more than the {most} "
                + "that can be read again.");
        Range digits = SafeTensorsHeader.Parse(json).Checksum!.Value;
        ChecksumOf(json, digits, WriteData).CopyTo(json.AsSpan(digits));

        Span<byte> length = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        stream.Write(length);
        stream.Write(json);
        WriteData(stream);
    }

    private void WriteData(Stream stream)
    {
        foreach (SafeTensor tensor in Tensors)
            tensor.Type.Write(stream, tensor.Values.Span);
    }

    /// <summary>
    /// Reads a stream from its position to its end and verifies its checksum, if it has one. The stream need not be seekable.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="check">Called with the header before any data is read; throws when the caller can't use it.</param>
    /// <param name="smallTypes">The types of elements, beside F32, that the caller can use; none by default.</param>
    /// <exception cref="InvalidDataException">The stream isn't a complete and valid safetensors stream of finite tensors of these types.
    /// Memory is allocated only for elements that are there, whatever the header claims.</exception>
    public static SafeTensors Read(Stream stream, Action<SafeTensorsHeader>? check = null, params ElementType[] smallTypes)
    {
        SafeTensorsHeader header = ReadHeader(stream, out byte[] json);
        foreach (SafeTensorsHeader.Entry entry in header.Tensors)
        {
            if (entry.Type != ElementType.Float32 && !smallTypes.Contains(entry.Type))
                throw new InvalidDataException($"safetensors: expected dtype {ElementType.Float32.Name} in tensor "
                    + $"'{SafeTensorsHeader.Show(entry.Name)}', found '{entry.Type.Name}'.");
        }
        bool isFloat32 = header.Tensors.All(entry => entry.Type == ElementType.Float32);
        long elements = isFloat32 ? header.DataBytes / sizeof(float) : header.DataBytes;
        if (elements > Array.MaxLength)
            throw new InvalidDataException(
                $"safetensors: expected at most {Array.MaxLength} {(isFloat32 ? "numbers" : "bytes")} in all, found {elements}.");
        check?.Invoke(header);
        float[] floats = isFloat32 ? LittleEndian.Read<float>(stream, (int)elements, "the data") : [];
        byte[] bytes = isFloat32 ? [] : LittleEndian.Read<byte>(stream, (int)elements, "the data");
        if (stream.ReadByte() >= 0)
            throw new InvalidDataException(
                $"safetensors: expected the end of the stream after {header.DataBytes} bytes of data, found more.");
        if (header.Checksum is { } digits && !ChecksumOf(json, digits, WriteRead).AsSpan().SequenceEqual(json.AsSpan(digits)))
            throw new InvalidDataException(
                "safetensors: expected the content that its sha256 was made of, found another: "
                + "it was damaged or changed after it was written.");

        var tensors = new List<SafeTensor>(header.Tensors.Count);
        foreach (SafeTensorsHeader.Entry entry in header.Tensors)
        {
            ReadOnlyMemory<float> values = isFloat32 ? floats.AsMemory((int)(entry.Begin / sizeof(float)), entry.Length) : Widen(entry);
            if (!Finite.All(values.Span))
                throw new InvalidDataException(
                    $"safetensors: expected finite values in tensor '{SafeTensorsHeader.Show(entry.Name)}', found NaN or infinity.");
            tensors.Add(new SafeTensor(entry.Name, entry.Shape, values) { Type = entry.Type });
        }
        return new SafeTensors(header.Metadata, tensors);

        float[] Widen(SafeTensorsHeader.Entry entry)
        {
            float[] values = new float[entry.Length];
            entry.Type.Read(bytes.AsSpan((int)entry.Begin), values);
            return values;
        }

        void WriteRead(Stream copy)
        {
            LittleEndian.Write(copy, floats);
            copy.Write(bytes);
        }
    }

    /// <summary>Reads the header of a stream, up to its data.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="json">The header's bytes.</param>
    /// <exception cref="InvalidDataException">The stream doesn't begin with one.</exception>
    public static SafeTensorsHeader ReadHeader(Stream stream, out byte[] json)
    {
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        int got = stream.ReadAtLeast(lengthBytes, LengthBytes, throwOnEndOfStream: false);
        if (got < LengthBytes)
            throw new InvalidDataException(
                $"safetensors: expected {LengthBytes} bytes with the header's length, found the end of the stream after {got}.");
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        long most = stream.CanSeek ? LongestHeader(stream.Length - stream.Position) : MaxHeaderBytes;
        if (headerLength == 0 || headerLength > (ulong)most)
            throw new InvalidDataException($"safetensors: expected a header of 1 to {most} bytes, found a length of {headerLength}.");
        json = LittleEndian.Read<byte>(stream, (int)headerLength, "the header");
        return SafeTensorsHeader.Parse(json);
    }

    // Reading a header takes a multiple of its bytes in memory.
    private static long LongestHeader(long bytes) => Math.Min(MaxHeaderBytes, ShortHeaderBytes + bytes / 2);

    /// <summary>The hexadecimal digits of the checksum of a stream.</summary>
    private static byte[] ChecksumOf(byte[] header, Range digits, Action<Stream> writeData)
    {
        using var sum = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, sum, CryptoStreamMode.Write))
        {
            byte[] length = new byte[LengthBytes];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header.AsSpan(..digits.Start.Value));
            stream.Write(SafeTensorsHeader.ChecksumZeros);
            stream.Write(header.AsSpan(digits.End.Value..));
            writeData(stream);
        }
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(sum.Hash!));
    }
}
