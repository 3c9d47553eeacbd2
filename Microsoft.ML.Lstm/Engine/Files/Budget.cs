namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The memory that reading a file may take.</summary>
/// <param name="bytes">The bytes.</param>
/// <param name="format">The file's format, for messages.</param>
internal sealed class Budget(long bytes, string format)
{
    private long _left = bytes;

    /// <exception cref="InvalidDataException">There is no more.</exception>
    public void Take(long bytes)
    {
        _left -= bytes;
        if (_left < 0)
            throw new InvalidDataException($"{format}: expected values that the file's size accounts for, found larger ones.");
    }
}
