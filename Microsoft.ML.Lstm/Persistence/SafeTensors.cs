using System.Buffers.Binary;
using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Persistence;

/// <summary>
/// Named float tensors and a few texts as one stream in the safetensors format, which Python's safetensors library
/// reads and writes.
/// </summary>
/// <remarks>
/// The layout: the header's length as 8 bytes little-endian; the header, JSON that gives each tensor's dtype, shape and
/// [begin, end) in the data, and under <c>__metadata__</c> the texts; the data, little-endian and without gaps. Only
/// dtype F32 is supported.
/// </remarks>
internal sealed class SafeTensors
{
    /// <summary>The longest header that is read, as in the format's reference implementation.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    private const int LengthBytes = sizeof(ulong);

    // Data starts on a multiple of this, so that a memory-mapped file can be used in place.
    private const int DataAlignment = 8;

    public SafeTensors(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafeTensor> tensors)
    {
        Metadata = metadata;
        Tensors = tensors;
    }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public IReadOnlyList<SafeTensor> Tensors { get; }

    /// <summary>Writes everything from the stream's position on. The stream need not be seekable.</summary>
    /// <exception cref="InvalidOperationException">
    /// A name occurs twice, or a tensor's values don't fill its shape or aren't all finite. Nothing is written then.
    /// </exception>
    public void Write(Stream stream)
    {
        foreach (SafeTensor tensor in Tensors)
        {
            if (!tensor.Values.IsEmpty && !TensorPrimitives.IsFiniteAll(tensor.Values.Span))
                throw new InvalidOperationException($"Tensor '{tensor.Name}' can't be saved: it has values that are NaN or infinite.");
        }
        byte[] json = SafeTensorsHeader.Of(this).ToJson();
        int padding = -json.Length & (DataAlignment - 1);
        Span<byte> length = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)(json.Length + padding));
        stream.Write(length);
        stream.Write(json);
        stream.Write("        "u8[..padding]);
        foreach (SafeTensor tensor in Tensors)
            LittleEndian.Write(stream, tensor.Values.Span);
    }

    /// <summary>Reads a stream from its position to its end. The stream need not be seekable.</summary>
    /// <exception cref="InvalidDataException">
    /// The stream isn't a complete and valid safetensors stream of finite F32 tensors. Memory is taken only for bytes
    /// that are there, whatever the header claims.
    /// </exception>
    public static SafeTensors Read(Stream stream)
    {
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        int got = stream.ReadAtLeast(lengthBytes, LengthBytes, throwOnEndOfStream: false);
        if (got < LengthBytes)
            throw new InvalidDataException($"safetensors: expected {LengthBytes} bytes with the header's length, found the end of the stream after {got}.");
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (headerLength is 0 or > MaxHeaderBytes)
            throw new InvalidDataException($"safetensors: expected a header of 1 to {MaxHeaderBytes} bytes, found a length of {headerLength}.");

        byte[] json = LittleEndian.Read<byte>(stream, (int)headerLength, "the header");
        var header = SafeTensorsHeader.Parse(json);
        float[] data = LittleEndian.Read<float>(stream, header.DataLength, "the data");
        if (stream.ReadByte() >= 0)
            throw new InvalidDataException($"safetensors: expected the end of the stream after {(long)header.DataLength * sizeof(float)} bytes of data, found more.");

        var tensors = new List<SafeTensor>(header.Tensors.Count);
        foreach (SafeTensorsHeader.Entry entry in header.Tensors)
        {
            ReadOnlyMemory<float> values = data.AsMemory(entry.Begin, entry.Length);
            if (!values.IsEmpty && !TensorPrimitives.IsFiniteAll(values.Span))
                throw new InvalidDataException($"safetensors: expected finite values in tensor '{entry.Name}', found NaN or infinity.");
            tensors.Add(new SafeTensor(entry.Name, entry.Shape, values));
        }
        return new SafeTensors(header.Metadata, tensors);
    }
}
