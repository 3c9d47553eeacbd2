using System.IO.Compression;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The zip file that holds a model: its entries by path, written when an entry is closed and read whole.</summary>
internal abstract class Repository : IDisposable
{
    private protected Repository(IExceptionContext ectx) => ExceptionContext = ectx;

    public IExceptionContext ExceptionContext { get; }

    public abstract void Dispose();

    private protected static string PathOf(string dir, string name) =>
        string.IsNullOrEmpty(dir) ? Normalize(name) : $"{Normalize(dir)}/{name}";

    private static string Normalize(string path) => path.Replace('\\', '/');

    public sealed class Entry : IDisposable
    {
        private readonly Action _closing;

        internal Entry(string path, Stream stream, Action closing = null)
        {
            Path = path;
            Stream = stream;
            _closing = closing;
        }

        public string Path { get; }

        public Stream Stream { get; }

        public void Dispose()
        {
            _closing?.Invoke();
            Stream.Dispose();
        }
    }
}

internal sealed class RepositoryWriter : Repository
{
    private readonly ZipArchive _archive;

    private RepositoryWriter(Stream stream, IExceptionContext ectx)
        : base(ectx) =>
        _archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);

    public static RepositoryWriter CreateNew(Stream stream, IExceptionContext ectx = null, bool useFileSystem = true)
    {
        var writer = new RepositoryWriter(stream, ectx);
        using Entry version = writer.CreateEntry("TrainingInfo", "Version.txt");
        using var text = new StreamWriter(version.Stream, leaveOpen: true);
        text.WriteLine("5.0.0+standin");
        return writer;
    }

    public Entry CreateEntry(string name) => CreateEntry(null, name);

    public Entry CreateEntry(string dir, string name)
    {
        string path = PathOf(dir, name);
        var bytes = new MemoryStream();
        return new(path, bytes, () =>
        {
            using Stream zipped = _archive.CreateEntry(path).Open();
            zipped.Write(bytes.GetBuffer(), 0, (int)bytes.Length);
        });
    }

    public void Commit() => _archive.Dispose();

    public override void Dispose() => _archive.Dispose();
}

internal sealed class RepositoryReader : Repository
{
    private readonly ZipArchive _archive;

    private RepositoryReader(Stream stream, IExceptionContext ectx)
        : base(ectx)
    {
        try
        {
            _archive = new(stream, ZipArchiveMode.Read, leaveOpen: true);
        }
        catch (InvalidDataException inner)
        {
            throw ectx.ExceptDecode(inner, "Failed to open a zip archive");
        }
    }

    public static RepositoryReader Open(Stream stream, IExceptionContext ectx = null, bool useFileSystem = true) => new(stream, ectx);

    public Entry OpenEntry(string name) => OpenEntry(null, name);

    public Entry OpenEntry(string dir, string name) =>
        OpenEntryOrNull(dir, name) ?? throw ExceptionContext.ExceptDecode($"Repository doesn't contain entry {PathOf(dir, name)}");

    public Entry OpenEntryOrNull(string name) => OpenEntryOrNull(null, name);

    public Entry OpenEntryOrNull(string dir, string name)
    {
        string path = PathOf(dir, name);
        ZipArchiveEntry entry = _archive.GetEntry(path) ?? _archive.GetEntry(path.Replace('/', '\\'));
        if (entry is null)
            return null;
        var bytes = new MemoryStream();
        using (Stream zipped = entry.Open())
            zipped.CopyTo(bytes);
        bytes.Position = 0;
        return new(path, bytes);
    }

    public override void Dispose() => _archive.Dispose();
}
