using System.Diagnostics;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>Searches settings for a task within its time, measures the best, and trains it again on all rows.</summary>
internal sealed class TaskRun(LearningTask task, string name)
{
    // What is left of the time has to suffice for so many times the training that was seen.
    private const double Margin = 1.15;

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Called before a training, with what is trained.</summary>
    public Action<string>? TrialBegins { get; init; }

    /// <summary>Called after a training of the search.</summary>
    public Action<Trial>? TrialEnded { get; init; }

    /// <summary>Called after an epoch.</summary>
    public Action<EpochCompletedEventArgs>? EpochCompleted { get; init; }

    /// <summary>Runs everything.</summary>
    /// <param name="spent">Time that reading the data has taken already.</param>
    /// <param name="interrupted">Ends training; what there is so far is the result.</param>
    /// <exception cref="OperationCanceledException">There is no model yet.</exception>
    public TrainedTask Run(TimeSpan spent, CancellationToken interrupted)
    {
        TimeSpan time = task.Request.TrainTime - spent;
        var search = new SuccessiveHalving<ITransformer>
        {
            Candidates = task.Candidates,
            Time = time,
            BestShare = task.BestShare,
            FollowedBy = Margin * task.Parts.All.Length / task.Parts.Train.Length,
            Train = TrainAndValidate,
            TrialBegins = (settings, effort) => TrialBegins?.Invoke(new Trial(settings, effort, 0, 0).Name),
            TrialEnded = TrialEnded,
        };
        (Trial chosen, ITransformer model) = search.Run(interrupted);

        int[] seen = task.Parts.Train;
        if (task.Folds.Count > 0 && !interrupted.IsCancellationRequested)
            (model, seen) = (Train(chosen.Settings, task.Parts.Known, time, interrupted) ?? model, task.Parts.Known);
        var rivals = search.Trials.Where(one => one.Trial.Effort != TrainingEffort.Quick && one.Trial != chosen)
            .Select(one => (one.Trial.Settings, one.Model));
        Measurement measured = task.Measure([(chosen.Settings, model), .. task.Folds.Count > 0 ? [] : rivals], seen);

        double needed = Margin * chosen.Seconds * task.Parts.All.Length / seen.Length / Math.Max(1, task.Folds.Count);
        bool hasTime = (!chosen.WasStopped || chosen.Settings.IsBest) && _clock.Elapsed.TotalSeconds + needed < time.TotalSeconds;
        ITransformer? last = hasTime && !interrupted.IsCancellationRequested
            ? Train(chosen.Settings, task.Parts.All, time, interrupted)
            : null;
        return new TrainedTask(task.Context, task.Name, name, task.Facts, task.ColumnsOf(chosen.Settings))
        {
            Seed = task.Request.Seed,
            Trials = [.. search.Trials.Select(one => one.Trial)],
            Chosen = chosen.Settings,
            Model = last ?? model,
            TrainedOn = last is not null ? "all rows" : "all rows but those that it was measured on"
                + (seen.Length < task.Parts.Known.Length ? " or chosen by" : ""),
            MeasuredModel = model,
            Seen = task.Table.View(seen),
            Unseen = measured.Unseen,
            Scored = measured.Scored,
            Comparison = measured.Comparison,
            Report = task.ReportOf(model),
            Settings =
            [
                .. chosen.Settings.Options.Select(option => new OptionChoice(option.Option, option.Code, "chosen by the search")),
                .. task.ReportOf(model)?.Choices ?? [],
            ],
            Table = task.Table,
            Layout = task.Layout,
            Code = task.CodeOf(chosen.Settings),
            WasInterrupted = interrupted.IsCancellationRequested,
            Elapsed = spent + _clock.Elapsed,
        };
    }

    private Measured<ITransformer> TrainAndValidate(Settings settings, TrainingEffort effort, CancellationToken cancellation)
    {
        var call = new TrainingCall(settings, effort, EpochCompleted, cancellation);
        IReadOnlyList<(int[] Train, int[] Validation)> folds = task.Folds.Count > 0
            ? task.Folds
            : [(task.Parts.Train, task.Parts.Validation)];
        ITransformer? first = null;
        double error = 0, figure = 0;
        int rows = 0;
        foreach ((int[] train, int[] validation) in folds)
        {
            // The folds of a training that is stopped are as many as it came to.
            if (first is not null && cancellation.IsCancellationRequested)
                break;
            ITransformer model = task.Fit(train, call);
            first ??= model;
            Validation one = task.Validate(model, train, validation);
            error += validation.Length * one.Error;
            figure += validation.Length * one.Figure;
            rows += validation.Length;
        }
        error /= rows;
        return new Measured<ITransformer>(first!, error, task.NoiseOf(error, rows), task.Show(figure / rows));
    }

    /// <summary>Trains on more rows with the settings chosen; null if there was no time to end it.</summary>
    private ITransformer? Train(Settings settings, int[] rows, TimeSpan time, CancellationToken interrupted)
    {
        TimeSpan left = time - _clock.Elapsed;
        if (left <= TimeSpan.Zero)
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        limit.CancelAfter(left);
        TrialBegins?.Invoke($"{settings.Name}, on {(rows.Length == task.Parts.All.Length ? "all rows" : "all rows but the unseen")}");
        try
        {
            ITransformer model = task.Fit(rows, new TrainingCall(settings, TrainingEffort.Default, EpochCompleted, limit.Token));
            // Of several networks some are better than none; a single one that was stopped is worse than one that was not.
            return !limit.IsCancellationRequested || (settings.IsBest && task.ReportOf(model)?.Members.Count > 2) ? model : null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
