namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>Files that are replaced whole or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// What is added to a path for the file being written. The name is fixed, so that what a killed process leaves
    /// behind is overwritten by the next one instead of piling up.
    /// </summary>
    public const string PartialSuffix = ".partial";

    /// <summary>
    /// Lets <paramref name="write"/> fill a file beside <paramref name="path"/>, flushes it to disk and renames it over
    /// <paramref name="path"/>. If anything fails, or the process dies, what was at <paramref name="path"/> is still there.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
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
            // The caller knows of the file, not of the one beside it.
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
            // The failure that brought us here is the one to report.
        }
    }
}
