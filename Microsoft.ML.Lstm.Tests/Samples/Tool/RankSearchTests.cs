using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using LstmTool.Commands;
using LstmTool.Search;
using Microsoft.ML.Lstm.Tests.Engine.Distributed;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>The search for settings over ranks: of threads, and of the command lstm-ml under <c>mpirun</c>.</summary>
[TestClass]
public sealed class RankSearchTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    public void RanksShareTheTrainingsOfEachRoundAndAgreeOnTheWinner(int size)
    {
        (string Trials, string Winner, string[] Trained)[] ranks = ThreadRanks.Run(size, ranks => Search(ranks, TimeSpan.FromMinutes(1)));
        (string trials, string winner, string[] trained) = Search(null, TimeSpan.FromMinutes(1));
        Assert.AreEqual("c", winner);
        foreach ((string allTrials, string model, _) in ranks)
        {
            Assert.AreEqual(trials, allTrials);
            Assert.AreEqual(winner, model);
        }
        // Each training is one rank's, and all ranks have some.
        CollectionAssert.AreEquivalent(trained, ranks.SelectMany(rank => rank.Trained).ToArray());
        CollectionAssert.Contains(ranks[0].Trained, "none Default");
        Assert.IsTrue(Array.TrueForAll(ranks, rank => rank.Trained.Length >= trained.Length / size - 1));
    }

    [TestMethod]
    public void TheClockOfRank0EndsTheSearchOfAllRanks()
    {
        // Rank 1 has no time at all, by its own clock.
        string[] trials = ThreadRanks.Run(2, ranks => Search(ranks, TimeSpan.FromSeconds(60 * (1 - ranks.Rank))).Trials);
        Assert.AreEqual(Search(null, TimeSpan.FromMinutes(1)).Trials, trials[1]);
        trials = ThreadRanks.Run(2, ranks => Search(ranks, TimeSpan.FromSeconds(60 * ranks.Rank)).Trials);
        CollectionAssert.AreEqual(new[] { "none Default", "none Default" }, trials);
    }

    [TestMethod]
    public void AFirstTrainingWithoutAModelEndsAllRanks()
    {
        Task<string>[] ranks = ThreadRanks.Try(2, ranks => new SuccessiveHalving<string>
        {
            Candidates = [new Settings("none", []), new Settings("a", [])],
            Train = (_, _, _) => throw new OperationCanceledException(),
            Time = TimeSpan.FromMinutes(1),
            Ranks = RanksOf(ranks),
        }.Run().Model);
        Assert.IsTrue(Array.TrueForAll(ranks, rank => rank.IsCanceled || rank.Exception?.InnerException is OperationCanceledException));
    }

    [TestMethod]
    public void AProcessByItselfHasNoRanks() => Assert.IsNull(MpiRun.Start());

    [TestMethod]
    public void TwoProcessesSaveWhatOneSavesAndRank0AloneSpeaks()
    {
        string file = WriteSums(rows: 120, steps: 8);
        string[] arguments = ["regression", "--dataset", file, "--label-col", "Sum", "--train-time", "300", "--threads", "1",
            "--output", _folder, "--name"];
        using Process mpirun = MpiProgram.Start(2, "LstmTool.dll", [.. arguments, "Two"]);
        string[] lines = MpiProgram.LinesOf(mpirun, out int exitCode);
        string output = string.Join('\n', lines);
        Assert.AreEqual(0, exitCode, output);
        string[] alone = SampleProgram.Run("LstmTool", _folder, 0, [.. arguments, "One"]).Split('\n', StringSplitOptions.TrimEntries);

        CollectionAssert.AreEqual(TrialsOf(alone), TrialsOf(lines), output);
        Assert.HasCount(1, lines.Where(line => line.StartsWith("Training for up to", StringComparison.Ordinal)), output);
        StringAssert.Contains(output, "Training for up to 300 s, the search on 2 ranks.");
        Assert.HasCount(alone.Length, lines, output);
        CollectionAssert.AreEqual(EntriesOf("One"), EntriesOf("Two"));
        Assert.IsEmpty(Directory.GetFileSystemEntries(_folder, ".*"));

        static string[] TrialsOf(string[] lines) => [.. lines.Where(line => line.Contains(": RMSE ", StringComparison.Ordinal))
            .Select(line => line[..Math.Max(0, line.LastIndexOf(" in ", StringComparison.Ordinal))])];

        string[] EntriesOf(string name)
        {
            using ZipArchive zip = ZipFile.OpenRead(Path.Combine(_folder, name, "model.zip"));
            return [.. zip.Entries.Select(entry => $"{entry.FullName} {entry.Crc32}")];
        }
    }

    [TestMethod]
    public void AKilledRankEndsTheRunAndLeavesNothing()
    {
        string file = WriteSums(rows: 3000, steps: 40);
        using Process mpirun = MpiProgram.Start(2, "LstmTool.dll", "regression", "--dataset", file, "--label-col", "Sum", "--train-time",
            "600", "--threads", "1", "--output", _folder);
        while (mpirun.StandardOutput.ReadLine() is { } line && !line.StartsWith("Training", StringComparison.Ordinal))
        {
        }
        var clock = Stopwatch.StartNew();
        RankOf(mpirun, 1).Kill();
        string[] lines = MpiProgram.LinesOf(mpirun, out int exitCode);
        Assert.AreNotEqual(0, exitCode);
        Assert.IsLessThan(20, clock.Elapsed.TotalSeconds);
        CollectionAssert.Contains(lines, "Stopped, by Ctrl-C or since a rank has ended; nothing was written.");
        CollectionAssert.AreEqual(new[] { file }, Directory.GetFileSystemEntries(_folder));
    }

    [TestMethod]
    public void RanksThatFailSaySoInOneLine()
    {
        using Process mpirun = MpiProgram.Start(2, "LstmTool.dll", "regression", "--dataset", Path.Combine(_folder, "none.csv"),
            "--label-col", "Sum", "--output", _folder);
        string[] lines = MpiProgram.LinesOf(mpirun, out int exitCode);
        Assert.AreEqual(1, exitCode);
        Assert.HasCount(1, lines.Where(line => line.StartsWith("Error: ", StringComparison.Ordinal)), string.Join('\n', lines));
        Assert.IsEmpty(Directory.GetFileSystemEntries(_folder));
    }

    private static (string Trials, string Winner, string[] Trained) Search(Communicator? ranks, TimeSpan time)
    {
        var trained = new List<string>();
        string[] names = ["none", "a", "b", "c", "d", "e", "f"];
        var search = new SuccessiveHalving<string>
        {
            Candidates = [.. names.Select(name => new Settings(name, []))],
            Train = (settings, effort, _) =>
            {
                trained.Add($"{settings.Name} {effort}");
                double error = settings.Name switch { "none" => 1, "c" => 0.2, "d" => 0.3, _ => 2 };
                return new Measured<string>(settings.Name, error, Noise: 0.1, "shown");
            },
            Time = time,
            BestShare = 0,
            Ranks = ranks is null ? null : RanksOf(ranks),
        };
        (_, string winner) = search.Run();
        return (string.Join(", ", search.Trials.Select(one => $"{one.Trial.Settings.Name} {one.Trial.Effort}")), winner, [.. trained]);
    }

    private static SearchRanks<string> RanksOf(Communicator ranks)
        => new(ranks, System.Text.Encoding.UTF8.GetBytes, System.Text.Encoding.UTF8.GetString);

    /// <summary>The process of a rank.</summary>
    private static Process RankOf(Process mpirun, int rank)
    {
        foreach (string folder in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) && IsRank(folder))
                return Process.GetProcessById(id);
        }
        throw new AssertFailedException($"There is no rank {rank}.");

        bool IsRank(string folder)
        {
            try
            {
                // The parent is the second field behind the name, which is in brackets.
                string status = File.ReadAllText(Path.Combine(folder, "stat"));
                string parent = status[(status.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
                return parent == mpirun.Id.ToString(CultureInfo.InvariantCulture) && File.ReadAllText(Path.Combine(folder, "environ"))
                    .Split('\0').Contains(FormattableString.Invariant($"OMPI_COMM_WORLD_RANK={rank}"));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    private string WriteSums(int rows, int steps)
    {
        var random = new Random(5);
        string path = Path.Combine(_folder, "sums.csv");
        File.WriteAllLines(path, [string.Join(',', Enumerable.Range(1, steps).Select(step => $"V{step}").Append("Sum")),
            .. Enumerable.Range(0, rows).Select(_ =>
            {
                double[] values = [.. Enumerable.Range(0, steps).Select(_ => random.NextDouble())];
                return string.Join(',', values.Append(values[0] * values[^1] + values[1])
                    .Select(value => value.ToString("F4", CultureInfo.InvariantCulture)));
            })]);
        return path;
    }
}
