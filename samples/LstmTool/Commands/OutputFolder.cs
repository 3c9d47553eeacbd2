namespace LstmTool.Commands;

/// <summary>A folder that is there as a whole or not at all: it is filled under another name.</summary>
internal sealed class OutputFolder : IDisposable
{
    /// <summary>The file that tells a folder of this tool, which it may replace.</summary>
    public const string Mark = "lstm-ml.json";

    private readonly string? _madeParent;
    private bool _isCommitted;

    /// <exception cref="IOException">The folder can't be written to, or has files of somebody else's.</exception>
    public OutputFolder(string parent, string name)
    {
        parent = System.IO.Path.GetFullPath(parent);
        Target = System.IO.Path.Combine(parent, name);
        if (File.Exists(Target) || File.Exists(parent))
            throw new IOException($"{(File.Exists(Target) ? Target : parent)} is a file; choose another --name or --output.");
        bool isOurs = !Directory.Exists(Target) || !Directory.EnumerateFileSystemEntries(Target).Any()
            || File.Exists(System.IO.Path.Combine(Target, Mark));
        if (!isOurs)
            throw new IOException($"{Target} has files that are not of this tool; choose another --name or --output.");
        _madeParent = Directory.Exists(parent) ? null : parent;
        Path = System.IO.Path.Combine(parent, $".{name}.{Environment.ProcessId}.tmp");
        try
        {
            Directory.CreateDirectory(Path);
            string probe = System.IO.Path.Combine(Path, Mark);
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The folder {parent} can't be written to: {error.Message}", error);
        }
    }

    /// <summary>Where files are written.</summary>
    public string Path { get; }

    /// <summary>Where they are in the end.</summary>
    public string Target { get; }

    /// <summary>Moves the files to where they belong, in the place of those of an earlier run.</summary>
    public void Commit()
    {
        string old = $"{Path}.old";
        bool replaces = Directory.Exists(Target);
        if (replaces)
            Directory.Move(Target, old);
        try
        {
            Directory.Move(Path, Target);
        }
        catch (IOException) when (replaces)
        {
            Directory.Move(old, Target);
            throw;
        }
        _isCommitted = true;
        if (replaces)
            Directory.Delete(old, recursive: true);
    }

    public void Dispose()
    {
        if (_isCommitted)
            return;
        try
        {
            Directory.Delete(Path, recursive: true);
            if (_madeParent is not null)
                Directory.Delete(_madeParent);
        }
        // What went wrong before is what the user has to know.
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }
}
