using System.Globalization;
using LstmTool.Data;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Microsoft.ML.Runtime;

namespace LstmTool.Tasks;

/// <summary>Searches settings for a task within its time, measures the best, and trains it again on all rows.</summary>
internal sealed class TaskRun(LearningTask task, string name)
{
    // What is left of the time has to suffice for so many times the training that was seen.
    private const double Margin = 1.15;

    // Beyond this share of the time a first training leaves none for a second one, on more rows.
    private const double MostOfFirst = 0.45;
    private const double MostOfOnly = 0.92;
    private const double ShareToJudgeBy = 0.08;
    private const double ShareToJudgeFirstBy = 0.25;

    private long _began;

    // Of a first training that would have taken too long.
    private Pace? _tooLong;
    private CancellationToken _interrupted;

    // What is warned of beside trainings, and how the training of each model went.
    private readonly TrainingCourse _beside = new();
    private readonly Dictionary<ITransformer, TrainingCourse> _courses = [];
    private TrainingCourse? _course;

    /// <summary>Called before a training, with what is trained.</summary>
    public Action<string>? TrialBegins { get; init; }

    /// <summary>Called after a training of the search.</summary>
    public Action<Trial>? TrialEnded { get; init; }

    /// <summary>Called after an epoch.</summary>
    public Action<EpochCompletedEventArgs>? EpochCompleted { get; init; }

    /// <summary>The ranks that the search spreads over; null for this process alone.</summary>
    public Communicator? Ranks { get; init; }

    /// <summary>What tells the time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    private TimeSpan Elapsed => Clock.GetElapsedTime(_began);

    /// <summary>Runs everything.</summary>
    /// <param name="spent">Time that reading the data has taken already.</param>
    /// <param name="interrupted">Ends training; what there is so far is the result.</param>
    /// <returns>What rank 0 has to say and to save; null on other ranks.</returns>
    /// <exception cref="OperationCanceledException">There is no model yet.</exception>
    public TrainedTask? Run(TimeSpan spent, CancellationToken interrupted)
    {
        _began = Clock.GetTimestamp();
        task.Context.Log += Listen;
        try
        {
            return Search(spent, interrupted);
        }
        finally
        {
            task.Context.Log -= Listen;
        }
    }

    private void Listen(object? sender, LoggingEventArgs entry)
    {
        if (entry.Kind == ChannelMessageKind.Warning)
            (_course ?? _beside).Add(entry.RawMessage);
    }

    private TrainedTask? Search(TimeSpan spent, CancellationToken interrupted)
    {
        TimeSpan time = task.Request.TrainTime - spent;
        _interrupted = interrupted;
        // Rows that are measured on and not trained on later leave the time for a model of all others, and so do few rows.
        bool trainsBefore = task.Folds.Count > 0 || task.Parts.UnseenIsApart;
        int rowsThatFollow = (trainsBefore ? task.Parts.Known.Length : 0) + (task.Parts.UnseenIsApart ? 0 : task.Parts.All.Length);
        int rowsOfTrial = task.Folds.Count > 0 ? task.Folds.Sum(fold => fold.Train.Length) : task.Parts.Train.Length;
        var search = new SuccessiveHalving<ITransformer>
        {
            Candidates = task.Candidates,
            Time = time,
            BestShare = task.BestShare,
            FollowedBy = Margin * rowsThatFollow / rowsOfTrial,
            AreThoseOf = (settings, model) => settings.AreAmong(task.ReportOf(model)?.Choices ?? []),
            Train = (settings, effort, cancellation) => TrainAndValidate(settings, effort, time, cancellation),
            TrialBegins = (settings, effort) => TrialBegins?.Invoke(new Trial(settings, effort, 0, 0).Name),
            TrialEnded = TrialEnded,
            Clock = Clock,
            Ranks = Ranks is null ? null : new SearchRanks<ITransformer>(Ranks, BytesOf, ModelOf),
        };
        Trial chosen;
        ITransformer model;
        int[] seen = task.Folds.Count > 0 ? task.Folds[0].Train : task.Parts.Train;
        try
        {
            (chosen, model) = search.Run(interrupted);
        }
        catch (OperationCanceledException) when (_tooLong is not null && !interrupted.IsCancellationRequested)
        {
            (chosen, model, seen) = TrainOnce(time, interrupted);
            rowsOfTrial = seen.Length;
        }
        catch (OperationCanceledException) when (Ranks is { Rank: > 0 } && !interrupted.IsCancellationRequested)
        {
            // Rank 0 trains once.
            return null;
        }
        if (Ranks is { Rank: > 0 })
            return null;

        if (trainsBefore && _tooLong is null && !interrupted.IsCancellationRequested
            && Train(chosen.Settings, task.Parts.Known, time, interrupted) is { } onKnown)
            (model, seen) = (onKnown, task.Parts.Known);
        var rivals = search.Trials.Where(one => one.Trial.Effort != TrainingEffort.Quick && one.Trial != chosen)
            .Select(one => (one.Trial.Settings, one.Model!));
        Measurement measured = task.Measure([(chosen.Settings, model), .. trainsBefore ? [] : rivals], seen);

        // With fewer epochs than planned, more rows would have to do with even fewer.
        bool wasShortened = _tooLong is not null && chosen.Settings != Settings.Untouched;
        bool mayGoOn = seen.Length < task.Parts.All.Length && !wasShortened && (!chosen.WasStopped || chosen.Settings.IsBest)
            && !interrupted.IsCancellationRequested;
        double needed = chosen.Seconds * task.Parts.All.Length / rowsOfTrial;
        Settings? ofLast = mayGoOn ? SettingsWithin(time - Elapsed, chosen, model, needed) : null;
        ITransformer? last = ofLast is null ? null : Train(ofLast, task.Parts.All, time, interrupted);
        bool knowsAll = last is not null || seen.Length == task.Parts.All.Length;
        ITransformer trained = last ?? model, saved = knowsAll ? trained : task.ReadAll(trained);
        DatasetFacts facts = task.Facts with { Parts = task.Facts.Parts with { ValidatesInTurn = task.Folds.Count > 0 } };
        return new TrainedTask(task.Context, task.Name, name, facts, task.ColumnsOf(chosen.Settings))
        {
            Seed = task.Request.Seed,
            Trials = search.Trials.Count == 0 ? [chosen] : [.. search.Trials.Select(one => one.Trial)],
            Chosen = chosen.Settings,
            Model = saved,
            Saved = task.NameOf(chosen.Settings, saved),
            TrainedOn = knowsAll ? "all rows" : "all rows but those that it was measured on"
                + (seen.Length < task.Parts.Known.Length ? " or chosen by" : "") + (saved == trained ? "" : ", which it has only read"),
            MeasuredModel = model,
            Seen = task.Table.View(seen),
            Unseen = measured.Unseen,
            Scored = measured.Scored,
            Comparison = measured.Comparison,
            Report = task.ReportOf(model),
            SavedReport = task.ReportOf(saved),
            Settings =
            [
                .. chosen.Settings.Options.Select(option => new OptionChoice(option.Option, option.Code, "chosen by the search")),
                .. task.ReportOf(saved)?.Choices ?? [],
            ],
            Table = task.Table,
            Layout = task.Layout,
            Code = task.CodeOf(chosen.Settings),
            Notes =
            [
                .. measured.Notes,
                .. last is null || ofLast == chosen.Settings ? (string[])[]
                    : [$"The training on all rows was by {ofLast!.Name}, for want of time."],
                .. task.Describe(saved),
            ],
            Warnings = [.. WarningsOf(trained)],
            WasInterrupted = interrupted.IsCancellationRequested,
            Elapsed = spent + Elapsed,
        };
    }

    private Measured<ITransformer> TrainAndValidate(Settings settings, TrainingEffort effort, TimeSpan time, CancellationToken cancellation)
    {
        bool isFirst = settings == Settings.Untouched;
        using var limit = new TimeLimit(cancellation, _interrupted);
        IReadOnlyList<(int[] Train, int[] Validation)> folds = task.Folds.Count > 0
            ? task.Folds
            : [(task.Parts.Train, task.Parts.Validation)];
        double? firstEpoch = null;
        Pace pace = default;
        var call = new TrainingCall(settings, effort, epoch =>
        {
            EpochCompleted?.Invoke(epoch);
            pace = PaceOf(epoch);
            if (isFirst && task.HasFixedEpochs)
                StopIfTooLong(epoch);
            limit.Apply(epoch);
        }, limit.Hard);
        ITransformer? first = null;
        double error = 0, figure = 0, began = Elapsed.TotalSeconds;
        int rows = 0;
        foreach ((int[] train, int[] validation) in folds)
        {
            // The folds that a training came to before it was stopped may be easier than the others; of the first one there is no other.
            if (first is not null && cancellation.IsCancellationRequested)
            {
                if (isFirst)
                    break;
                throw new OperationCanceledException();
            }
            ITransformer model = Fit(train, call, cancellation);
            if (isFirst && first is null && folds.Count > 1 && !_interrupted.IsCancellationRequested
                && IsOneInsteadOfFolds(Elapsed.TotalSeconds - began, train.Length))
                _tooLong ??= pace;
            if (_tooLong is not null)
                throw new OperationCanceledException();
            first ??= model;
            Validation one = task.Validate(model, train, validation);
            error += validation.Length * one.Error;
            figure += validation.Length * one.Figure;
            rows += validation.Length;
        }
        error /= rows;
        return new Measured<ITransformer>(first!, error, task.NoiseOf(error, rows), task.Show(figure / rows));

        Pace PaceOf(EpochCompletedEventArgs epoch)
        {
            // The first epoch has the program's warming up in it.
            double elapsed = epoch.Elapsed.TotalSeconds;
            firstEpoch ??= elapsed;
            double seconds = epoch.Epoch == 1 ? elapsed : (elapsed - firstEpoch.Value) / (epoch.Epoch - 1);
            return new Pace(seconds, epoch.NumberOfEpochs, folds[0].Train.Length);
        }

        void StopIfTooLong(EpochCompletedEventArgs epoch)
        {
            double share = epoch.Epoch == 1 ? ShareToJudgeFirstBy : ShareToJudgeBy;
            if (epoch.Elapsed.TotalSeconds < share * time.TotalSeconds || epoch.Epoch > epoch.NumberOfEpochs / 2
                || pace.Seconds * epoch.NumberOfEpochs * folds.Count <= MostOfFirst * time.TotalSeconds)
                return;
            _tooLong = pace;
            epoch.Cancel = true;
        }

        // The network of one fold has learned from too few rows to be saved, if there is time for one on all rows but the unseen.
        bool IsOneInsteadOfFolds(double seconds, int rowsOfFold)
        {
            double known = Margin * seconds * task.Parts.Known.Length / rowsOfFold;
            return began + seconds * folds.Count + known >= time.TotalSeconds && began + seconds + known < time.TotalSeconds;
        }
    }

    /// <summary>
    /// The settings for a training on all rows that ends within the time: those chosen, or with fewer epochs, if there still is the one
    /// that was kept. Null for none.
    /// </summary>
    private Settings? SettingsWithin(TimeSpan left, Trial chosen, ITransformer model, double needed)
    {
        if (Margin * needed < left.TotalSeconds)
            return chosen.Settings;
        if (chosen.Settings.IsBest || chosen.Settings.IsMeanOfSame || !task.StopsEarlyAnyway || _tooLong is not null
            || _courses[model].Epochs == 0)
            return null;
        int epochs = (int)(MostOfOnly * left.TotalSeconds / (needed / _courses[model].Epochs));
        return task.ReportOf(model) is { KeptEpoch: > 0 and var kept } && epochs >= kept
            ? chosen.Settings.With($"{chosen.Settings.Name} with {epochs} epochs at the most",
                new Setting(nameof(TrainingOptions.NumberOfEpochs), epochs))
            : null;
    }

    /// <summary>
    /// Trains once, on all rows but the unseen, with the defaults and as many epochs as there is time for, since there is none to choose.
    /// </summary>
    private (Trial Trial, ITransformer Model, int[] Seen) TrainOnce(TimeSpan time, CancellationToken interrupted)
    {
        (double seconds, int planned, int of) = _tooLong!.Value;
        int[] rows = task.Parts.Known;
        double began = Elapsed.TotalSeconds, left = Math.Max(1, time.TotalSeconds - began);
        int epochs = Math.Max(1, (int)(MostOfOnly * left / (seconds * rows.Length / of)));
        // Where the epochs are the most that it may take, it is the time that ends it.
        Settings settings = !task.HasFixedEpochs || epochs >= planned ? Settings.Untouched
            : Settings.Untouched.With(
                $"untouched but for {epochs} {(epochs == 1 ? "epoch" : "epochs")} rather than {planned}, for want of time",
                new Setting(nameof(TrainingOptions.NumberOfEpochs), epochs));
        using var soft = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        soft.CancelAfter(TimeSpan.FromSeconds(left));
        using var limit = new TimeLimit(soft.Token, interrupted);
        TrialBegins?.Invoke($"{settings.Name}, on all rows but the unseen");
        ITransformer model = Fit(rows, new TrainingCall(settings, TrainingEffort.Default, epoch =>
        {
            EpochCompleted?.Invoke(epoch);
            limit.Apply(epoch);
        }, limit.Hard), soft.Token);
        _courses[model].WasCut |= settings != Settings.Untouched;
        var trial = new Trial(settings, TrainingEffort.Default, double.NaN, Elapsed.TotalSeconds - began)
        {
            Shown = "not validated, the time is for one training",
            WasStopped = soft.IsCancellationRequested,
        };
        TrialEnded?.Invoke(trial);
        return (trial, model, rows);
    }

    /// <summary>Trains, and keeps how that went.</summary>
    private ITransformer Fit(int[] rows, TrainingCall call, CancellationToken time)
    {
        var course = new TrainingCourse();
        _course = course;
        try
        {
            ITransformer model = task.Fit(rows, call with
            {
                EpochCompleted = epoch =>
                {
                    course.Epochs++;
                    call.EpochCompleted?.Invoke(epoch);
                },
            });
            course.WasCut = time.IsCancellationRequested && !_interrupted.IsCancellationRequested;
            _courses[model] = course;
            return model;
        }
        finally
        {
            _course = null;
        }
    }

    /// <summary>A model, and how its training went, for other ranks.</summary>
    private byte[] BytesOf(ITransformer model)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        TrainingCourse course = _courses[model];
        writer.Write(course.Epochs);
        writer.Write(course.WasCut);
        writer.Write(course.Warnings.Count);
        foreach (string warning in course.Warnings)
            writer.Write(warning);
        writer.Flush();
        // Places in a zip file count from its beginning.
        using var zip = new MemoryStream();
        task.Context.Model.Save(model, task.Table.View().Schema, zip);
        return [.. stream.ToArray(), .. zip.ToArray()];
    }

    private ITransformer ModelOf(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        using var reader = new BinaryReader(stream);
        var course = new TrainingCourse { Epochs = reader.ReadInt32(), WasCut = reader.ReadBoolean() };
        for (int warnings = reader.ReadInt32(); warnings > 0; warnings--)
            course.Add(reader.ReadString());
        ITransformer model = task.Context.Model.Load(new MemoryStream(bytes[(int)stream.Position..]), out _);
        _courses[model] = course;
        return model;
    }

    private IEnumerable<string> WarningsOf(ITransformer trained)
    {
        TrainingCourse course = _courses[trained];
        IEnumerable<string> all = _beside.Warnings.Where(warning => !course.Has(warning)).Concat(course.Warnings);
        return course is not { WasCut: true, Epochs: <= 1 } ? all : all.Append(
            $"The saved network has learned for {(course.Epochs == 0 ? "less than an epoch" : "one epoch only")}, since the time was over: "
            + string.Create(CultureInfo.InvariantCulture, $"give it a longer --train-time than {task.Request.TrainTime.TotalSeconds}."));
    }

    /// <summary>Trains on more rows with the settings chosen; null if there was no time to end it.</summary>
    private ITransformer? Train(Settings settings, int[] rows, TimeSpan time, CancellationToken interrupted)
    {
        TimeSpan left = time - Elapsed;
        if (left <= TimeSpan.Zero)
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        limit.CancelAfter(left);
        TrialBegins?.Invoke($"{settings.Name}, on {(rows.Length == task.Parts.All.Length ? "all rows" : "all rows but the unseen")}");
        try
        {
            ITransformer model = Fit(rows, new TrainingCall(settings, TrainingEffort.Default, EpochCompleted, limit.Token), limit.Token);
            // Of several networks some are better than none; a single one that was stopped is worse than one that was not.
            return !limit.IsCancellationRequested || (settings.IsBest && task.ReportOf(model)?.Members.Count > 2) ? model : null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>How fast a training was.</summary>
    /// <param name="Seconds">Seconds of an epoch.</param>
    /// <param name="Epochs">The epochs that it was to have.</param>
    /// <param name="Rows">Rows of an epoch.</param>
    private readonly record struct Pace(double Seconds, int Epochs, int Rows);
}
