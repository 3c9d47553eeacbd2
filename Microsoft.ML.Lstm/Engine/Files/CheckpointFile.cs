using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>A file that one training, and no other at the same time, writes its checkpoints to.</summary>
/// <remarks>
/// While it does, a file beside it is locked; the system unlocks that file when the process dies, whatever the way, so what a killed
/// process leaves behind hinders nobody.
/// </remarks>
internal sealed class CheckpointFile : IDisposable
{
    /// <summary>What is added to a path for the file that is locked.</summary>
    public const string LockSuffix = ".lock";

    private readonly FileStream _lock;

    private CheckpointFile(string path, FileStream file) => (FullPath, _lock) = (path, file);

    public string FullPath { get; }

    /// <summary>Sees to it that the file can be written, and that nobody else does so meanwhile.</summary>
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
            // As the first checkpoint will be.
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

    /// <summary>Whether there is a checkpoint.</summary>
    public bool Exists => File.Exists(FullPath);

    /// <summary>Replaces the checkpoint, or leaves it as it was.</summary>
    public void Save(SequenceModel model, SafeTensors beside) => ModelFile.Save(FullPath, model, beside);

    /// <summary>Reads the checkpoint.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or is none.</exception>
    public SequenceModel Load(out SafeTensors beside) => ModelFile.Load(FullPath, out beside);

    public void Dispose() => _lock.Dispose();

    private static InvalidOperationException Unusable(string path, string why, Exception? error)
        => new($"{nameof(TrainingOptions.CheckpointPath)} '{path}' can't be used: {why}", error);
}
