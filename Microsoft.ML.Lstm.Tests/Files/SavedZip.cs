using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>A model.zip whose entries a test can change.</summary>
internal sealed class SavedZip
{
    private const string Checksums = "Checksum.sha256";

    private readonly Dictionary<string, byte[]> _entries = [];

    public SavedZip(Stream zip)
    {
        zip.Position = 0;
        using var archive = new ZipArchive(zip, ZipArchiveMode.Read, leaveOpen: true);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream stream = entry.Open();
            var content = new MemoryStream();
            stream.CopyTo(content);
            _entries.Add(entry.FullName, content.ToArray());
        }
    }

    private SavedZip(Dictionary<string, byte[]> entries) => _entries = new(entries);

    /// <summary>The folders of our transformers.</summary>
    public IEnumerable<string> OurFolders => _entries.Keys.Where(name => Path.GetFileName(name) == Checksums).Select(FolderOf);

    /// <summary>Our streams, including the lists of checksums.</summary>
    public IEnumerable<string> OurStreams
        => OurFolders.SelectMany(folder => _entries.Keys.Where(name => FolderOf(name) == folder && Path.GetFileName(name) != "Model.key"));

    public IReadOnlyCollection<string> Names => _entries.Keys;

    public byte[] this[string name]
    {
        get => _entries[name];
        set => _entries[name] = value;
    }

    public SavedZip Copy() => new(_entries);

    /// <summary>The only entry of ours with this file name; Model.key counts as ours.</summary>
    public string Find(string fileName)
        => _entries.Keys.Single(name => Path.GetFileName(name) == fileName && OurFolders.Contains(FolderOf(name)));

    public void Remove(string name) => Assert.IsTrue(_entries.Remove(name), name);

    /// <summary>Recomputes the checksums of all our streams, also those within streams.</summary>
    public void RemakeChecksums()
    {
        foreach (string folder in OurFolders.ToArray())
        {
            string[] streams = [.. _entries.Keys.Where(name =>
                FolderOf(name) == folder && Path.GetFileName(name) is not ("Model.key" or Checksums))];
            var list = new StringBuilder(Encoding.UTF8.GetString(_entries[Join(folder, Checksums)]).Split('\n')[0]).Append('\n');
            foreach (string name in streams)
            {
                if (name.EndsWith(".safetensors", StringComparison.Ordinal))
                    RemakeChecksum(_entries[name]);
                list.Append(Convert.ToHexStringLower(SHA256.HashData(_entries[name])))
                    .Append("  ")
                    .Append(Path.GetFileName(name))
                    .Append('\n');
            }
            _entries[Join(folder, Checksums)] = Encoding.UTF8.GetBytes(list.ToString());
        }
    }

    /// <summary>Recomputes the checksum of a safetensors stream, if it still looks like one with a checksum.</summary>
    public static void RemakeChecksum(byte[] safetensors)
    {
        const string Key = "\"sha256\":\"";
        int at = safetensors.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Key));
        if (at < 0 || at + Key.Length + 64 > safetensors.Length)
            return;
        Span<byte> digits = safetensors.AsSpan(at + Key.Length, 64);
        digits.Fill((byte)'0');
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(safetensors))).CopyTo(digits);
    }

    public MemoryStream ToStream()
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in _entries)
            {
                using Stream entry = archive.CreateEntry(name, CompressionLevel.Fastest).Open();
                entry.Write(content);
            }
        }
        stream.Position = 0;
        return stream;
    }

    /// <summary>A safetensors stream with one text in the header replaced, its length corrected and its checksum recomputed.</summary>
    public static byte[] HeaderReplaced(byte[] safetensors, string was, string becomes)
    {
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(safetensors);
        string header = Encoding.UTF8.GetString(safetensors, 8, length);
        int at = header.IndexOf(was, StringComparison.Ordinal);
        Assert.IsGreaterThanOrEqualTo(0, at, $"no {was} in {header}");
        byte[] changed = Encoding.UTF8.GetBytes(header[..at] + becomes + header[(at + was.Length)..]);
        byte[] result = [.. new byte[8], .. changed, .. safetensors[(8 + length)..]];
        BinaryPrimitives.WriteUInt64LittleEndian(result, (ulong)changed.Length);
        RemakeChecksum(result);
        return result;
    }

    // The separator is that of the system that wrote the file.
    private static string FolderOf(string name) => name[..Math.Max(0, name.LastIndexOfAny(['/', '\\']))];

    private string Join(string folder, string file)
        => _entries.Keys.Single(name => FolderOf(name) == folder && Path.GetFileName(name) == file);
}
