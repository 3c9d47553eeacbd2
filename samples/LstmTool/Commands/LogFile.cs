using System.Globalization;

namespace LstmTool.Commands;

/// <summary>A file for everything that is said, with the time.</summary>
internal sealed class LogFile : IDisposable
{
    private readonly StreamWriter _writer;
    private readonly Lock _lock = new();

    /// <exception cref="IOException">The file can't be written to.</exception>
    public LogFile(string path)
    {
        try
        {
            _writer = new StreamWriter(path, append: true) { AutoFlush = true };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The log file {path} can't be written to: {error.Message}", error);
        }
    }

    public void Write(string line)
    {
        string time = DateTime.Now.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        lock (_lock)
        {
            try
            {
                _writer.WriteLine($"{time} {line}");
            }
            // A log that can't go on is no reason to lose a model.
            catch (IOException)
            {
            }
        }
    }

    public void Dispose() => _writer.Dispose();
}
