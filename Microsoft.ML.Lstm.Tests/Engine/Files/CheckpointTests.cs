using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

[TestClass]
public sealed class CheckpointTests
{
    private string _directory = "";

    private string Checkpoint => Path.Combine(_directory, "checkpoint.safetensors");

    [TestInitialize]
    public void CreateDirectory() => _directory = Directory.CreateTempSubdirectory("lstm").FullName;

    [TestCleanup]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [TestMethod]
    public void ASavedModelIsLoadedAndReplacesTheOneBefore()
    {
        SequenceModel first = TestModels.Create(CellType.Gru), second = TestModels.Create(CellType.Lstm);

        ModelFile.Save(Checkpoint, first);
        TestModels.AssertSameBits(first, ModelFile.Load(Checkpoint));
        ModelFile.Save(Checkpoint, second);
        TestModels.AssertSameBits(second, ModelFile.Load(Checkpoint));

        AssertOnlyTheCheckpoint();
    }

    [TestMethod]
    public void AWriteThatFailsHalfwayLeavesThePreviousCheckpoint()
    {
        SequenceModel first = TestModels.Create();
        ModelFile.Save(Checkpoint, first);

        // A full disk appears as an IOException of some write.
        Assert.ThrowsExactly<IOException>(() => AtomicFile.Write(Checkpoint, stream =>
        {
            stream.Write(TestModels.Bytes(first).AsSpan(0, 100));
            throw new IOException("No space left on device");
        }));

        TestModels.AssertSameBits(first, ModelFile.Load(Checkpoint));
        AssertOnlyTheCheckpoint();
    }

    [TestMethod]
    public void AModelThatCannotBeWrittenLeavesThePreviousCheckpoint()
    {
        SequenceModel first = TestModels.Create(), broken = TestModels.Create();
        broken.Parameters.Values[5] = float.NaN;
        ModelFile.Save(Checkpoint, first);

        Assert.ThrowsExactly<InvalidOperationException>(() => ModelFile.Save(Checkpoint, broken));

        TestModels.AssertSameBits(first, ModelFile.Load(Checkpoint));
        AssertOnlyTheCheckpoint();
    }

    [TestMethod]
    public void WhatAKilledProcessLeftBesideIsOverwritten()
    {
        SequenceModel model = TestModels.Create();
        File.WriteAllText(Checkpoint + AtomicFile.PartialSuffix, new string('x', 100_000));

        ModelFile.Save(Checkpoint, model);

        TestModels.AssertSameBits(model, ModelFile.Load(Checkpoint));
        AssertOnlyTheCheckpoint();
    }

    [TestMethod]
    public void ARenameThatFailsLeavesNothingBehind()
    {
        Directory.CreateDirectory(Checkpoint);

        // IOException on Unix, UnauthorizedAccessException on Windows.
        Assert.Throws<SystemException>(() => ModelFile.Save(Checkpoint, TestModels.Create()));

        AssertOnlyTheCheckpoint();
    }

    [TestMethod]
    public void ADirectoryThatIsNotThereIsReportedWithTheFileThatWasGiven()
    {
        string path = Path.Combine(_directory, "missing", "x");
        var error = Assert.ThrowsExactly<DirectoryNotFoundException>(() => ModelFile.Save(path, TestModels.Create()));
        Assert.AreEqual($"There is no folder for the file '{path}'.", error.Message);
    }

    [TestMethod]
    public void AFileThatIsNoModelIsRefusedByItsName()
    {
        File.WriteAllText(Checkpoint, "Not a model.");

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Load(Checkpoint));

        StringAssert.StartsWith(e.Message, Checkpoint);
    }

    private void AssertOnlyTheCheckpoint() =>
        CollectionAssert.AreEqual(new[] { Checkpoint }, Directory.GetFileSystemEntries(_directory));
}
