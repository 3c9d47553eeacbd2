using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>Reads and writes arrays of bytes or 32-bit floats, little-endian on every machine.</summary>
internal static class LittleEndian
{
    // Also the most that is allocated for a stream of unknown length before its first byte has arrived.
    private const int ChunkBytes = 64 * 1024;

    /// <summary>Writes <paramref name="values"/> in chunks.</summary>
    public static void Write(Stream stream, ReadOnlySpan<float> values)
    {
        const int ChunkLength = ChunkBytes / sizeof(float);
        Span<int> reversed = BitConverter.IsLittleEndian ? [] : new int[Math.Min(ChunkLength, values.Length)];
        for (int done = 0; done < values.Length;)
        {
            ReadOnlySpan<int> chunk = MemoryMarshal.Cast<float, int>(values.Slice(done, Math.Min(ChunkLength, values.Length - done)));
            if (!BitConverter.IsLittleEndian)
            {
                BinaryPrimitives.ReverseEndianness(chunk, reversed);
                chunk = reversed[..chunk.Length];
            }
            stream.Write(MemoryMarshal.AsBytes(chunk));
            done += chunk.Length;
        }
    }

    /// <summary>
    /// Reads <paramref name="length"/> values. The length of a seekable stream is checked first; any other stream is read into a buffer
    /// that grows with the bytes that arrive.
    /// </summary>
    /// <exception cref="InvalidDataException">The stream ends too early.</exception>
    public static T[] Read<T>(Stream stream, int length, string what)
        where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        long expectedBytes = (long)length * size;
        if (stream.CanSeek && stream.Length - stream.Position < expectedBytes)
            throw EndOfStream(Math.Max(0, stream.Length - stream.Position));

        int chunkLength = ChunkBytes / size;
        T[] values = new T[stream.CanSeek ? length : Math.Min(length, chunkLength)];
        for (int done = 0; done < length;)
        {
            if (done == values.Length)
                Array.Resize(ref values, (int)Math.Min(length, 2L * done));
            Span<byte> chunk = MemoryMarshal.AsBytes(values.AsSpan(done, Math.Min(chunkLength, values.Length - done)));
            int got = stream.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false);
            if (got < chunk.Length)
                throw EndOfStream((long)done * size + got);
            done += chunk.Length / size;
        }
        if (!BitConverter.IsLittleEndian && size == sizeof(int))
        {
            Span<int> words = MemoryMarshal.Cast<T, int>(values.AsSpan());
            BinaryPrimitives.ReverseEndianness(words, words);
        }
        return values;

        InvalidDataException EndOfStream(long found)
            => new($"safetensors: expected {expectedBytes} bytes of {what}, found the end of the stream after {found}.");
    }
}
