using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Choices;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// The result of <see cref="SeriesTraining"/>: a trained network, and the states with which it goes on after the training data.
/// </summary>
/// <param name="Model">The trained model.</param>
/// <param name="Timing">The timing of the rows; null where they have no times.</param>
/// <param name="SeriesNames">The names of the series, in the order of their numbers.</param>
/// <param name="States">The state of each series after its last observed row.</param>
/// <param name="BeforeValidation">What is known of each series before its rows in a table of validation data.</param>
/// <param name="Data">The training data.</param>
internal sealed record TrainedSeries(ForecastModel Model, SeriesTiming? Timing, string[] SeriesNames,
    IReadOnlyDictionary<string, SeriesState> States, IReadOnlyDictionary<string, SeriesBeforeValidation> BeforeValidation,
    ForecastData Data);

/// <summary>The training that the estimators for series share: from tables with one row per time step to a network.</summary>
/// <param name="host">The host of errors, warnings and the default seed.</param>
/// <param name="options">The options of the network and its training.</param>
/// <param name="columns">The columns to read.</param>
internal sealed class SeriesTraining(IHost host, SeriesEstimatorOptions options, SeriesColumns columns)
{
    public required int Horizon { get; init; }

    public required double ConfidenceLevel { get; init; }

    /// <summary>Whether the bounds of the intervals are among the outputs.</summary>
    public required bool ShowsIntervals { get; init; }

    /// <summary>Whether a baseline replaces the networks if it does better; null where that is no option.</summary>
    public bool? FallsBack { get; init; }

    /// <summary>
    /// Trains on the first rows of each series and validates on its last rows or, if there is <paramref name="validationData"/>, trains on
    /// all rows of <paramref name="trainData"/>.
    /// </summary>
    /// <param name="trainData">The series.</param>
    /// <param name="validationData">The rows that follow them; null for the last of <paramref name="trainData"/>.</param>
    /// <param name="initialModel">The networks to begin with; null for new ones.</param>
    public TrainedSeries Fit(IDataView trainData, IDataView? validationData, SeriesTransformer? initialModel)
        => Communicator.Together(options.Communicator, () => FitHere(trainData, validationData, initialModel));

    private TrainedSeries FitHere(IDataView trainData, IDataView? validationData, SeriesTransformer? initialModel)
    {
        using IChannel channel = host.Start("Training");
        using var monitor = new HostMonitor(host, channel, options.NumberOfEpochs, tells: Communicator.IsFirst(options.Communicator));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(options.CancellationToken, monitor.Abandoned);
        using var checkpoint = TrainingCheckpoint.Open(options, monitor.Warn);
        var reader = new SeriesTableReader(host, columns, options.MissingValues, monitor.Warn, stop.Token);
        BoundSeriesColumns bound = reader.Read(trainData, "training data");
        if (validationData is not null)
        {
            foreach (LoadedSeries history in reader.Series)
                history.TrainingRows = history.Rows.Count;
            reader.Read(validationData, "validation data");
            // While there are no rows of missing values yet, which fill gaps.
            foreach (LoadedSeries history in reader.Series)
                history.MarkValidation();
        }
        if (reader.Series.Count == 0)
            throw reader.NoRows();
        SeriesTiming? timing = reader.FindTiming(options.FillGaps,
            validationData is null ? "training data" : "training and validation data");
        LoadedSeries[] series = [.. reader.Series];
        int[] observedRows = Array.ConvertAll(series, history => history.Rows.CountObserved(bound.Targets, bound.KnownCovariates));
        for (int i = 0; validationData is null && i < series.Length; i++)
            series[i].TrainingRows = observedRows[i] - options.ValidationRowsOf(observedRows[i], Horizon);
        WarnOfFutureRows(series, observedRows, monitor);
        var choices = new OptionChoices();
        IReadOnlyList<InitialForecast> initial = initialModel?.InitialNetworks ?? [];
        if (initial.Count > 1 && options.CheckpointPath is not null)
            throw new ArgumentException($"The initial model has {initial.Count} networks, and a checkpoint holds a single one.",
                nameof(initialModel));
        SeriesEstimatorOptions asked = initialModel is null ? options
            : options.WithLayersOf(initial[0].Network, initialModel.Interval, choices);
        (SeriesFacts facts, RowInterval? interval) = new SeriesSurvey(reader, bound, timing, asked, Horizon, choices)
            .Look(hasValidation: validationData is not null, stop.Token);
        var settled = (SeriesEstimatorOptions)asked.Settle(facts, choices);
        bool refits = settled.Refits && validationData is null;
        ForecastLayout layout = LayoutOf(settled, facts, bound, interval, initial.FirstOrDefault()?.Network.Layout);
        // Without a missing value in the rows to learn from, a network can't learn what one means.
        if (options.MissingValues == MissingValueHandling.CarryForward
            && Array.Exists(series, one => one.Rows.HasMissing(refits ? one.Rows.Count : one.TrainingRows, bound.KnownCovariates)))
            layout = layout with { HasMissing = true };
        monitor.Info($"Training on {series.Sum(one => one.TrainingRows)} rows of {series.Length} series, validating on "
            + $"{series.Zip(observedRows).Sum(one => Math.Max(0, one.Second - one.First.TrainingRows))}.");
        if (choices.Describe() is { } chosen)
            monitor.Info(chosen);
        int longest = series.Max(one => one.TrainingRows);
        // If there are no rows to train on, an error follows anyway.
        if (longest > 0 && Horizon >= longest)
            monitor.Warn($"The network learns nothing of steps ahead from {longest} on: "
                + $"no series has more than {longest} rows to train on.");
        var data = new ForecastData(layout, [.. series.Select(one => one.Rows)], [.. series.Select(one => one.TrainingRows)],
            ConfidenceLevel, settled.EmbedSeries!.Value && (series.Length > 1 || initial.Count > 0), refits)
        {
            ShowsIntervals = ShowsIntervals,
            KeepsStatesBeforeValidation = validationData is not null,
            FallsBack = FallsBack,
            Seasonality = facts.Period,
            // The networks of an initial model go on as they are.
            Candidates = initial.Count > 0 ? [.. initial.Skip(1).Select(network => CandidateOf(network, settled, layout))]
                : [.. options.OtherNetworks(settled, layout, facts.Choice?.Other)],
            Initial = initial.FirstOrDefault(),
            InitialNames = initial.Count == 0 ? null
                : SeriesColumnNames.Of(columns, layout, interval, [.. series.Select(one => one.Name)]),
            Start = facts.Choice?.Start,
            Names = NamesOf(bound, interval),
        };
        try
        {
            int seed = options.Seed ?? host.Rand.Next();
            seed = options.Communicator?.Broadcast(seed) ?? seed;
            if (checkpoint is not null)
            {
                using var checksum = new DataChecksum();
                data.AddTo(checksum);
                seed = checkpoint.Begin(settled, seed, checksum);
            }
            (ForecastModel model, float[][] states, float[]?[] before) = ForecastTraining.Train(data, settled.ToSettings(), seed, choices,
                monitor, checkpoint, SavedReport.MemberBytes);
            return new TrainedSeries(model, timing is null ? null : timing with { Interval = interval! },
                [.. series.Select(one => one.Name)],
                series.Zip(states, observedRows).ToDictionary(one => one.First.Name, one => StateOf(one.First, one.Second, one.Third)),
                series.Zip(before).Where(one => one.First.Validation is not null)
                    .ToDictionary(one => one.First.Name, one => BeforeValidation(one.First, one.Second)),
                data);
        }
        catch (InvalidOperationException error)
        {
            throw host.Process(error);
        }
    }

    /// <summary>What the network reads and forecasts.</summary>
    private ForecastLayout LayoutOf(SeriesEstimatorOptions settled, SeriesFacts facts, BoundSeriesColumns bound, RowInterval? interval,
        ForecastLayout? initial) => new()
        {
            Targets = bound.Targets,
            PastCovariates = bound.PastCovariates,
            KnownCovariates = bound.KnownCovariates,
            CalendarFeatures = interval?.FeatureCount ?? 0,
            Horizon = Horizon,
            Lags = Math.Min(settled.NumberOfLags!.Value, settled.WindowSize!.Value),
            WindowSize = settled.WindowSize.Value,
            Scaling = settled.Scaling!.Value,
            ThetaSeason = initial is null ? facts.Choice?.Layout.ThetaSeason : initial.ThetaSeason,
            Loss = settled.Loss,
            WindowDecides = initial is null || initial.WindowDecides,
            HasMissing = initial is { HasMissing: true },
        };

    private static ForecastCandidate CandidateOf(InitialForecast initial, SeriesEstimatorOptions settled, ForecastLayout layout)
    {
        ForecastLayout own = initial.Network.Layout;
        return new ForecastCandidate("another one of the initial model", layout with
        {
            Lags = own.Lags,
            WindowSize = own.WindowSize,
            Scaling = own.Scaling,
            Loss = own.Loss,
            HasMissing = own.HasMissing || layout.HasMissing,
        }, settled.ToSettings().WithLayersOf(initial.Network.Network.Shape))
        {
            Initial = initial,
        };
    }

    private static SeriesState StateOf(LoadedSeries series, float[] values, int observedRows)
    {
        DateTimeOffset time = series.Times.ElementAtOrDefault(observedRows - 1);
        bool endIsMissing = observedRows > 0 && series.Until > time && observedRows == series.Times.Count;
        return new SeriesState(values, time, endIsMissing ? new MissingEnd(series.Until, series.Rows.Statics) : null, series.Start);
    }

    private static SeriesBeforeValidation BeforeValidation(LoadedSeries series, float[]? values)
    {
        (DateTimeOffset first, ulong row) = series.Validation!.Value;
        SeriesState? state = values is null ? null
            : new SeriesState(values, series.Times.ElementAtOrDefault(series.TrainingRows - 1), Missing: null, series.Start);
        return new SeriesBeforeValidation(state, first, row);
    }

    private static void WarnOfFutureRows(LoadedSeries[] series, int[] observedRows, HostMonitor monitor)
    {
        int[] ahead = [.. series.Zip(observedRows, (one, observed) => observed == 0 ? 0 : one.Rows.Count - observed)];
        if (ahead.Sum() is var rows && rows == 0)
            return;
        LoadedSeries first = series[Array.FindIndex(ahead, count => count > 0)];
        monitor.Warn(SeriesMessages.DescribeRowsToCome(rows, ahead.Count(count => count > 0), first.Name));
    }

    private static InputNames NamesOf(BoundSeriesColumns bound, RowInterval? interval)
    {
        return new InputNames
        {
            Targets = [.. bound.Numbers.Take(bound.Targets).SelectMany(column => NumbersOf(column, "target"))],
            Covariates = [.. bound.Numbers.Skip(bound.Targets).SelectMany(column => NumbersOf(column, "covariate"))],
            Statics = [.. bound.Statics is { } statics ? NumbersOf(statics, "static feature") : []],
            Calendar = interval?.FeatureNames ?? [],
        };

        static IEnumerable<string> NumbersOf(DataViewSchema.Column column, string what)
        {
            int size = NumberReader.SizeOf(column.Type);
            return Enumerable.Range(0, size).Select(i => UnvariedColumns.Name(column, i, size, what));
        }
    }
}
