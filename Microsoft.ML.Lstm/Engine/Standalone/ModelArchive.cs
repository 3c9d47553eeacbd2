using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Engine.Standalone;

/// <summary>
/// Our entry in a model.zip, read without ML.NET: docs/model-file.md describes it. The list of checksums says what the entry is, and all of
/// its streams are checked against it.
/// </summary>
internal sealed class ModelArchive : IDisposable
{
    private const string ChecksumStream = "Checksum.sha256";
    private const string Title = "Microsoft.ML.Lstm ";
    private const long MaxListBytes = 1 << 16;

    // What the entries of small files may have, and those of large ones for each of the file's bytes, once unpacked: what an entry claims
    // does not count.
    private const long BaseBytes = 64 << 20;
    private const int BytesPerByte = 32;

    // JSON with the names of classes has numbers beside it, which hardly get smaller by packing.
    private const long MaxJsonBytes = 2 << 20;

    private readonly ZipArchive _archive;
    private readonly long _fileLength;
    private readonly Budget _budget;
    private readonly string _folder;
    private readonly string[] _lines;

    private ModelArchive(ZipArchive archive, ZipArchiveEntry list, long fileLength)
    {
        (_archive, _fileLength) = (archive, fileLength);
        _budget = new Budget(BaseBytes + BytesPerByte * fileLength, "A saved LSTM model can't be read");
        _folder = list.FullName[..^ChecksumStream.Length];
        _lines = Encoding.UTF8.GetString(Read(list, MaxListBytes)).Split('\n');
        string[] title = _lines[0].Split(' ');
        if (title.Length != 4 || !_lines[0].StartsWith(Title, StringComparison.Ordinal)
            || title[3] != _folder.TrimEnd('/').Replace('\\', '/'))
            throw Invalid($"'{ChecksumStream}' of '{_folder}' begins with its place in the pipeline", "another line");
        Loader = title[1];
    }

    /// <summary>The transformer that the entry is of, as ML.NET's loaders are called.</summary>
    public string Loader { get; }

    /// <summary>Opens the entry of the network in an archive; where there are several, the last one.</summary>
    /// <param name="stream">Holds the archive; it stays open.</param>
    /// <exception cref="InvalidDataException">It is no archive, or has no entry of this package, version 1.1.</exception>
    public static ModelArchive Open(Stream stream)
    {
        ZipArchive? archive = null;
        try
        {
            archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            ZipArchiveEntry list = archive.Entries.Where(entry => entry.Name == ChecksumStream)
                .OrderBy(entry => entry.FullName, StringComparer.Ordinal).LastOrDefault()
                ?? throw Invalid("a model of this package in the archive, saved by a version after 0.1.0", "none");
            return new ModelArchive(archive, list, stream.Length);
        }
        catch (InvalidDataException)
        {
            archive?.Dispose();
            throw;
        }
        catch (Exception error) when (IsDamage(error))
        {
            archive?.Dispose();
            throw Damaged(error);
        }
    }

    /// <summary>Reads a stream of JSON.</summary>
    public byte[] ReadJson(string name) => ReadChecked(name, MaxJsonBytes + BytesPerByte * _fileLength);

    /// <summary>Reads a stream of numbers.</summary>
    public MemoryStream ReadNumbers(string name) => new(ReadChecked(name, Array.MaxLength));

    public void Dispose() => _archive.Dispose();

    private byte[] ReadChecked(string name, long most)
    {
        ZipArchiveEntry entry = _archive.GetEntry(_folder + name) ?? _archive.GetEntry((_folder + name).Replace('/', '\\'))
            ?? throw Invalid($"'{name}' in '{_folder}'", "none");
        byte[] bytes = Read(entry, most);
        return Array.IndexOf(_lines, $"{Convert.ToHexStringLower(SHA256.HashData(bytes))}  {name}") > 0
            ? bytes
            : throw Invalid($"'{name}' in '{_folder}' as it was written", "a damaged or changed one");
    }

    private byte[] Read(ZipArchiveEntry entry, long most)
    {
        try
        {
            return Unpack(entry, most);
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged(error);
        }
    }

    private byte[] Unpack(ZipArchiveEntry entry, long most)
    {
        if (entry.Length > most)
            throw Invalid($"at most {most} bytes in '{entry.Name}'", $"{entry.Length}");
        using Stream stream = entry.Open();
        var content = new MemoryStream();
        // What an entry claims is not to be trusted; what it has takes memory as it comes.
        byte[] part = new byte[1 << 16];
        for (int read; (read = stream.Read(part)) > 0;)
        {
            _budget.Take(read);
            content.Write(part, 0, read);
            if (content.Length > entry.Length)
                throw Invalid($"{entry.Length} bytes in '{entry.Name}'", "more");
        }
        return content.ToArray();
    }

    // What .NET throws for a damaged archive, beside InvalidDataException.
    private static bool IsDamage(Exception error)
        => error is IOException or ArgumentException or OverflowException or IndexOutOfRangeException;

    private static InvalidDataException Damaged(Exception error)
        => new($"A saved LSTM model can't be read: {error.Message}", error);

    private static InvalidDataException Invalid(string expected, string found)
        => new($"A saved LSTM model can't be read: expected {expected}, found {found}.");
}
