using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Engine.Distributed;

/// <summary>Ranks that <c>mpirun</c> starts, see RankProbe; left out where it is not installed.</summary>
[TestClass]
public sealed class MpiTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void ProcessesTrainWhatThreadsTrain(int size)
    {
        string[] lines = Run(size, "none", out int exitCode);

        string expected = ThreadRanks.Run(size, ranks =>
        {
            var ml = new MLContext();
            return ChecksumOf(ml.Regression.Trainers.Lstm(SmallOptions.CreateForResuming(options => options.Communicator = ranks))
                .Fit(ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(10)))));
        })[0];
        Assert.AreEqual(0, exitCode, string.Join(Environment.NewLine, lines));
        CollectionAssert.AreEqual(Enumerable.Range(0, size).Select(rank => $"{rank}/{size} {expected}").ToArray(),
            lines.Where(line => line.Contains('/', StringComparison.Ordinal)).Order().ToArray());
    }

    [TestMethod]
    public void AKilledRankEndsTheOthersAndLeavesAWholeCheckpoint()
    {
        Run(2, "kill", out int exitCode);

        Assert.AreNotEqual(0, exitCode);
        _ = ModelFile.Load(Path.Combine(_folder, "checkpoint"), out SafeTensors beside);
        Assert.IsGreaterThanOrEqualTo(2, SavedTraining.FromWords<double>(beside, "training_losses").Length);
    }

    [TestMethod]
    public void AnErrorOfTheUsersCodeEndsAllRanksWithItsMessage()
    {
        string[] lines = Run(2, "error", out int exitCode);

        Assert.AreNotEqual(0, exitCode);
        CollectionAssert.Contains(lines, "0/2 The user's code has failed.");
        CollectionAssert.Contains(lines, "1/2 Rank 0 of 2 has failed: The user's code has failed.");
    }

    [TestMethod]
    public void ARankThatDoesNotTrainIsNamed()
    {
        string[] lines = Run(2, "leave", out int exitCode);

        Assert.AreNotEqual(0, exitCode);
        CollectionAssert.Contains(lines, "0/2 Rank 1 of 2 has ended while others are still training.");
    }

    [TestMethod]
    public void AMissingLibraryIsAClearError()
    {
        DllNotFoundException missing = Assert.ThrowsExactly<DllNotFoundException>(() => MpiCommunicator.Start("no-such-mpi.so"));
        StringAssert.StartsWith(missing.Message, "Open MPI is not there: 'no-such-mpi.so' can't be loaded.");
    }

    [TestMethod]
    public void AnotherLibraryIsAClearError()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Inconclusive("It needs a library that every system of the kind has.");
        DllNotFoundException other = Assert.ThrowsExactly<DllNotFoundException>(() => MpiCommunicator.Start("libc.so.6"));
        StringAssert.StartsWith(other.Message, "'libc.so.6' is not Open MPI");
    }

    private static string ChecksumOf(LstmRegressionTransformer model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((_, ReadOnlyMemory<float> weights) in model.Model.Weights)
            hash.AppendData(MemoryMarshal.AsBytes(weights.Span));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>The lines that the ranks print.</summary>
    private string[] Run(int size, string what, out int exitCode)
    {
        using Process mpirun = MpiProgram.Start(size, "RankProbe.dll", what, _folder);
        return MpiProgram.LinesOf(mpirun, out exitCode);
    }
}
