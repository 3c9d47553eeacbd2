namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>Writes files that are replaced completely or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// The suffix of the temporary file. The name is fixed, so that the file that a killed process leaves behind is overwritten by the next
    /// one.
    /// </summary>
    public const string PartialSuffix = ".partial";

    /// <summary>
    /// Lets <paramref name="write"/> fill a temporary file beside <paramref name="path"/>, flushes it to disk and renames it to
    /// <paramref name="path"/>. If anything fails, or the process dies, the previous file is still there.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string partial = path + PartialSuffix;
        FileStream stream = Create(partial, path);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            TryDelete(partial);
            throw;
        }
    }

    private static FileStream Create(string partial, string path)
    {
        try
        {
            return new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None);
        }
        catch (DirectoryNotFoundException error)
        {
            // The caller does not know of the temporary file.
            throw new DirectoryNotFoundException($"There is no folder for the file '{path}'.", error);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure of the write is the one to report.
        }
    }
}
