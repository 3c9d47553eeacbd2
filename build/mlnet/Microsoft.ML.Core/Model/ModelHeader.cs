using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>
/// The 256 bytes before every model. Behind them lie the model's own bytes, the strings it refers to by number (the byte offset at which each
/// ends, then their UTF-16 characters), the loader's assembly name and a tail. All positions count from the header's start.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct ModelHeader
{
    public const int Size = 256;
    public const ulong SignatureValue = 0x4C45444F4D004C4D; // "ML\0MODEL"
    public const ulong TailSignatureValue = 0x4D4C004D4F44454C; // the same backwards
    private const uint FormatVersion = 0x00010002;
    private const int LoaderSignatureLength = 24;

    [FieldOffset(0x00)]
    public ulong Signature;

    [FieldOffset(0x08)]
    public uint VerWritten;

    [FieldOffset(0x0C)]
    public uint VerReadable;

    [FieldOffset(0x10)]
    public long FpModel;

    [FieldOffset(0x18)]
    public long CbModel;

    [FieldOffset(0x20)]
    public long FpStringTable;

    [FieldOffset(0x28)]
    public long CbStringTable;

    [FieldOffset(0x30)]
    public long FpStringChars;

    [FieldOffset(0x38)]
    public long CbStringChars;

    [FieldOffset(0x40)]
    public ulong ModelSignature;

    [FieldOffset(0x48)]
    public uint ModelVerWritten;

    [FieldOffset(0x4C)]
    public uint ModelVerReadable;

    [FieldOffset(0x50)]
    private LoaderName _loader;

    [FieldOffset(0x68)]
    private LoaderName _loaderAlt;

    [FieldOffset(0x80)]
    public long FpTail;

    [FieldOffset(0x88)]
    public long FpLim;

    [FieldOffset(0x90)]
    public long FpAssemblyName;

    [FieldOffset(0x98)]
    public uint CbAssemblyName;

    public static ModelHeader Create() => new()
    {
        Signature = SignatureValue,
        VerWritten = FormatVersion,
        VerReadable = FormatVersion,
        FpModel = Size,
    };

    public readonly string LoaderSignature => _loader.ToString();

    public readonly string LoaderSignatureAlt => _loaderAlt.ToString();

    public void SetVersionInfo(VersionInfo version)
    {
        ModelSignature = version.ModelSignature;
        ModelVerWritten = version.VerWrittenCur;
        ModelVerReadable = version.VerReadableCur;
        _loader.Set(version.LoaderSignature);
        _loaderAlt.Set(version.LoaderSignatureAlt);
    }

    public readonly void Write(BinaryWriter writer) => writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ModelHeader>(in this)));

    /// <summary>Reads a header at the stream's position, with the strings and the assembly name it points to, and goes to the model's first byte.</summary>
    public static ModelHeader Read(BinaryReader reader, out string[] strings, out string assemblyName)
    {
        long start = reader.BaseStream.Position;
        long available = reader.BaseStream.Length - start;
        Contracts.CheckDecode(available >= Size);
        ModelHeader header = default;
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(new Span<ModelHeader>(ref header)));

        Contracts.CheckDecode(null, header.Signature == SignatureValue, "Wrong file type");
        Contracts.CheckDecode(null, header.VerReadable <= header.VerWritten && header.VerReadable <= FormatVersion, "Corrupt file header");
        Contracts.CheckDecode(header.FpModel == Size && header.FpLim <= available && header.FpTail == header.FpLim - sizeof(ulong) && header.FpTail >= Size);
        CheckBlock(header.FpModel, header.CbModel, header.FpTail);
        CheckBlock(header.FpStringTable, header.CbStringTable, header.FpTail);
        CheckBlock(header.FpStringChars, header.CbStringChars, header.FpTail);
        CheckBlock(header.FpAssemblyName, header.CbAssemblyName, header.FpTail);

        reader.BaseStream.Position = start + header.FpTail;
        Contracts.CheckDecode(null, reader.ReadUInt64() == TailSignatureValue, "Corrupt model file tail");

        byte[] ends = ReadBlock(header.FpStringTable, header.CbStringTable);
        byte[] characters = ReadBlock(header.FpStringChars, header.CbStringChars);
        strings = new string[ends.Length / sizeof(long)];
        long end = 0;
        for (int i = 0; i < strings.Length; i++)
        {
            long begin = end;
            end = BitConverter.ToInt64(ends, i * sizeof(long));
            Contracts.CheckDecode(begin <= end && end <= characters.Length);
            strings[i] = Encoding.Unicode.GetString(characters, (int)begin, (int)(end - begin));
        }
        assemblyName = Encoding.Unicode.GetString(ReadBlock(header.FpAssemblyName, header.CbAssemblyName));
        reader.BaseStream.Position = start + header.FpModel;
        return header;

        byte[] ReadBlock(long position, long length)
        {
            reader.BaseStream.Position = start + position;
            var bytes = new byte[length];
            reader.BaseStream.ReadExactly(bytes);
            return bytes;
        }

        static void CheckBlock(long position, long length, long limit) =>
            Contracts.CheckDecode(0 <= position && 0 <= length && position <= limit && length <= limit - position);
    }

    [System.Runtime.CompilerServices.InlineArray(LoaderSignatureLength)]
    private struct LoaderName
    {
        private byte _first;

        public void Set(string name)
        {
            ((Span<byte>)this).Clear();
            Encoding.ASCII.GetBytes((name ?? "").AsSpan(), this);
        }

        public override readonly string ToString() => Encoding.ASCII.GetString(this).TrimEnd('\0');
    }
}
