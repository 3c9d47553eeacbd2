using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// Trains networks one after the other on the same rows, scaled the same, and averages those that are good: networks that differ in their
/// seeds, and maybe in their settings, make different errors (deep ensembles; Lakshminarayanan et al. 2017).
/// </summary>
/// <remarks>
/// Ranks take turns: each trains its networks by itself, as one process would. A checkpoint is of one network after the other, so all ranks
/// train together then.
/// </remarks>
internal static class EnsembleTraining
{
    // On the rows held out, a member whose error is above this many times that of the best is left out.
    private const double LargestError = 1.5;

    private const string ErrorRate = "error rate";

    private const string NoModel = "Training was cancelled before there was a model.";

    /// <summary>Trains a network for each candidate.</summary>
    /// <param name="job">The data and the task; its settings are those of the first candidate.</param>
    /// <param name="candidates">The networks to train; one for a single network.</param>
    /// <param name="finished">The candidates that an interrupted training had finished, from the first on.</param>
    /// <param name="save">Called after each epoch, as <see cref="TrainingJob.SaveCheckpoint"/>, with the result of the training that held
    /// rows out where it is behind, and the candidates that are finished; null for no checkpoint.</param>
    /// <param name="bytes">Makes bytes of a member, by which one rank gives it to the others, and the member of them; null for ranks that
    /// train all members together.</param>
    public static TrainedMember Run(TrainingJob job, IReadOnlyList<EnsembleCandidate> candidates, IReadOnlyList<TrainedMember> finished,
        Action<SequenceModel, TrainingState, TrainedNetwork?, IReadOnlyList<TrainedMember>>? save,
        MemberBytes? bytes = null)
    {
        var members = new List<TrainedMember>(finished);
        job = job with
        {
            SaveCheckpoint = save is null ? null : (kept, state) => save(kept, state, null, members),
            SaveSecond = save is null ? null : (kept, state, first) => save(kept, state, first, members),
        };
        if (candidates.Count == 1)
            return Train(job with { Initial = candidates[0].Initial }, candidates[0], out _);

        var clock = Stopwatch.StartNew();
        TimeSpan before = job.Resume?.State.Elapsed ?? TimeSpan.Zero;
        job = Prepare(job, candidates[0].Initial);
        bool isStopped = false;
        Communicator? ranks = save is null && bytes is not null && job.Settings.Communicator is { Size: > 1 } some ? some : null;
        if (ranks is not null)
        {
            (TrainedMember? Member, string? Failure)[] all =
                TrainInTurn(ranks, candidates.Count, i => TrainCandidate(i, out _), job.Monitor, bytes!, out isStopped);
            for (int i = 0; i < all.Length; i++)
            {
                if (all[i].Failure is { } failure)
                    job.Monitor.Warn($"Network {i + 1} of {all.Length} is left out. {failure}");
            }
            members.AddRange(all.Select(one => one.Member).OfType<TrainedMember>());
            if (members.Count == 0)
                throw new InvalidOperationException(all.Select(one => one.Failure).OfType<string>().LastOrDefault() ?? NoModel);
        }
        for (int i = members.Count; i < candidates.Count && !isStopped && ranks is null; i++)
        {
            try
            {
                members.Add(TrainCandidate(i, out isStopped));
            }
            catch (OperationCanceledException) when (members.Count > 0 && !job.Monitor.Abandoned.IsCancellationRequested)
            {
                isStopped = true;
            }
            // A checkpoint counts the members that are finished, so that none can be missing.
            catch (InvalidOperationException diverged) when (save is null && (members.Count > 0 || i + 1 < candidates.Count))
            {
                job.Monitor.Warn($"Network {i + 1} of {candidates.Count} is left out. {diverged.Message}");
            }
        }
        TrainedMember[] kept = Select(members, job.Validation?.Count ?? 0);
        job.Monitor.Info($"The model is the mean of {kept.Length} networks"
            + $"{(kept.Length < members.Count ? $"; {members.Count - kept.Length} more were worse and are left out" : "")}.");
        return new TrainedMember(SequenceModel.Average([.. kept.Select(member => member.Model)]), new TrainingReport
        {
            Seed = job.Seed,
            Choices = kept[0].Report.Choices,
            EndReason = isStopped ? members[^1].Report.EndReason ?? "when it was cancelled" : null,
            Members = [.. kept.Select(member => member.Report)],
        });

        TrainedMember TrainCandidate(int i, out bool isStopped)
        {
            EnsembleCandidate candidate = candidates[i];
            return Train(job with
            {
                Settings = candidate.Settings with
                {
                    ValidationFraction = 0,
                    Communicator = ranks is null ? candidate.Settings.Communicator : null,
                    EpochCompleted = ranks is null or { Rank: 0 } ? candidate.Settings.EpochCompleted : null,
                },
                Seed = SeedOf(job.Seed, i),
                Initial = candidate.Initial,
                Resume = i == finished.Count ? job.Resume : null,
                First = i == finished.Count ? job.First : null,
                Member = i + 1,
                Members = candidates.Count,
                Elapsed = before + clock.Elapsed,
            }, candidate, out isStopped);
        }
    }

    /// <summary>Trains the networks whose turn is this rank's, and gives those of all ranks.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="count">How many networks there are.</param>
    /// <param name="train">Trains a network by itself.</param>
    /// <param name="monitor">Says whether the training is abandoned.</param>
    /// <param name="bytes">How a network goes from rank to rank.</param>
    /// <param name="isStopped">Whether a rank was cancelled, and ended its turns.</param>
    /// <returns>The networks in their order, or why one diverged; neither where its rank was cancelled before.</returns>
    public static (TrainedMember? Member, string? Failure)[] TrainInTurn(Communicator ranks, int count, Func<int, TrainedMember> train,
        ITrainingMonitor monitor, MemberBytes bytes, out bool isStopped)
    {
        const byte trained = 0, diverged = 1;
        bool endsHere = false;
        byte[][] all = ranks.TakeTurns(count, i =>
        {
            if (endsHere)
                return [];
            try
            {
                TrainedMember member = train(i);
                endsHere = member.Training is { WasStopped: true };
                return [trained, .. bytes.Of(member)];
            }
            catch (OperationCanceledException) when (!monitor.Abandoned.IsCancellationRequested)
            {
                endsHere = true;
                return [];
            }
            catch (InvalidOperationException error)
            {
                return [diverged, .. Encoding.UTF8.GetBytes(error.Message)];
            }
        });
        isStopped = Communicator.Any(ranks, endsHere);
        return [.. all.Select<byte[], (TrainedMember?, string?)>(sent => sent switch
        {
            [] => (null, null),
            [trained, .. var member] => (bytes.ToMember(member), null),
            [_, .. var message] => (null, Encoding.UTF8.GetString(message)),
        })];
    }

    /// <summary>The seed of a member: that of the training for the first.</summary>
    public static int SeedOf(int seed, int member) => member == 0 ? seed : (int)SplitMix64.Mix(((ulong)(uint)seed << 32) + (uint)member);

    /// <summary>Holds rows out, and scales all, once for all members.</summary>
    private static TrainingJob Prepare(TrainingJob job, SequenceModel? initial)
    {
        TrainingSettings settings = job.Settings;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(settings.CancellationToken, job.Monitor.Abandoned);
        SequenceSet? validation = job.Validation;
        if (validation is null && settings.ValidationFraction > 0)
            validation = TrainingLoop.HoldOut(job.Training, settings, new RandomNumbers(job.Seed), job.Monitor);
        ModelScalers scalers = initial?.Scalers ?? NewNetwork.ScalersOf(job,
            NewNetwork.ShapeOf(settings, job.Task, job.Training, job.Embeddings).OutputSize, stop.Token);
        TrainingLoop.ScaleInMemory(scalers, job.All ?? job.Training, job.All is null ? validation : null, stop.Token);
        return job with { Validation = validation, Scalers = scalers };
    }

    private static TrainedMember Train(TrainingJob job, EnsembleCandidate candidate, out bool isStopped)
    {
        TrainedNetwork trained = HeldOutTraining.Run(job);
        isStopped = trained.WasStopped;
        var report = TrainingReport.Of(trained, job.Seed, candidate.Choices);
        double kept = trained.Course.KeptMetric;
        if (job.Validation is not null && double.IsFinite(kept))
        {
            // Of metrics of which higher is better, the course has the negative.
            EarlyStoppingMetric metric = job.Settings.EarlyStopping?.Metric ?? EarlyStoppingMetric.Loss;
            (report.Metric, report.Error) = metric switch
            {
                EarlyStoppingMetric.Accuracy => (ErrorRate, 1 + kept),
                EarlyStoppingMetric.AreaUnderRocCurve => ("1 - AUC", 1 + kept),
                _ => (metric.ToString(), kept),
            };
        }
        return new TrainedMember(trained.Model, report) { Training = trained };
    }

    /// <summary>The members that are not clearly worse than the best, where there are rows to tell by.</summary>
    public static TrainedMember[] Select(IReadOnlyList<TrainedMember> members, int validationRows)
    {
        // What one row more or less that is wrong does to an error rate tells nothing.
        double least = members[0].Report.Metric == ErrorRate ? 1.0 / validationRows : 0;
        double? best = members.Min(member => member.Report.Error);
        return [.. members.Where(member => !(member.Report.Error > LargestError * (best + least)))];
    }
}

/// <summary>How a trained network goes from rank to rank.</summary>
/// <param name="Of">Its bytes.</param>
/// <param name="ToMember">The network of these bytes.</param>
internal sealed record MemberBytes(Func<TrainedMember, byte[]> Of, Func<byte[], TrainedMember> ToMember);

/// <summary>A network that is to be trained.</summary>
/// <param name="Settings">The network and its training.</param>
/// <param name="Choices">How the options were chosen that are in these settings.</param>
/// <param name="Initial">A model to go on from; null to begin anew.</param>
internal sealed record EnsembleCandidate(TrainingSettings Settings, OptionChoices Choices, SequenceModel? Initial);

/// <summary>A network that has been trained, or an ensemble of several.</summary>
/// <param name="Model">The network.</param>
/// <param name="Report">Its training.</param>
internal sealed record TrainedMember(SequenceModel Model, TrainingReport Report)
{
    /// <summary>The training; null for an ensemble, and for a member that an interrupted training had finished.</summary>
    public TrainedNetwork? Training { get; init; }
}

/// <summary>A training that may hold rows out to find out how long to train, and then trains on all of them for as long.</summary>
internal static class HeldOutTraining
{
    /// <summary>Trains a network.</summary>
    /// <param name="job">The training; <see cref="TrainingJob.All"/> says whether there is a second one.</param>
    /// <returns>The result of the first training, with the model of the last one.</returns>
    public static TrainedNetwork Run(TrainingJob job)
    {
        TrainedNetwork first = job.First ?? NetworkShare.Find(TrainingLoop.Run(job));
        if (job.First is null && first.Share < 1)
            job.Monitor.Info(string.Create(CultureInfo.InvariantCulture,
                $"What the network adds to the ridge regression counts by {first.Share:0.##}: by as much as pays on the rows held out."));
        if (job.All is not { } all || first.WasStopped || first.KeptEpoch == 0
            || Communicator.Any(job.Settings.Communicator, job.Settings.CancellationToken.IsCancellationRequested))
            return first with { Model = NetworkShare.Apply(first.Model, first.Course.LinearBiases, first.Share) };
        // The first training has scaled the rows in place, unless it is the second that is resumed.
        if (job.First is not null && job.Scalers is null)
            TrainingLoop.ScaleInMemory(first.Model.Scalers, all, validation: null, job.Settings.CancellationToken);
        TrainedNetwork second = TrainingLoop.Run(job with
        {
            Training = all,
            All = null,
            Validation = null,
            // The learning rate follows the same schedule as before, up to the epoch that was best.
            Settings = job.Settings with
            {
                EarlyStopping = null,
                ValidationFraction = 0,
                Epochs = EpochRule.Exactly(first.NumberOfEpochs),
            },
            EndAfter = first.KeptEpoch,
            Ridges = first.Ridges,
            SaveCheckpoint = job.SaveSecond is null ? null : (kept, state) => job.SaveSecond(kept, state, first),
            Resume = job.First is null ? null : job.Resume,
            Scalers = first.Model.Scalers,
        });
        return first with
        {
            Model = NetworkShare.Apply(second.Model, second.Course.LinearBiases, first.Share),
            WasStopped = second.WasStopped,
        };
    }
}
