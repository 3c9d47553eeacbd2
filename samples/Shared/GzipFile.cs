using System.IO.Compression;

namespace Shared;

/// <summary>A file that is compressed if its name says so.</summary>
internal static class GzipFile
{
    /// <summary>Opens a file to be read; one whose name ends in .gz is decompressed.</summary>
    public static Stream Open(string path)
    {
        FileStream file = File.OpenRead(path);
        return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    /// <summary>The lines of a text.</summary>
    public static IEnumerable<string> ReadLines(string path)
    {
        using var reader = new StreamReader(Open(path));
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
