using System.IO.Compression;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// A schema as a model file has it: ML.NET's binary data view format with no rows. A header of 256 bytes, the annotations' values and, for each
/// column that has some, a table of them, then the table of columns and a tail.
/// </summary>
internal static class SchemaFile
{
    private const ulong Signature = 0x00425644004C4D43; // "CML\0DVB\0"
    private const ulong TailSignature = 0x434D4C0044564200; // the same backwards
    private const ulong Version = 0x0001000100010006;
    private const ulong OldestVersion = 0x0001000100010004;
    private const int HeaderSize = 256;
    private const byte Deflated = 1;

    public static void Write(Stream stream, DataViewSchema schema)
    {
        DataViewSchema.Column[] columns = schema.Where(c => ValueCodec.Knows(c.Type)).ToArray();
        Contracts.Check(columns.Length > 0, "No valid columns to save");
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        long start = stream.Position;
        writer.Write(new byte[HeaderSize]);
        long[] annotations = Array.ConvertAll(columns, c => WriteAnnotations(writer, start, c.Annotations));

        long tableOfContents = stream.Position - start;
        for (int i = 0; i < columns.Length; i++)
        {
            writer.Write(columns[i].Name);
            ValueCodec.WriteType(writer, columns[i].Type);
            writer.Write(Deflated);
            writer.Write7BitEncodedInt(1); // rows in a block
            writer.Write((long)HeaderSize); // where the table of blocks would be
            writer.Write(annotations[i]);
        }
        long tail = stream.Position - start;
        writer.Write(TailSignature);
        long end = stream.Position;

        stream.Position = start;
        writer.Write(Signature);
        writer.Write(Version);
        writer.Write(Version);
        writer.Write(tableOfContents);
        writer.Write(tail);
        writer.Write(0L);
        writer.Write(columns.Length);
        stream.Position = end;
    }

    public static DataViewSchema Read(Stream stream)
    {
        Contracts.CheckDecode(null, stream.Length >= HeaderSize, $"Read only {stream.Length} bytes in file, expected header size of {HeaderSize}");
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        Contracts.CheckDecode(null, reader.ReadUInt64() == Signature, "This does not appear to be a binary dataview file");
        ulong version = reader.ReadUInt64();
        ulong compatible = reader.ReadUInt64();
        Contracts.CheckDecode(null, compatible <= version && OldestVersion <= compatible && compatible <= Version, "Cannot read this version of a binary dataview file");
        long tableOfContents = reader.ReadInt64();
        long tail = reader.ReadInt64();
        Contracts.CheckDecode(null, HeaderSize <= tableOfContents && tableOfContents <= tail && tail == stream.Length - sizeof(ulong), "Corrupt binary dataview file");
        Contracts.CheckDecode(null, reader.ReadInt64() == 0, "A model's schema has no rows");
        int count = reader.ReadInt32();
        Contracts.CheckDecode(count > 0);

        var builder = new DataViewSchema.Builder();
        stream.Position = tableOfContents;
        for (int i = 0; i < count; i++)
        {
            string name = reader.ReadString();
            DataViewType type = ValueCodec.ReadType(reader);
            reader.ReadByte();
            reader.Read7BitEncodedInt64();
            reader.ReadInt64();
            long annotations = reader.ReadInt64();
            long next = stream.Position;
            if (type is not null)
                builder.AddColumn(name, type, annotations == 0 ? null : ReadAnnotations(reader, annotations));
            stream.Position = next;
        }
        Contracts.CheckDecode(null, stream.Position == tail && reader.ReadUInt64() == TailSignature, "Corrupt binary dataview file");
        return builder.ToSchema();
    }

    /// <summary>Writes a column's annotations and returns where their table is, 0 if there are none.</summary>
    private static long WriteAnnotations(BinaryWriter writer, long start, DataViewSchema.Annotations annotations)
    {
        DataViewSchema.Column[] kinds = annotations.Schema.Where(c => ValueCodec.Knows(c.Type)).ToArray();
        if (kinds.Length == 0)
            return 0;
        var blocks = new List<(byte Compression, long Offset, int Length)>();
        foreach (DataViewSchema.Column kind in kinds)
        {
            byte[] plain = ValueCodec.Encode(kind.Type, annotations.GetGetterInternal(kind.Index));
            byte[] deflated = Deflate(plain);
            bool isSmaller = deflated.Length < plain.Length;
            byte[] stored = isSmaller ? deflated : plain;
            blocks.Add((isSmaller ? Deflated : (byte)0, writer.BaseStream.Position - start, stored.Length));
            writer.Write(stored);
        }
        long table = writer.BaseStream.Position - start;
        writer.Write7BitEncodedInt(kinds.Length);
        for (int i = 0; i < kinds.Length; i++)
        {
            writer.Write(kinds[i].Name);
            ValueCodec.WriteType(writer, kinds[i].Type);
            writer.Write(blocks[i].Compression);
            writer.Write(blocks[i].Offset);
            writer.Write7BitEncodedInt(blocks[i].Length);
        }
        return table;
    }

    private static DataViewSchema.Annotations ReadAnnotations(BinaryReader reader, long table)
    {
        Stream stream = reader.BaseStream;
        Contracts.CheckDecode(HeaderSize <= table && table < stream.Length);
        stream.Position = table;
        int count = reader.Read7BitEncodedInt();
        var builder = new DataViewSchema.Annotations.Builder();
        for (int i = 0; i < count; i++)
        {
            string kind = reader.ReadString();
            DataViewType type = ValueCodec.ReadType(reader);
            byte compression = reader.ReadByte();
            long offset = reader.ReadInt64();
            long length = reader.Read7BitEncodedInt64();
            Contracts.CheckDecode(HeaderSize <= offset && 0 <= length && offset <= stream.Length - length);
            if (type is null)
                continue;
            long next = stream.Position;
            stream.Position = offset;
            byte[] block = reader.ReadBytes((int)length);
            stream.Position = next;
            builder.Add(kind, type, ValueCodec.Decode(type, compression == Deflated ? Inflate(block) : block));
        }
        return builder.ToAnnotations();
    }

    private static byte[] Deflate(byte[] plain)
    {
        var target = new MemoryStream();
        using (var deflate = new DeflateStream(target, CompressionLevel.Optimal))
            deflate.Write(plain);
        return target.ToArray();
    }

    private static byte[] Inflate(byte[] deflated)
    {
        var target = new MemoryStream();
        using var inflate = new DeflateStream(new MemoryStream(deflated), CompressionMode.Decompress);
        inflate.CopyTo(target);
        return target.ToArray();
    }
}
