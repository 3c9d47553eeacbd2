using System.Runtime.CompilerServices;
using Microsoft.ML.Lstm.Tests.Engine.Distributed;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Training by several ranks; how MPI connects them is the matter of MpiTests.</summary>
[TestClass]
public sealed class DistributedTrainingTests
{
    // What the order of summation changes in a few epochs.
    private const double Tolerance = 2e-4;

    /// <summary>All trainers, with all that is drawn or measured.</summary>
    public static IEnumerable<object[]> Trainers =>
    [
        .. AnyTrainer.Names.Concat(AnyTrainer.PerStep)
            .Concat([AnyTrainer.Ctc, AnyTrainer.SequenceToSequence, AnyTrainer.Autoencoder, AnyTrainer.LanguageModel])
            .SelectMany(trainer => (int[])[2, 3], (trainer, size) => new object[] { trainer, size }),
    ];

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void RanksTrainWhatOneProcessTrains(string trainer, int size)
    {
        Fitted alone = Fit(null, trainer);

        Fitted[] ranks = ThreadRanks.Run(size, rank => Fit(rank, trainer));
        Fitted[] again = ThreadRanks.Run(size, rank => Fit(rank, trainer));

        Assert.IsNotEmpty(alone.Losses);
        Assert.HasCount(alone.Losses.Length, ranks[0].Losses);
        foreach ((double expected, double actual) in alone.Losses.Zip(ranks[0].Losses))
            Assert.AreEqual(expected, actual, Tolerance * Math.Max(1, Math.Abs(expected)));
        Assert.AreEqual(alone.Model.Model.Report!.KeptEpoch, ranks[0].Model.Model.Report!.KeptEpoch);
        foreach (Fitted other in ranks[1..].Concat(again))
            AnyTrainer.AssertSameWeights(ranks[0].Model, other.Model);
        // Rank 0 alone calls back.
        Assert.IsTrue(ranks[1..].All(other => other.Losses.Length == 0));
    }

    [TestMethod]
    [DataRow(AnyTrainer.Regression, 2)]
    [DataRow(AnyTrainer.Regression, 3)]
    public void RanksTakeTurnsAtTheNetworksOfAnEnsemble(string trainer, int size)
    {
        Fitted alone = Fit(null, trainer, options => options.Effort = TrainingEffort.Best);
        Fitted[] ranks = ThreadRanks.Run(size, rank => Fit(rank, trainer, options => options.Effort = TrainingEffort.Best));

        // Each network is trained by one rank, as one process trains it.
        Assert.IsGreaterThan(1, alone.Model.Model.Members.Count);
        foreach (Fitted rank in ranks)
        {
            AnyTrainer.AssertSameWeights(alone.Model, rank.Model);
            CollectionAssert.AreEqual(alone.Model.Model.Report!.Members.Select(member => (member.Seed, member.KeptEpoch, member.Error))
                .ToArray(), rank.Model.Model.Report!.Members.Select(member => (member.Seed, member.KeptEpoch, member.Error)).ToArray());
        }
        Assert.IsLessThan(alone.Losses.Length, ranks[0].Losses.Length);
    }

    [TestMethod]
    public void ARankThatIsStoppedTrainsNoFurtherNetworkOfAnEnsemble()
    {
        var members = new List<int>();
        Fitted[] ranks = ThreadRanks.Run(2, rank => Fit(rank, AnyTrainer.Regression, options =>
        {
            options.Effort = TrainingEffort.Best;
            options.EpochCompleted = epoch =>
            {
                members.Add(epoch.Member);
                epoch.Cancel = true;
            };
        }));

        // The one of rank 0, which alone calls back.
        CollectionAssert.AreEqual(new[] { 1 }, members);
        AnyTrainer.AssertSameWeights(ranks[0].Model, ranks[1].Model);
        Assert.IsTrue(ranks.All(rank => rank.Model.Model.Report!.EndReason is not null));
    }

    [TestMethod]
    [DataRow(1, 3)]
    [DataRow(2, 3)]
    [DataRow(7, 2)]
    public void ARankMayHaveNoRowsOfABatch(int batchSize, int size)
    {
        void Change(SequenceInputOptions options) => options.BatchSize = batchSize;
        Fitted alone = Fit(null, AnyTrainer.Regression, Change);

        Fitted[] ranks = ThreadRanks.Run(size, rank => Fit(rank, AnyTrainer.Regression, Change));

        foreach ((double expected, double actual) in alone.Losses.Zip(ranks[0].Losses))
            Assert.AreEqual(expected, actual, Tolerance * Math.Max(1, expected));
        foreach (Fitted other in ranks[1..])
            AnyTrainer.AssertSameWeights(ranks[0].Model, other.Model);
    }

    [TestMethod]
    [DataRow(60, 2)]
    [DataRow(61, 3)]
    [DataRow(2, 3)]
    public void WhatIsStreamedIsReadInShares(int rows, int size)
    {
        void Change(SequenceInputOptions options)
            => (options.StreamingBufferMegabytes, options.ValidationFraction, options.EarlyStopping) = (1, 0, EarlyStoppingOptions.Off());
        // With all rows in one batch their order does not count.
        void ChangeAll(SequenceInputOptions options)
        {
            Change(options);
            (options.BatchSize, options.Dropout, options.RecurrentDropout) = (rows * size, 0, 0);
            ((SequenceTrainerOptions)options).TokenDropout = 0;
        }

        Fitted[] ranks = ThreadRanks.Run(size, rank => Fit(rank, AnyTrainer.Regression, Change, rows));
        Fitted[] again = ThreadRanks.Run(size, rank => Fit(rank, AnyTrainer.Regression, Change, rows));
        Fitted alone = Fit(null, AnyTrainer.Regression, ChangeAll, rows);
        Fitted[] whole = ThreadRanks.Run(size, rank => Fit(rank, AnyTrainer.Regression, ChangeAll, rows));

        foreach (Fitted other in ranks[1..].Concat(again))
            AnyTrainer.AssertSameWeights(ranks[0].Model, other.Model);
        foreach ((double expected, double actual) in alone.Losses.Zip(whole[0].Losses))
            Assert.AreEqual(expected, actual, Tolerance * Math.Max(1, expected));
    }

    [TestMethod]
    public void AnErrorOnOneRankEndsTheOthers()
    {
        Task<Fitted>[] tasks = ThreadRanks.Try(3, rank => Fit(rank, AnyTrainer.Regression, options =>
        {
            if (rank.Rank == 0)
                options.EpochCompleted = _ => throw new NotSupportedException("The user's code has failed.");
        }));

        Assert.IsInstanceOfType<NotSupportedException>(tasks[0].Exception!.InnerException);
        foreach (Task<Fitted> other in tasks[1..])
        {
            var error = (InvalidOperationException)other.Exception!.InnerException!;
            Assert.AreEqual("Rank 0 of 3 has failed: The user's code has failed.", error.Message);
        }
    }

    /// <summary>The others' parts may come long after a rank has failed.</summary>
    [TestMethod]
    public void TheMemoryOfAnExchangeThatWasBrokenOffIsKept()
    {
        Task<bool>[] tasks = ThreadRanks.Try(2, rank => Communicator.Together(rank, () =>
        {
            if (rank.Rank == 1)
                throw new NotSupportedException();
            WeakReference memory = BreakOff(rank);
            GC.Collect();
            return memory.IsAlive;
        }));
        Assert.IsTrue(tasks[0].Result);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference BreakOff(Communicator rank)
        {
            byte[] memory = GC.AllocateArray<byte>(2, pinned: true);
            var exchange = new Communicator.GatherExchange(memory, [0, 1, 2]);
            rank.Post(exchange);
            Assert.ThrowsExactly<InvalidOperationException>(() => rank.Wait(exchange));
            return new WeakReference(memory);
        }
    }

    [TestMethod]
    public void OtherDataOnARankAreAnError()
    {
        Task<Fitted>[] tasks = ThreadRanks.Try(2, rank => Fit(rank, AnyTrainer.Regression, rows: 60 + rank.Rank));

        foreach (Task<Fitted> task in tasks)
            StringAssert.StartsWith(task.Exception!.InnerException!.Message,
                "Rank 1 begins with another network or other data than rank 0.");
    }

    [TestMethod]
    public void ACancellationOfOneRankEndsAllAfterTheSameBatch()
    {
        using var stop = new CancellationTokenSource();
        Fitted[] ranks = ThreadRanks.Run(2, rank => Fit(rank, AnyTrainer.Regression, options =>
        {
            options.NumberOfEpochs = 1000;
            options.EarlyStopping = EarlyStoppingOptions.Off();
            if (rank.Rank == 1)
                options.CancellationToken = stop.Token;
            else
                options.EpochCompleted = epoch =>
                {
                    if (epoch.Epoch == 2)
                        stop.Cancel();
                };
        }));

        AnyTrainer.AssertSameWeights(ranks[0].Model, ranks[1].Model);
        Assert.AreEqual("when it was cancelled", ranks[0].Model.Model.Report!.EndReason);
        Assert.AreEqual(ranks[0].Model.Model.Report!.KeptEpoch, ranks[1].Model.Model.Report!.KeptEpoch);
    }

    [TestMethod]
    public void ACheckpointOfRankZeroIsResumedByAll()
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            Fitted[] whole = ThreadRanks.Run(2, rank => Fit(rank, AnyTrainer.Regression));
            ThreadRanks.Run(2, rank => Fit(rank, AnyTrainer.Regression, options =>
            {
                options.CheckpointPath = Path.Combine(folder, "checkpoint");
                options.EpochCompleted = epoch => epoch.Cancel = epoch.Epoch == 2;
            }));

            Fitted[] resumed = ThreadRanks.Run(2, rank => Fit(rank, AnyTrainer.Regression,
                options => (options.CheckpointPath, options.ResumeFromCheckpoint) =
                    // On another machine there is no such file.
                    (Path.Combine(folder, rank.Rank == 0 ? "checkpoint" : "missing"), true)));

            // The first two of four epochs are not repeated.
            CollectionAssert.AreEqual(whole[0].Losses[(whole[0].Losses.Length / 2)..], resumed[0].Losses);
            AnyTrainer.AssertSameWeights(whole[0].Model, resumed[0].Model);
            AnyTrainer.AssertSameWeights(whole[0].Model, resumed[1].Model);
            Assert.HasCount(1, Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void RankZeroAloneLogs()
    {
        string[][] lines = ThreadRanks.Run(2, rank =>
        {
            var ml = new MLContext(seed: 1 + rank.Rank);
            var logged = new List<string>();
            ml.Log += (_, entry) =>
            {
                if (entry.Kind is Runtime.ChannelMessageKind.Info or Runtime.ChannelMessageKind.Warning)
                    logged.Add(entry.RawMessage);
            };
            // Without a seed, too, all ranks take the same.
            AnyTrainer.CreateAny(ml, AnyTrainer.Regression, options => (options.Communicator, options.Seed) = (rank, null))
                .Fit(AnyTrainer.Data(ml, Example.Make(40)));
            return logged.ToArray();
        });

        Assert.IsTrue(lines[0].Any(line => line.StartsWith("Epoch 1/2", StringComparison.Ordinal)));
        Assert.IsEmpty(lines[1]);
    }

    private static Fitted Fit(Communicator? ranks, string trainer, Action<SequenceInputOptions>? change = null, int rows = 60)
    {
        var ml = new MLContext(seed: 1);
        var losses = new List<double>();
        SequencePredictionTransformer model = AnyTrainer.CreateAny(ml, trainer, options =>
        {
            (options.NumberOfEpochs, options.NumberOfLayers, options.ValidationFraction) = (4, 2, 0.2f);
            (options.Dropout, options.RecurrentDropout, options.Communicator) = (0.2f, 0.1f, ranks);
            if (trainer != AnyTrainer.Autoencoder)
                options.EarlyStopping = new EarlyStoppingOptions { Patience = 3 };
            options.EpochCompleted = epoch =>
            {
                losses.Add(epoch.Training.Loss);
                if (epoch.Validation is { } validation)
                    losses.AddRange([validation.Loss, validation.AreaUnderRocCurve ?? 0, validation.RootMeanSquaredError ?? 0]);
            };
            if (options is SequenceTrainerOptions tokens)
                tokens.FeatureColumnNames = [nameof(Example.Features), nameof(Example.Tokens)];
            change?.Invoke(options);
        }).Fit(AnyTrainer.Data(ml, Example.Make(rows, variable: true)));
        return new Fitted(model, [.. losses]);
    }

    private sealed record Fitted(SequencePredictionTransformer Model, double[] Losses);
}
