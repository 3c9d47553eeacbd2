using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Lstm.Persistence;
using Microsoft.ML.Lstm.Scoring;
using Microsoft.ML.Lstm.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>A trained network for series, and what the data said of them.</summary>
/// <param name="Model">The model.</param>
/// <param name="TimeStep">The time between rows; null where there are no times.</param>
/// <param name="SeriesNames">The names of the series, in the order of their numbers.</param>
/// <param name="States">The state of each series behind its last row that has a value.</param>
/// <param name="Data">What was trained on.</param>
internal sealed record TrainedSeries(ForecastModel Model, TimeStep? TimeStep, string[] SeriesNames, IReadOnlyDictionary<string, SeriesState> States, ForecastData Data);

/// <summary>How the estimators for series train: from tables with a row a time step to a network.</summary>
/// <param name="host">The host.</param>
/// <param name="options">The network and its training.</param>
/// <param name="columns">The columns.</param>
internal sealed class SeriesTraining(IHost host, SeriesEstimatorOptions options, SeriesColumns columns)
{
    public required int Horizon { get; init; }

    public required ForecastLoss Loss { get; init; }

    public required double ConfidenceLevel { get; init; }

    /// <summary>Whether anybody sees the intervals.</summary>
    public required bool ShowsIntervals { get; init; }

    /// <summary>Whether to train again on all rows.</summary>
    public bool Refit { get; init; }

    /// <summary>Trains on the first rows of each series and validates on its last ones or, where there is validation data, on that.</summary>
    public TrainedSeries Fit(IDataView trainData, IDataView? validationData)
    {
        using IChannel channel = host.Start("Training");
        using var monitor = new HostMonitor(host, channel, options.NumberOfEpochs);
        var reader = new SeriesTableReader(host, columns, options.MissingValues, monitor.Warn, options.CancellationToken);
        BoundSeriesColumns bound = reader.Read(trainData, "training data");
        foreach (SeriesHistory history in reader.Series)
        {
            int observed = history.Rows.CountObserved(bound.Targets);
            history.TrainingRows = validationData is null ? observed - (int)(observed * (double)options.ValidationFraction) : history.Rows.Count;
        }
        if (validationData is not null)
            reader.Read(validationData, "validation data");
        SeriesHistory[] series = [.. reader.Series];
        if (series.Length == 0)
            throw host.Process(new InvalidOperationException("The training data has no rows that can be used."));

        TimeStep? step = reader.SetCalendar(options.Calendar);
        var layout = new ForecastLayout
        {
            Targets = bound.Targets,
            PastCovariates = bound.PastCovariates,
            KnownCovariates = bound.KnownCovariates,
            CalendarFeatures = step?.FeatureCount ?? 0,
            Horizon = Horizon,
            Lags = Math.Min(options.NumberOfLags, options.WindowSize),
            WindowSize = options.WindowSize,
            Scaling = options.Scaling,
            Loss = Loss,
            HasMissing = reader.HasMissing && options.MissingValues == MissingValueHandling.CarryForward,
        };
        monitor.Info($"Training on {series.Sum(one => one.TrainingRows)} rows of {series.Length} series, validating on {series.Sum(one => Math.Max(0, one.Rows.CountObserved(bound.Targets) - one.TrainingRows))}.");
        int longest = series.Max(one => one.TrainingRows);
        if (Horizon >= longest)
            monitor.Warn($"The network learns nothing of steps ahead from {longest} on: no series has more than {longest} rows to train on.");
        var data = new ForecastData(layout, [.. series.Select(one => one.Rows)], [.. series.Select(one => one.TrainingRows)], ConfidenceLevel, options.EmbedSeries && series.Length > 1, Refit) { ShowsIntervals = ShowsIntervals };
        try
        {
            (ForecastModel model, float[][] states) = ForecastTraining.Train(data, options, options.Seed ?? host.Rand.Next(), monitor,
                options.CheckpointPath is { } path ? network => ModelFile.Save(path, network) : null);
            return new TrainedSeries(model, step, [.. series.Select(one => one.Name)],
                series.Zip(states).ToDictionary(one => one.First.Name, one => new SeriesState(one.Second, one.First.Times.ElementAtOrDefault(one.First.Rows.CountObserved(bound.Targets) - 1))), data);
        }
        catch (InvalidOperationException error)
        {
            throw host.Process(error);
        }
    }
}
