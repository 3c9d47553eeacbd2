using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
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

    /// <summary>The names of the inputs, for warnings.</summary>
    public InputNames Names { get; init; } = new();

    /// <summary>Whether there is a value to learn: a value behind the first row of a series.</summary>
    public bool CanLearn => HasValues(i => 1..TrainingRows[i]);

    /// <summary>Whether any validation row has a value; rows that only announce known covariates have none.</summary>
    public bool Validates => HasValues(i => Math.Max(1, TrainingRows[i])..Rows[i].Count);

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
/// Trains a forecasting network on the first rows of each series; the rows after them decide when to stop, and calibrate the intervals.
/// </summary>
internal static class ForecastTraining
{
    private static readonly ForecastIntervals NoIntervals = new([], []);

    /// <summary>Trains a model.</summary>
    /// <param name="data">The series.</param>
    /// <param name="settings">The network and its training.</param>
    /// <param name="seed">The seed of all random numbers.</param>
    /// <param name="choices">What was chosen from the data, for the report.</param>
    /// <param name="monitor">Receives progress and warnings.</param>
    /// <param name="checkpoint">Saves the state of the training after each epoch; null for no checkpoints.</param>
    /// <returns>The model, and the state of each series after its last observed row.</returns>
    /// <exception cref="InvalidOperationException">There is nothing to learn, or the numbers stopped being finite.</exception>
    public static (ForecastModel Model, float[][] States) Train(ForecastData data, TrainingSettings settings, int seed,
        OptionChoices choices, ITrainingMonitor monitor, ITrainingCheckpoint? checkpoint)
    {
        RowScaling scaling = SeriesStatistics.Of(data);
        (EncodedSeries[] series, UntrainedWeights untrained) = Encode(data, scaling, i => data.TrainingRows[i]);
        data.Names.WarnOf(data.Layout, scaling, untrained, monitor);
        Outliers.WarnOf(data, monitor);
        SeriesWindows training = WindowsOf(data, series, i => 0..data.TrainingRows[i]);
        if (!data.CanLearn)
            throw new InvalidOperationException("There is nothing to learn: no series has a value to train on behind its first row.");
        SequenceSet? validation = data.Validates
            ? WindowsOf(data, series, i => Math.Max(0, data.TrainingRows[i] - 1)..series[i].Steps).ToSet()
            : null;

        var task = new ForecastTask(data.Layout, data.ConfidenceLevel);
        // The encoder has scaled the features already, and the validation rows are a set of their own.
        TrainingSettings encoded = settings with { NormalizeFeatures = false, ValidationFraction = 0 };
        var job = new TrainingJob(training, validation, encoded, task, seed, monitor);
        TrainedNetwork first = checkpoint?.First ?? TrainingLoop.Run(job with
        {
            SaveCheckpoint = checkpoint is null ? null : (kept, state) => checkpoint.Save(kept, state, first: null),
            Resume = checkpoint?.Resume,
        });
        // Cleared only now: a resumed training gives the same weights only if its checkpoint has them as they were drawn.
        bool trainsUnknown = settings.Dropout.Tokens > 0;
        var model = new ForecastModel(untrained.ClearWeights(first.Model, trainsUnknown), data.Layout, scaling, NoIntervals)
        {
            Report = TrainingReport.Of(first, seed, choices),
        };
        // A stopped training still gives its best model, which needs its intervals.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(monitor.Abandoned,
            first.WasStopped ? default : settings.CancellationToken);
        (ForecastIntervals intervals, float[][] states) = Calibrate(model, data, series, monitor, stop.Token);
        model = model with { Intervals = intervals };
        if (data.Refit && validation is not null && !settings.CancellationToken.IsCancellationRequested)
        {
            (series, untrained) = Encode(data, scaling, i => series[i].Steps);
            SeriesWindows all = WindowsOf(data, series, i => 0..series[i].Steps);
            SequenceModel refitted = TrainingLoop.Train(job with
            {
                Training = all,
                Validation = null,
                // The learning rate follows the same schedule as before, up to the epoch that was best.
                Settings = encoded with { EarlyStopping = null, Epochs = EpochRule.Exactly(first.NumberOfEpochs) },
                EndAfter = first.KeptEpoch,
                // The checkpoint of a stopped training stays as it is, so that the training can be resumed.
                SaveCheckpoint = checkpoint is null || first.WasStopped ? null : (kept, state) => checkpoint.Save(kept, state, first),
                Resume = checkpoint?.First is null ? null : checkpoint.Resume,
            });
            model = model with { Network = untrained.ClearWeights(refitted, trainsUnknown) };
            states = RunHeldOut(model, data, (_, _, _) => { }, monitor.Abandoned.ThrowIfCancellationRequested);
        }
        return (model, states);
    }

    /// <summary>Encodes the series, and finds the weights that training on their first <paramref name="rows"/> cannot reach.</summary>
    private static (EncodedSeries[] Series, UntrainedWeights Untrained) Encode(ForecastData data, RowScaling scaling, Func<int, int> rows)
    {
        EncodedSeries[] series = [.. data.Rows.Select(one => EncodedSeries.Encode(data.Layout, scaling, one))];
        var untrained = new UntrainedWeights(data, scaling, series, rows);
        untrained.ClearFeatures(series);
        return (series, untrained);
    }

    private static SeriesWindows WindowsOf(ForecastData data, EncodedSeries[] series, Func<int, Range> range)
        => new(data.Layout, series, [.. Enumerable.Range(0, series.Length).Select(range)], data.Rows[0].Statics.Length,
            data.EmbedSeries ? [series.Length] : []);

    /// <summary>Calibrates the intervals by the errors of forecasts that are made as in scoring, row by row.</summary>
    private static (ForecastIntervals Intervals, float[][] States) Calibrate(ForecastModel model, ForecastData data, EncodedSeries[] series,
        ITrainingMonitor monitor, CancellationToken stop)
    {
        var calibration = new ConformalCalibration(data.Layout);
        int targets = data.Layout.Targets;
        float[][] states = RunHeldOut(model, data, (stream, i, t) =>
        {
            int to = Math.Min(t + 1 + data.Layout.Horizon, series[i].Steps);
            calibration.Add(stream, series[i].Values.AsSpan(((t + 1) * targets)..(to * targets)));
        }, stop.ThrowIfCancellationRequested);
        (ForecastIntervals intervals, int errors, int stepsWithErrors) = calibration.Calibrate(data.ConfidenceLevel,
            model.Scaling.Deviations.AsSpan(0, targets));
        int needed = ConformalCalibration.ErrorsFor(data.ConfidenceLevel);
        if (!data.ShowsIntervals)
            return (intervals, states);
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
        return (intervals, states);
    }

    /// <summary>
    /// Runs through all series as scoring does, row by row, and calls <paramref name="beforeNext"/> with the stream, the series and the
    /// row whenever the next row is held out for validation (without validation rows, whenever there is a next row).
    /// <paramref name="beforeStep"/> is called before each step and may throw to cancel.
    /// </summary>
    /// <returns>The state of each series after its last observed row.</returns>
    public static float[][] RunHeldOut(
        ForecastModel model, ForecastData data, Action<ForecastStream, int, int> beforeNext, Action? beforeStep = null)
    {
        bool validates = data.Validates;
        var network = new SequenceNetwork(model.Network.Parameters, NetworkPasses.Forward);
        float[][] states = new float[data.Rows.Count][];
        float[] future = new float[data.Layout.Horizon * data.Layout.KnownCovariates];
        for (int i = 0; i < states.Length; i++)
        {
            SeriesRows rows = data.Rows[i];
            int first = validates ? Math.Max(0, data.TrainingRows[i] - 1) : 0;
            var stream = new ForecastStream(model, network, rows.Series);
            int observed = rows.CountObserved(data.Layout.Targets, data.Layout.KnownCovariates);
            for (int t = 0; t < observed; t++)
            {
                beforeStep?.Invoke();
                stream.Step(rows[t], rows.KnownAfter(t, data.Layout, future), rows.CalendarOf(t), rows.Statics);
                if (t >= first && t + 1 < observed && stream.HasForecast)
                    beforeNext(stream, i, t);
            }
            stream.CopyStateTo(states[i] = new float[stream.StateLength]);
        }
        return states;
    }
}
