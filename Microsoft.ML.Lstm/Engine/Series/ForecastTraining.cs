using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Series.Baselines;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The series that a forecasting network is trained on.</summary>
/// <param name="Layout">The inputs and outputs of a step.</param>
/// <param name="Rows">The rows of each series.</param>
/// <param name="TrainingRows">How many rows of each series to train on; the rows after them are for validation.</param>
/// <param name="ConfidenceLevel">The share of values that an interval is to hold.</param>
/// <param name="EmbedSeries">Whether each series has an embedding.</param>
/// <param name="Refit">Whether to train again on all rows, for as many epochs as the best model took.</param>
internal sealed record ForecastData(ForecastLayout Layout, IReadOnlyList<SeriesRows> Rows, IReadOnlyList<int> TrainingRows,
    double ConfidenceLevel, bool EmbedSeries, bool Refit)
{
    /// <summary>Whether the intervals are an output, so that warnings about them matter.</summary>
    public required bool ShowsIntervals { get; init; }

    /// <summary>The linear forecast that the network begins with; null for random weights.</summary>
    public LinearStart? Start { get; init; }

    /// <summary>A network to begin with, with its units; null for a new one.</summary>
    public InitialForecast? Initial { get; init; }

    /// <summary>What the numbers of this data are called, by which an initial network finds them; null where there is none.</summary>
    public ForecastNames? InitialNames { get; init; }

    /// <summary>The names of the inputs, for warnings.</summary>
    public InputNames Names { get; init; } = new();

    /// <summary>How many rows a season has, for the baselines; 1 for no seasons.</summary>
    public int Seasonality { get; init; } = 1;

    /// <summary>
    /// Whether a baseline, or a mixture with baselines, replaces the networks if it does better on the validation rows; null where that is
    /// no option.
    /// </summary>
    public bool? FallsBack { get; init; }

    /// <summary>Further networks, of which those that do no worse than the others become part of the forecaster.</summary>
    public IReadOnlyList<ForecastCandidate> Candidates { get; init; } = [];

    /// <summary>The data as a further network reads it.</summary>
    public ForecastData For(ForecastCandidate candidate)
        => this with { Layout = candidate.Layout, Initial = candidate.Initial, Start = candidate.Start ?? Start };

    /// <summary>Whether there is a value to learn: a value behind the first row of a series.</summary>
    public bool CanLearn => HasValues(i => 1..TrainingRows[i]);

    /// <summary>Whether any validation row has a value; rows that only announce known covariates have none.</summary>
    public bool Validates => HasValues(i => Math.Max(1, TrainingRows[i])..Rows[i].Count);

    /// <summary>Whether the states of the series before their validation rows are asked for.</summary>
    public bool KeepsStatesBeforeValidation { get; init; }

    /// <summary>Adds the series to the checksum of a training.</summary>
    public void AddTo(DataChecksum checksum)
    {
        checksum.Add<int>([Layout.FeatureSize, Layout.RowSize, .. TrainingRows]);
        foreach (SeriesRows rows in Rows)
        {
            for (int t = 0; t < rows.Count; t++)
                checksum.Add(rows[t]);
            checksum.Add<float>(rows.Calendar);
            checksum.Add<float>(rows.Statics);
        }
        Initial?.AddTo(checksum);
    }

    private bool HasValues(Func<int, Range> rowsOf) => Enumerable.Range(0, Rows.Count).Any(i =>
    {
        Range rows = rowsOf(i);
        for (int t = rows.Start.Value; t < rows.End.Value; t++)
        {
            if (TensorPrimitives.IsFiniteAny(Rows[i][t][..Layout.Targets]))
                return true;
        }
        return false;
    });
}

/// <summary>
/// Trains forecasting networks on the first rows of each series; the rows after them decide when to stop and which networks to average,
/// compare these with baselines, and calibrate the intervals.
/// </summary>
internal static class ForecastTraining
{
    // On the rows held out, a member whose error is above this many times that of the best is left out.
    private const double LargestError = 1.05;

    // A member that counts for less is not worth its time.
    private const double LeastWeight = 0.03;

    private static readonly ForecastIntervals NoIntervals = new([], []);

    // At the beginning of a series forecasts have little to go by.
    private const int MostBeginning = 24;

    /// <summary>Trains a model.</summary>
    /// <param name="data">The series.</param>
    /// <param name="settings">The network and its training.</param>
    /// <param name="seed">The seed of all random numbers.</param>
    /// <param name="choices">What was chosen from the data, for the report.</param>
    /// <param name="monitor">Receives progress and warnings.</param>
    /// <param name="checkpoint">Saves the state of the training after each epoch; null for no checkpoints.</param>
    /// <param name="bytes">How a network goes from rank to rank, where ranks take turns at several.</param>
    /// <returns>The model, the state of each series after its last observed row and, if they are asked for, the states before the
    /// validation rows: null for a series that can't be forecast there.</returns>
    /// <exception cref="InvalidOperationException">There is nothing to learn, or the numbers stopped being finite.</exception>
    public static (ForecastModel Model, float[][] States, float[]?[] Before) Train(ForecastData data, TrainingSettings settings, int seed,
        OptionChoices choices, ITrainingMonitor monitor, ITrainingCheckpoint? checkpoint, MemberBytes bytes)
    {
        Communicator? ranks = data.Candidates.Count > 0 && settings.Communicator is { Size: > 1 } some ? some : null;
        List<NetworkTraining> members;
        bool wasStopped;
        if (ranks is null)
        {
            members = [new(data, settings, seed, monitor, checkpoint, warns: true)];
            wasStopped = members[0].WasStopped || !TryTrainOthers(members, data, settings, seed, monitor);
        }
        else
        {
            members = TrainInTurn(ranks, data, settings, seed, choices, monitor, bytes, out wasStopped);
        }
        // A stopped training still gives its best model, which needs its intervals.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(monitor.Abandoned,
            wasStopped ? default : settings.CancellationToken);
        HeldOutForecasts? heldOut = data.Validates ? new HeldOutForecasts(data, stop.Token) : null;
        TrainingReport[] reports = [.. members.Select(member => member.ReportOf(choices))];
        double[] weights = [];
        if (heldOut is not null && members.Count > 1)
            (members, reports, weights) = Choose(members, reports, heldOut, data, monitor);
        var model = new ForecastModel([.. members.Select(member => member.Network)], NoIntervals)
        {
            Weights = weights,
            Report = reports.Length == 1 ? reports[0] : ReportOf(reports),
        };

        heldOut?.Clear();
        (ForecastIntervals intervals, float[][] states, float[]?[] before) = Calibrate(model, data, heldOut, monitor, stop.Token);
        if (heldOut?.Compare() is { } comparison)
        {
            heldOut.Describe(comparison, model.Report!, data.FallsBack, monitor);
            if (data.FallsBack == true && comparison.Best is not null)
            {
                model = model with { Baselines = comparison.Best };
                (intervals, states, before) = Calibrate(model, data, heldOut: null, monitor, stop.Token);
            }
        }
        model = model with { Intervals = intervals };
        if (data.Refit && heldOut is not null && !IsCancelled(settings))
        {
            Refit(members, ranks, choices, bytes);
            model = model with { Networks = [.. members.Select(member => member.Network)] };
            states = RunHeldOut(model, data, (_, _, _) => { }, monitor.Abandoned.ThrowIfCancellationRequested);
        }
        if (data.ShowsIntervals && data.Validates)
        {
            int[] rows = [.. data.Rows.Select(one => one.CountObserved(data.Layout.Targets, data.Layout.KnownCovariates))];
            var adaptation = WidthAdaptation.Of(data.ConfidenceLevel, data.Layout.Horizon, rows.Max());
            model = model with { Intervals = model.Intervals with { Adaptation = adaptation } };
            states = [.. states.Zip(rows, WithWidth)];
            before = [.. before.Zip(data.TrainingRows, (state, count) => state is null ? null : WithWidth(state, count))];

            float[] WithWidth(float[] state, int count)
                => [.. state, .. AdaptiveWidth.StateAfterTraining(adaptation, data.Layout, count)];
        }
        return (model, states, before);
    }

    private static bool IsCancelled(TrainingSettings settings)
        => Communicator.Any(settings.Communicator, settings.CancellationToken.IsCancellationRequested);

    /// <summary>Trains all networks, each on one of the ranks, as one process would.</summary>
    private static List<NetworkTraining> TrainInTurn(Communicator ranks, ForecastData data, TrainingSettings settings, int seed,
        OptionChoices choices, ITrainingMonitor monitor, MemberBytes bytes, out bool isStopped)
    {
        ForecastCandidate[] networks =
            [new("as chosen from the data", data.Layout, settings) { Initial = data.Initial, Start = data.Start }, .. data.Candidates];
        NetworkTraining?[] own = new NetworkTraining?[networks.Length];
        (TrainedMember? Member, string? Failure)[] all = EnsembleTraining.TrainInTurn(ranks, networks.Length, i =>
        {
            monitor.Info($"Network {i + 1} of {networks.Length}: {networks[i].Description}.");
            own[i] = Train(i, other: null);
            return own[i]!.MemberOf(choices);
        }, monitor, bytes, out isStopped);
        if (all[0].Member is null)
            throw all[0].Failure is { } failure ? new InvalidOperationException(failure)
                : new OperationCanceledException("Training was cancelled before there was a model.");
        foreach (string failure in all.Select(one => one.Failure).OfType<string>())
            monitor.Warn($"A network is left out. {failure}");
        return [.. Enumerable.Range(0, all.Length).Where(i => all[i].Member is not null).Select(i => own[i] ?? Train(i, all[i].Member))];

        NetworkTraining Train(int i, TrainedMember? other)
            => new(data.For(networks[i]), networks[i].Settings with
            {
                Communicator = null,
                EpochCompleted = ranks.Rank == 0 ? settings.EpochCompleted : null,
            }, SeedOf(seed, i), monitor, checkpoint: null, warns: i == 0, other);
    }

    /// <summary>Trains the networks again on all rows; where ranks took turns at them, they do again.</summary>
    private static void Refit(List<NetworkTraining> members, Communicator? ranks, OptionChoices choices, MemberBytes bytes)
    {
        if (ranks is null)
        {
            foreach (NetworkTraining member in members)
                member.Refit();
            return;
        }
        byte[][] all = ranks.TakeTurns(members.Count, i =>
        {
            members[i].Refit();
            return bytes.Of(members[i].MemberOf(choices) with { Model = members[i].Network.Network });
        });
        for (int i = 0; i < all.Length; i++)
            members[i].Take(bytes.ToMember(all[i]).Model);
    }

    /// <summary>Trains the further networks; false if the user stopped that.</summary>
    private static bool TryTrainOthers(List<NetworkTraining> members, ForecastData data, TrainingSettings settings, int seed,
        ITrainingMonitor monitor)
    {
        for (int i = 0; i < data.Candidates.Count; i++)
        {
            ForecastCandidate candidate = data.Candidates[i];
            if (IsCancelled(settings))
                return false;
            monitor.Info($"Network {i + 2} of {data.Candidates.Count + 1}: {candidate.Description}.");
            try
            {
                members.Add(new NetworkTraining(data.For(candidate), candidate.Settings, SeedOf(seed, i + 1), monitor,
                    checkpoint: null, warns: false));
            }
            catch (OperationCanceledException) when (!monitor.Abandoned.IsCancellationRequested)
            {
                // Before its first update a network is none yet.
                return false;
            }
            catch (InvalidOperationException diverged)
            {
                monitor.Warn($"A network is left out. {diverged.Message}");
            }
            if (members[^1].WasStopped)
                return false;
        }
        return true;
    }

    /// <summary>
    /// The members to average, of all that are not clearly worse than the best, and their weights. To take what has the least error would
    /// be to fit the validation rows, so that the weights are drawn towards the same for all.
    /// </summary>
    private static (List<NetworkTraining> Members, TrainingReport[] Reports, double[] Weights) Choose(List<NetworkTraining> members,
        TrainingReport[] reports, HeldOutForecasts heldOut, ForecastData data, ITrainingMonitor monitor)
    {
        double[][] errors = new double[members.Count][];
        for (int i = 0; i < errors.Length; i++)
        {
            heldOut.Clear();
            RunHeldOut(new ForecastModel([members[i].Network], NoIntervals), data, heldOut.Add,
                monitor.Abandoned.ThrowIfCancellationRequested);
            errors[i] = heldOut.NetworkErrors;
            reports[i].Metric = heldOut.Metric;
            reports[i].Error = heldOut.ErrorOf(errors[i]);
        }
        double? best = reports.Min(one => one.Error);
        int[] kept = [.. Enumerable.Range(0, errors.Length).Where(i => best is null ? i == 0 : reports[i].Error <= LargestError * best)];
        double[] weights = heldOut.WeightsOf([.. kept.Select(i => errors[i])]);
        bool[] counts = [.. weights.Select(weight => weight >= LeastWeight)];
        kept = [.. kept.Where((_, at) => counts[at])];
        weights = [.. weights.Where((_, at) => counts[at])];
        double sum = weights.Sum();
        weights = [.. weights.Select(weight => weight / sum)];
        double? ofMean = heldOut.ErrorOf([.. errors[0].Select((_, at) => kept.Select((i, k) => weights[k] * errors[i][at]).Sum())]);
        monitor.Info(string.Create(CultureInfo.InvariantCulture,
            $"Averaged: {string.Join(", ", kept.Select((i, k) => $"network {i + 1} by {weights[k]:0.##}"))}. "
            + $"{heldOut.Metric} of each network on the rows held out: {string.Join(", ", reports.Select(one => $"{one.Error:G4}"))}; "
            + $"of the mean {ofMean:G4}."));
        return ([.. kept.Select(i => members[i])], [.. kept.Select(i => reports[i])], kept.Length == 1 ? [] : weights);
    }

    /// <summary>The report of several networks.</summary>
    private static TrainingReport ReportOf(TrainingReport[] members) => new()
    {
        Seed = members[0].Seed,
        Choices = members[0].Choices,
        NumberOfEpochs = members[0].NumberOfEpochs,
        KeptEpoch = members[0].KeptEpoch,
        Epochs = members[0].Epochs,
        EndReason = members[0].EndReason,
        Members = members,
    };

    // The first network has the seed of a forecaster with one network.
    private static int SeedOf(int seed, int network) => unchecked(seed + network * 0x3504F333);

    /// <summary>Calibrates the intervals by the errors of forecasts that are made as in scoring, row by row.</summary>
    private static (ForecastIntervals Intervals, float[][] States, float[]?[] Before) Calibrate(ForecastModel model, ForecastData data,
        HeldOutForecasts? heldOut, ITrainingMonitor monitor, CancellationToken stop)
    {
        float[]?[] before = new float[]?[data.Rows.Count];
        var calibration = new ConformalCalibration(data.Layout);
        int targets = data.Layout.Targets;
        float[] values = new float[data.Layout.Values];
        bool needsLearned = data.Validates && model.Baselines is not { BeginsOtherwise: true }
            && calibration.NeedsLearned(data.Rows.Zip(data.TrainingRows, (rows, training) => (long)rows.Count - training).Sum());
        float[][] states = RunHeldOut(model, data, (stream, i, t) =>
        {
            calibration.Add(stream, ValuesAfter(i, t, data.Rows[i].Count));
            heldOut?.Add(stream, i, t);
            if (data.KeepsStatesBeforeValidation && t + 1 == data.TrainingRows[i])
                stream.CopyStateTo(before[i] = new float[stream.StateLength]);
        }, stop.ThrowIfCancellationRequested,
            needsLearned ? (stream, i, t) => calibration.AddLearned(stream, ValuesAfter(i, t, data.TrainingRows[i])) : null);
        (ForecastIntervals intervals, int errors, int stepsWithErrors) = calibration.Calibrate(data.ConfidenceLevel,
            model.Scaling.Deviations.AsSpan(0, targets));
        int needed = ConformalCalibration.ErrorsFor(data.ConfidenceLevel);
        if (!data.ShowsIntervals)
            return (intervals, states, before);
        if (!data.Validates)
            monitor.Warn("There are no validation rows, so the intervals are those of the training rows' errors, "
                + "and too narrow for others.");
        else if (errors < needed)
        {
            string repeated = stepsWithErrors < data.Layout.Horizon
                ? $"; those from step {stepsWithErrors + 1} on are those of step {stepsWithErrors}"
                : "";
            monitor.Warn(string.Create(CultureInfo.InvariantCulture,
                $"Intervals that hold {100 * data.ConfidenceLevel:0.##} percent of the values need the errors of {needed} forecasts of "
                + $"each step ahead in the validation rows; there are {errors} at the least, so they may be too narrow{repeated}."));
        }
        return (intervals, states, before);

        ReadOnlySpan<float> ValuesAfter(int series, int row, int end)
        {
            int ahead = Math.Min(data.Layout.Horizon, end - 1 - row);
            for (int h = 0; h < ahead; h++)
                data.Rows[series][row + 1 + h][..targets].CopyTo(values.AsSpan(h * targets));
            return values.AsSpan(0, ahead * targets);
        }
    }

    /// <summary>
    /// Runs through all series as scoring does, row by row, and calls <paramref name="beforeNext"/> with the stream, the series and the
    /// row whenever the next row is held out for validation (without validation rows, whenever there is a next row).
    /// <paramref name="beforeStep"/> is called before each step and may throw to cancel. <paramref name="beforeLearned"/> is called
    /// like <paramref name="beforeNext"/> whenever the next row is not held out, but for the first rows.
    /// </summary>
    /// <returns>The state of each series after its last observed row.</returns>
    public static float[][] RunHeldOut(ForecastModel model, ForecastData data, Action<ForecastStream, int, int> beforeNext,
        Action? beforeStep = null, Action<ForecastStream, int, int>? beforeLearned = null)
    {
        bool validates = data.Validates;
        SequenceNetwork[] networks = model.Pack();
        ThetaMethod? theta = model.Baselines?.NewTheta();
        float[][] states = new float[data.Rows.Count][];
        float[] future = new float[data.Layout.Horizon * data.Layout.KnownCovariates];
        for (int i = 0; i < states.Length; i++)
        {
            SeriesRows rows = data.Rows[i];
            int first = validates ? Math.Max(0, data.TrainingRows[i] - 1) : 0;
            int firstLearned = Math.Clamp(data.TrainingRows[i] / 3, 1, MostBeginning);
            var stream = new ForecastStream(model, networks, rows.Series, theta);
            int observed = rows.CountObserved(data.Layout.Targets, data.Layout.KnownCovariates);
            for (int t = 0; t < observed; t++)
            {
                beforeStep?.Invoke();
                stream.Step(rows[t], rows.KnownAfter(t, data.Layout, future), rows.CalendarOf(t), rows.Statics);
                if (t + 1 == observed || !stream.HasForecast)
                    continue;
                if (t >= first)
                    beforeNext(stream, i, t);
                else if (t >= firstLearned)
                    beforeLearned?.Invoke(stream, i, t);
            }
            stream.CopyStateTo(states[i] = new float[stream.StateLength]);
        }
        return states;
    }
}
