using Microsoft.ML.Lstm;

namespace LstmTool.Search;

/// <summary>
/// Finds the settings with the least error on validation rows within a time, by successive halving (Jamieson and Talwalkar 2016): all
/// candidates are trained briefly, the best third of them in full, and the best one several times, as an average of networks: of as many
/// as <see cref="TrainingEffort.Best"/> has, or of three. Where there is no time for that, as many as there is time for are trained in
/// full, in their order. The first candidate is trained in full before all others, so that there always is a model, and others have to be
/// better by more than noise.
/// </summary>
/// <typeparam name="TModel">What a training gives.</typeparam>
public sealed class SuccessiveHalving<TModel>
    where TModel : class
{
    private const int KeepOneIn = 3;

    // Seconds of a brief training, of those in full.
    private const double QuickShare = 0.45;

    // Seconds of a training that finds the program warm, of those of the first one.
    private const double WarmShare = 0.7;

    // Networks of an average for which there is time more often.
    private const int FewNetworks = 3;

    // However short the time is, a first training is given this long.
    private const double LeastSeconds = 20;

    private long? _began;
    private readonly List<EndedTrial<TModel>> _trials = [];

    /// <summary>What to try: the settings to fall back on, then the others, those with the best prospects first.</summary>
    public required IReadOnlyList<Settings> Candidates { get; init; }

    /// <summary>
    /// Trains by settings with an effort and measures the error on validation rows. Where the token is cancelled it gives the best model
    /// so far, or throws an <see cref="OperationCanceledException"/> if there is none.
    /// </summary>
    /// <remarks>Ranks call it for the trainings whose turn is theirs.</remarks>
    public required Func<Settings, TrainingEffort, CancellationToken, Measured<TModel>> Train { get; init; }

    /// <summary>The time for everything, the training that follows the search among it.</summary>
    public required TimeSpan Time { get; init; }

    /// <summary>How many times as long as a trial of it the training with the chosen settings takes that follows the search.</summary>
    public double FollowedBy { get; init; } = 1.3;

    /// <summary>
    /// How many times as long as one network the average takes that <see cref="TrainingEffort.Best"/> trains; 0 if no average is to be
    /// tried.
    /// </summary>
    public double BestShare { get; init; } = 6;

    /// <summary>Whether settings are those of the first candidate's model, by that model, so that there is nothing to try.</summary>
    public Func<Settings, TModel, bool>? AreThoseOf { get; init; }

    /// <summary>Called before a training.</summary>
    public Action<Settings, TrainingEffort>? TrialBegins { get; init; }

    /// <summary>Called after a training.</summary>
    public Action<Trial>? TrialEnded { get; init; }

    /// <summary>
    /// The ranks, each of which runs the same search; null for this process alone. Each training of a round is one rank's, as many at once
    /// as there are ranks; by rank 0's clock and token all of them go on or end.
    /// </summary>
    public SearchRanks<TModel>? Ranks { get; init; }

    /// <summary>
    /// All trainings with their models, in their order; of a brief training only the rank that trained it has the model.
    /// </summary>
    public IReadOnlyList<(Trial Trial, TModel? Model)> Trials => [.. _trials.Select(one => (one.Trial, one.Model))];

    /// <summary>What tells the time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How long it has been running.</summary>
    public TimeSpan Elapsed => _began is { } began ? Clock.GetElapsedTime(began) : TimeSpan.Zero;

    /// <summary>Searches.</summary>
    /// <param name="cancellation">Ends the search; the best model so far is the result.</param>
    /// <returns>The best trial and its model.</returns>
    /// <exception cref="OperationCanceledException">The search was cancelled, or the time was over, before there was a model.</exception>
    public (Trial Trial, TModel Model) Run(CancellationToken cancellation = default)
    {
        _began = Clock.GetTimestamp();
        TryRound([Candidates[0]], TrainingEffort.Default, cancellation);
        if (_trials.Count == 0)
            throw new OperationCanceledException("Training was stopped before there was a model.");
        if (!_trials[0].Trial.WasStopped && Agreed(!cancellation.IsCancellationRequested))
        {
            Settings best = Halve(cancellation);
            TryAverages(best, cancellation);
        }
        EndedTrial<TModel> winner = Winner();
        return (winner.Trial, winner.Model!);
    }

    /// <summary>The settings that are the best of trainings in full.</summary>
    private Settings Halve(CancellationToken cancellation)
    {
        // What an average of networks needs is left alone, if it is within reach at all.
        double average = Averages.Select(one => one.Share).FirstOrDefault(share => Agreed(HasTimeForAverage(share, Full)));
        Settings[] others = [.. Candidates.Skip(1).Where(one => AreThoseOf?.Invoke(one, _trials[0].Model!) != true)];
        // With one or two others a brief training first would cost more than it saves, and so would some of them without time for what
        // they are for.
        int rounds = (others.Length + RankCount - 1) / RankCount;
        if (others.Length >= KeepOneIn && Agreed(HasTimeFor(rounds * QuickShare + 1, average)))
        {
            TryWhileThereIsTime(others, TrainingEffort.Quick, QuickShare + 1, average, cancellation);
            Trial[] brief = [.. _trials.Skip(1).Select(one => one.Trial)];
            int kept = (brief.Length + KeepOneIn - 1) / KeepOneIn;
            others = [.. brief.OrderBy(one => double.IsFinite(one.Error) ? one.Error : double.MaxValue).Take(kept)
                .Select(one => one.Settings)];
        }
        TryWhileThereIsTime(others, TrainingEffort.Default, 1, average, cancellation);
        return Winner().Trial.Settings;
    }

    private void TryWhileThereIsTime(Settings[] settings, TrainingEffort effort, double trainings, double average,
        CancellationToken cancellation)
    {
        foreach (Settings[] round in settings.Chunk(RankCount))
        {
            if (!Agreed(!cancellation.IsCancellationRequested && HasTimeFor(trainings, average)))
                break;
            TryRound(round, effort, cancellation);
        }
    }

    /// <summary>
    /// The seconds of a training in full: the least of those seen, of the first less than it took, since it warms the program up.
    /// </summary>
    private double Full => _trials.Where(one => one.Trial.Effort == TrainingEffort.Default).Min(one => SecondsOf(one.Trial));

    private double SecondsOf(Trial trial) => trial.Settings == Candidates[0] ? WarmShare * trial.Seconds : trial.Seconds;

    private int RankCount => Ranks?.Communicator.Size ?? 1;

    /// <summary>The averages of networks, and how many times as long as one network they take.</summary>
    private (string Name, Setting Option, TrainingEffort Effort, double Share)[] Averages => BestShare <= 0 ? [] :
    [
        ("mean of several networks", new(nameof(TrainingOptions.Effort), TrainingEffort.Best), TrainingEffort.Best, BestShare),
        ($"mean of {FewNetworks} networks", new(nameof(TrainingOptions.NumberOfNetworks), FewNetworks), TrainingEffort.Default,
            FewNetworks),
    ];

    /// <summary>Tries the largest average that there is time for or, if that takes longer than was thought, a smaller one.</summary>
    private void TryAverages(Settings best, CancellationToken cancellation)
    {
        Trial single = Winner().Trial;
        foreach ((string name, Setting option, TrainingEffort effort, double share) in Averages)
        {
            if (!Agreed(!cancellation.IsCancellationRequested && HasTimeForAverage(share, SecondsOf(single))))
                continue;
            int before = _trials.Count;
            TryRound([best.With($"{(best == Candidates[0] ? "" : $"{best.Name}, ")}{name}", option)], effort, cancellation);
            bool isWhole = _trials.Count > before && !_trials[^1].Trial.WasStopped;
            if (isWhole || Winner().Trial != single)
                return;
        }
    }

    /// <summary>Whether there is time for an average, and for what follows.</summary>
    /// <param name="share">How many times as long as one network it takes.</param>
    /// <param name="seconds">The seconds of one network.</param>
    private bool HasTimeForAverage(double share, double seconds)
        => Elapsed.TotalSeconds + seconds * share * (1 + FollowedBy) < Time.TotalSeconds;

    /// <summary>Whether there is time for some trainings in full, and for what follows.</summary>
    /// <param name="trainings">The trainings.</param>
    /// <param name="average">How many times as long as one network an average takes that is to be tried then; 0 for none.</param>
    private bool HasTimeFor(double trainings, double average)
        => Elapsed.TotalSeconds + Full * (trainings + (average > 0 ? average * (1 + FollowedBy) : FollowedBy)) < Time.TotalSeconds;

    /// <summary>What rank 0 says; of this process alone, what it does.</summary>
    private bool Agreed(bool said) => Ranks is null ? said : Ranks.OfFirst(said ? 1 : 0) > 0;

    /// <summary>Trains by some settings, no more of them than there are ranks.</summary>
    private void TryRound(Settings[] round, TrainingEffort effort, CancellationToken cancellation)
    {
        double left = Math.Max(0, (Time - Elapsed).TotalSeconds);
        if (Ranks is not null)
            left = Ranks.OfFirst(left);
        // Without a model there is nothing to keep time for; later ones leave enough for the training that follows.
        var most = TimeSpan.FromSeconds(_trials.Count == 0 ? Math.Max(LeastSeconds, 0.9 * left) : left / (1 + FollowedBy));
        EndedTrial<TModel>?[] ended = Ranks is null ? Array.ConvertAll(round, settings => Try(settings, effort, most, cancellation))
            : Ranks.TakeTurns(round, effort, settings => Try(settings, effort, most, cancellation));
        foreach (EndedTrial<TModel> one in ended.OfType<EndedTrial<TModel>>())
        {
            _trials.Add(one);
            TrialEnded?.Invoke(one.Trial);
        }
    }

    /// <summary>Trains; null where that was stopped before there was a model.</summary>
    private EndedTrial<TModel>? Try(Settings settings, TrainingEffort effort, TimeSpan most, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(most);
        TrialBegins?.Invoke(settings, effort);
        double began = Elapsed.TotalSeconds;
        try
        {
            Measured<TModel> measured = Train(settings, effort, limit.Token);
            return new EndedTrial<TModel>(new Trial(settings, effort, measured.Error, Elapsed.TotalSeconds - began)
            {
                Shown = measured.Shown,
                WasStopped = limit.IsCancellationRequested,
            }, measured.Noise, measured.Model);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>
    /// The best of the trainings in full: of the first candidate unless another one is better by more than noise; an average of networks,
    /// which errs less on rows that nobody has seen, if it is no worse than that, and one of networks by the same settings unless it is
    /// worse by more than noise. A network that was stopped is not among them, but several of them: nobody knows how long it would take on
    /// the rows that the chosen one is trained on in the end.
    /// </summary>
    private EndedTrial<TModel> Winner()
    {
        EndedTrial<TModel> best = _trials[0];
        foreach (EndedTrial<TModel> one in _trials.Skip(1).Where(one => one.Trial.Effort != TrainingEffort.Quick
            && double.IsFinite(one.Trial.Error) && (!one.Trial.WasStopped || one.Trial.Settings.IsBest)))
        {
            double error = one.Trial.Error, least = best.Trial.Error;
            double noise = one.Trial.Settings.IsBest ? 0 : one.Trial.Settings.IsMeanOfSame ? -best.Noise : best.Noise;
            if (!double.IsFinite(least) || (noise <= 0 ? error <= least - noise : error < least - noise))
                best = one;
        }
        return best;
    }
}
