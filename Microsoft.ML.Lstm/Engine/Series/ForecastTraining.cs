using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>Series to train a forecasting network on.</summary>
/// <param name="Layout">What a step reads and gives.</param>
/// <param name="Rows">The series, each with its number.</param>
/// <param name="TrainingRows">For each, how many rows to train on; the rest is for validation.</param>
/// <param name="ConfidenceLevel">The share of values that an interval is to hold.</param>
/// <param name="EmbedSeries">Whether each series gets a learned vector.</param>
/// <param name="Refit">Whether to train again, on all rows, as long as it took to be best.</param>
internal sealed record ForecastData(ForecastLayout Layout, IReadOnlyList<SeriesRows> Rows, IReadOnlyList<int> TrainingRows,
    double ConfidenceLevel, bool EmbedSeries, bool Refit)
{
    /// <summary>Whether anybody sees the intervals.</summary>
    public required bool ShowsIntervals { get; init; }

    /// <summary>What the numbers of a row, the static features and the features of the calendar are called in warnings.</summary>
    public InputNames Names { get; init; } = new();

    /// <summary>Whether there is a value to learn; that of a series' first row has nothing before it.</summary>
    public bool CanLearn => HasValues(i => 1..TrainingRows[i]);

    /// <summary>Whether any row for validation has a value; rows that only say what is known ahead have none.</summary>
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
/// Trains a forecasting network on the first rows of each series, and measures on the rest when to stop and how far its forecasts are off.
/// </summary>
internal static class ForecastTraining
{
    private static readonly ForecastIntervals NoIntervals = new([], []);

    /// <summary>Trains.</summary>
    /// <param name="data">The series.</param>
    /// <param name="options">The network and its training.</param>
    /// <param name="seed">Decides all that is random.</param>
    /// <param name="monitor">Is told what happens.</param>
    /// <param name="checkpoint">Where the training is kept while it goes on; null for nowhere.</param>
    /// <returns>The model, and the state of each series behind its last row that has a value.</returns>
    /// <exception cref="InvalidOperationException">There is nothing to learn, or the numbers stopped being finite.</exception>
    public static (ForecastModel Model, float[][] States) Train(ForecastData data, TrainingOptions options, int seed,
        ITrainingMonitor monitor, ITrainingCheckpoint? checkpoint)
    {
        RowScaling scaling = SeriesStatistics.Of(data);
        (EncodedSeries[] series, UntrainedWeights unseen) = Encode(data, scaling, i => data.TrainingRows[i]);
        data.Names.WarnOf(data.Layout, scaling, unseen, monitor);
        Outliers.WarnOf(data, monitor);
        SeriesWindows training = WindowsOf(data, series, i => 0..data.TrainingRows[i]);
        if (!data.CanLearn)
            throw new InvalidOperationException("There is nothing to learn: no series has a value to train on behind its first row.");
        SequenceSet? validation = data.Validates
            ? WindowsOf(data, series, i => Math.Max(0, data.TrainingRows[i] - 1)..series[i].Steps).ToSet()
            : null;

        var task = new ForecastTask(data.Layout, data.ConfidenceLevel);
        var job = new TrainingJob(training, validation, Encoded(options), task, seed, monitor);
        TrainedNetwork first = checkpoint?.First ?? TrainingLoop.Run(job with
        {
            SaveCheckpoint = checkpoint is null ? null : (kept, state) => checkpoint.Save(kept, state, first: null),
            Resume = checkpoint?.Resume,
        });
        // A checkpoint keeps the weights as they were drawn, so that who goes on from it has the same ones.
        bool trainsUnknown = options.Tokens.Dropout > 0;
        var model = new ForecastModel(unseen.ClearWeights(first.Model, trainsUnknown), data.Layout, scaling, NoIntervals);
        // Who has stopped the training wants the model, and so what belongs to it.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(monitor.Abandoned,
            first.WasStopped ? default : options.CancellationToken);
        (ForecastIntervals intervals, float[][] states) = Calibrate(model, data, series, monitor, stop.Token);
        model = model with { Intervals = intervals };
        if (data.Refit && validation is not null && !options.CancellationToken.IsCancellationRequested)
        {
            // The same course of learning rates up to where it was best, so the epochs are counted rather than set.
            TrainingOptions again = Encoded(options);
            (again.EarlyStopping, again.NumberOfEpochs) = (null, first.NumberOfEpochs);
            (series, unseen) = Encode(data, scaling, i => series[i].Steps);
            SeriesWindows all = WindowsOf(data, series, i => 0..series[i].Steps);
            SequenceModel refitted = TrainingLoop.Train(job with
            {
                Training = all,
                Validation = null,
                Options = again,
                EndAfter = first.KeptEpoch,
                // What was stopped can be gone on with, so that is what the checkpoint keeps.
                SaveCheckpoint = checkpoint is null || first.WasStopped ? null : (kept, state) => checkpoint.Save(kept, state, first),
                Resume = checkpoint?.First is null ? null : checkpoint.Resume,
            });
            model = model with { Network = unseen.ClearWeights(refitted, trainsUnknown) };
            states = RunHeldOut(model, data, (_, _, _) => { }, monitor.Abandoned.ThrowIfCancellationRequested);
        }
        return (model, states);
    }

    /// <summary>The series as the network sees them, and what the training on some rows of each sees nothing of.</summary>
    private static (EncodedSeries[] Series, UntrainedWeights Unseen) Encode(ForecastData data, RowScaling scaling, Func<int, int> rows)
    {
        EncodedSeries[] series = [.. data.Rows.Select(one => EncodedSeries.Encode(data.Layout, scaling, one))];
        var unseen = new UntrainedWeights(data, scaling, series, rows);
        unseen.ClearFeatures(series);
        return (series, unseen);
    }

    private static TrainingOptions Encoded(TrainingOptions options)
    {
        TrainingOptions copy = options.Clone();
        // The encoder has scaled the features, and the validation rows are set aside.
        (copy.NormalizeFeatures, copy.ValidationFraction) = (false, 0);
        return copy;
    }

    private static SeriesWindows WindowsOf(ForecastData data, EncodedSeries[] series, Func<int, Range> range)
        => new(data.Layout, series, [.. Enumerable.Range(0, series.Length).Select(range)], data.Rows[0].Statics.Length,
            data.EmbedSeries ? [series.Length] : []);

    /// <summary>Goes through all series as scoring does, and compares what is forecast with what comes.</summary>
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
            monitor.Warn("There are no validation rows, so the intervals are those of the training rows' errors, and too narrow for "
                + "others.");
        else if (errors < needed)
            monitor.Warn(string.Create(CultureInfo.InvariantCulture,
                $"Intervals that hold {100 * data.ConfidenceLevel:0.##} percent of the values need the errors of {needed} forecasts of "
                + $"each step ahead in the validation rows; there are {errors} at the least, so they may be too "
                + $"narrow{(stepsWithErrors < data.Layout.Horizon ? $"; those from step {stepsWithErrors + 1} on are those of step {stepsWithErrors}" : "")}."));
        return (intervals, states);
    }

    /// <summary>
    /// Goes through all series as scoring does, and calls <paramref name="beforeNext"/> with the stream, the series and the row after each
    /// row whose next one is held out for validation (where none is, after each row that has a next one). <paramref name="beforeStep"/> is
    /// called before each step, and may throw to end it.
    /// </summary>
    /// <returns>The state of each series behind its last row that has a value.</returns>
    public static float[][] RunHeldOut(ForecastModel model, ForecastData data, Action<ForecastStream, int, int> beforeNext,
        Action? beforeStep = null)
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
