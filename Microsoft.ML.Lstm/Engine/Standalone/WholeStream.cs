namespace Microsoft.ML.Lstm.Engine.Standalone;

/// <summary>Streams whose file begins at their first byte.</summary>
internal static class WholeStream
{
    /// <summary>
    /// A stream itself where it can seek and is at its start; else a copy of it in memory, from its position to its end. An archive's parts
    /// are found by their places from the start of its stream.
    /// </summary>
    public static Stream Of(Stream stream)
    {
        if (stream.CanSeek && stream.Position == 0)
            return stream;
        var copy = new MemoryStream();
        stream.CopyTo(copy);
        copy.Position = 0;
        return copy;
    }
}
