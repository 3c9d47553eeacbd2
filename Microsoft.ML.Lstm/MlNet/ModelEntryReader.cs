using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>Reads the streams of an entry in a model.zip and verifies their checksums.</summary>
internal sealed class ModelEntryReader
{
    private const long MaxChecksumBytes = 1 << 16;

    private readonly ModelLoadContext _ctx;

    // The checksums of the streams that are still to be read; null in an entry without a list.
    private readonly List<string>? _lines;

    /// <param name="ctx">The entry.</param>
    /// <param name="title">The first line of the list of checksums.</param>
    /// <param name="mustHaveChecksums">Whether there must be a list.</param>
    /// <exception cref="InvalidDataException">The list is missing, damaged, or of another entry.</exception>
    public ModelEntryReader(ModelLoadContext ctx, string title, bool mustHaveChecksums)
    {
        _ctx = ctx;
        // A list counts in an entry of version 1.0 too, so that damage to the version can't switch the checks off.
        if (!Find(ModelEntry.ChecksumStream, stream => ReadAll(stream, MaxChecksumBytes), out byte[]? bytes))
        {
            if (mustHaveChecksums)
                throw Missing(ModelEntry.ChecksumStream);
            return;
        }
        _lines = [.. Encoding.UTF8.GetString(bytes!).Split('\n')];
        if (_lines[0] != title)
            throw new InvalidDataException(
                $"'{ModelEntry.ChecksumStream}' of a saved LSTM model is not that of its entry: expected '{title}', found "
                + $"'{Shorten(_lines[0])}'.");
        if (_lines.Count < 2 || _lines[^1] != "")
            throw new InvalidDataException(
                $"'{ModelEntry.ChecksumStream}' of a saved LSTM model is damaged: expected lines that end with a line feed, found others.");
        _lines.RemoveAt(_lines.Count - 1);
        _lines.RemoveAt(0);
    }

    /// <summary>Reads a stream.</summary>
    /// <param name="name">Its name in the entry.</param>
    /// <param name="read">Reads its content.</param>
    /// <exception cref="InvalidDataException">The stream is missing, or its checksum is wrong.</exception>
    public T Read<T>(string name, Func<Stream, T> read)
        => Find(name, stream => Check(name, stream, read), out T? result) ? result! : throw Missing(name);

    /// <summary>Reads a stream of JSON.</summary>
    /// <param name="name">Its name in the entry.</param>
    /// <param name="read">Reads its content.</param>
    /// <param name="numbers">The names of the streams with the numbers that the JSON describes.</param>
    /// <exception cref="InvalidDataException">The stream is missing or too long, or its checksum is wrong.</exception>
    public T ReadJson<T>(string name, Func<byte[], T> read, params string[] numbers)
        => FindJson(name, read, numbers, out T? result) ? result! : throw Missing(name);

    /// <summary>Reads the report of a training; null where there is none.</summary>
    /// <param name="numbers">The names of the streams with the numbers of the network.</param>
    /// <exception cref="InvalidDataException">The report is damaged or too long, or its checksum is wrong.</exception>
    public TrainingReport? ReadReport(params string[] numbers)
        => FindJson(ModelEntry.ReportStream, json => SavedReport.FromJson(json), numbers, out TrainingReport? report) ? report : null;

    /// <summary>Throws when the list has checksums of streams that were not read.</summary>
    /// <exception cref="InvalidDataException">A stream was not read.</exception>
    public void CheckThatAllIsRead()
    {
        if (_lines is { Count: > 0 })
            throw new InvalidDataException(
                $"'{ModelEntry.ChecksumStream}' of a saved LSTM model has more than its streams: expected no more, found "
                + $"'{Shorten(_lines[0])}'.");
    }

    private bool FindJson<T>(string name, Func<byte[], T> read, string[] numbers, out T? result)
    {
        long most = ModelEntry.MaxJsonBytes(numbers.Sum(LengthOf));
        return Find(name, stream => Check(name, stream, checkedStream => read(ReadAll(checkedStream, most))), out result);
    }

    private T Check<T>(string name, Stream stream, Func<Stream, T> read)
    {
        if (_lines is null)
            return read(stream);
        // ML.NET keeps the stream in memory or in a temporary file, so it can be read twice.
        string line = ModelEntryWriter.LineOf(SHA256.HashData(stream), name);
        stream.Position = 0;
        if (_lines.Remove(line))
            return read(stream);
        string? found = _lines.Find(other => other.EndsWith($"  {name}", StringComparison.Ordinal));
        throw new InvalidDataException(
            $"'{name}' in '{_ctx.Directory}' of a saved LSTM model was damaged or changed after it was written: expected "
            + $"'{Shorten(found ?? "a checksum of it")}', found '{line}'.");
    }

    // A short file may unpack to a long stream, so the length is checked before anything is read.
    private long LengthOf(string name) => Find(name, stream => stream.Length, out long length) ? length : throw Missing(name);

    private bool Find<T>(string name, Func<Stream, T> read, out T? result)
    {
        T? found = default;
        bool isThere = _ctx.TryLoadBinaryStream(name, reader => found = read(reader.BaseStream));
        result = found;
        return isThere;
    }

    private InvalidDataException Missing(string name) => new($"A saved LSTM model has no '{name}' in '{_ctx.Directory}'.");

    private static byte[] ReadAll(Stream stream, long most)
    {
        if (stream.Length > most)
            throw new InvalidDataException(
                $"A stream of a saved LSTM model can't be read: expected at most {most} bytes, found {stream.Length}.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static string Shorten(string line) => line.Length <= 200 ? line : line[..200] + "…";
}
