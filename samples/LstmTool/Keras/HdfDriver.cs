using System.Buffers.Binary;
using PureHDF.VFD;

namespace LstmTool.Keras;

/// <summary>
/// What PureHDF reads an HDF5 file through. PureHDF makes arrays as large as a file says before it looks for their content, gigabytes
/// for a damaged file of some kilobytes, and follows links in circles; here what is longer than the file is refused, and so is a file
/// that is read from too often.
/// </summary>
internal sealed class HdfDriver(Stream stream) : H5DriverBase
{
    // Some 200 for each array of a file.
    private const int MaxReads = 400_000;

    private int _reads;

    public override long Position => stream.Position;

    public override long Length => stream.Length;

    public override void Seek(long offset, SeekOrigin seekOrigin)
    {
        long position = seekOrigin == SeekOrigin.Begin ? offset : stream.Position + offset;
        if (position < 0 || position > stream.Length)
            throw new InvalidDataException($"HDF5: expected a place in the file, found byte {position} of {stream.Length}.");
        stream.Position = position;
    }

    public override void Read(Span<byte> buffer)
    {
        if (++_reads > MaxReads)
            throw new InvalidDataException("HDF5: expected parts that lead to an end, found that they lead in circles.");
        Check(buffer.Length);
        stream.ReadExactly(buffer);
    }

    public override void ReadDataset(Span<byte> buffer) => Read(buffer);

    public override byte[] ReadBytes(int count)
    {
        Check(count);
        byte[] bytes = new byte[count];
        Read(bytes);
        return bytes;
    }

    public override byte ReadByte()
    {
        Span<byte> bytes = stackalloc byte[sizeof(byte)];
        Read(bytes);
        return bytes[0];
    }

    public override ushort ReadUInt16()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        Read(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public override short ReadInt16() => (short)ReadUInt16();

    public override uint ReadUInt32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        Read(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public override ulong ReadUInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Read(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public override void Write(Span<byte> data) => throw new NotSupportedException("HDF5 files are only read.");

    public override void WriteDataset(Span<byte> buffer) => throw new NotSupportedException("HDF5 files are only read.");

    public override void SetLength(long length) => throw new NotSupportedException("HDF5 files are only read.");

    private void Check(int count)
    {
        if (count < 0 || count > stream.Length - stream.Position)
            throw new InvalidDataException($"HDF5: expected {count} bytes at byte {stream.Position}, found the end of the file.");
    }
}
