using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The file that a training writes its checkpoints to; no other training can use it at the same time.</summary>
/// <remarks>
/// A lock file beside it is locked as long as training runs. The operating system releases the lock when the process ends in any way, so a
/// killed process blocks nobody.
/// </remarks>
internal sealed class CheckpointFile : IDisposable
{
    /// <summary>The suffix of the lock file.</summary>
    public const string LockSuffix = ".lock";

    private readonly FileStream _lock;

    private CheckpointFile(string path, FileStream file) => (FullPath, _lock) = (path, file);

    public string FullPath { get; }

    /// <summary>Makes sure that the file can be written, and locks it against other trainings.</summary>
    /// <exception cref="InvalidOperationException">The file can't be written, or another training is writing it.</exception>
    public static CheckpointFile Open(string path)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw Unusable(full, "it is a folder", null);
        FileStream? file = null;
        try
        {
            file = new FileStream(full + LockSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1,
                FileOptions.DeleteOnClose);
            // Tries what the first checkpoint will do.
            File.Create(full + AtomicFile.PartialSuffix).Dispose();
            File.Delete(full + AtomicFile.PartialSuffix);
            return new CheckpointFile(full, file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            bool isLocked = file is null
                && error is not (DirectoryNotFoundException or PathTooLongException)
                && File.Exists(full + LockSuffix);
            throw Unusable(full, isLocked ? "another training is writing it" : error.Message, error);
        }
    }

    /// <summary>Whether the checkpoint exists.</summary>
    public bool Exists => File.Exists(FullPath);

    /// <summary>The bytes of the checkpoint.</summary>
    public byte[] Read() => File.ReadAllBytes(FullPath);

    /// <summary>Replaces the checkpoint; if that fails, the previous one stays.</summary>
    public void Save(SequenceModel model, SafeTensors beside) => ModelFile.Save(FullPath, model, beside);

    /// <summary>Reads the checkpoint.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or is not a checkpoint.</exception>
    public SequenceModel Load(out SafeTensors beside) => ModelFile.Load(FullPath, out beside);

    public void Dispose() => _lock.Dispose();

    private static InvalidOperationException Unusable(string path, string why, Exception? error)
        => new($"{nameof(TrainingOptions.CheckpointPath)} '{path}' can't be used: {why}", error);
}
