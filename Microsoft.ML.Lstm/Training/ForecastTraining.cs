using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

/// <summary>Series to train a forecasting network on.</summary>
/// <param name="Layout">What a step reads and gives.</param>
/// <param name="Rows">The series, each with its number.</param>
/// <param name="TrainingRows">For each, how many rows to train on; the rest is for validation.</param>
/// <param name="ConfidenceLevel">The share of values that an interval is to hold.</param>
/// <param name="EmbedSeries">Whether each series gets a learned vector.</param>
/// <param name="Refit">Whether to train again, on all rows, as long as it took to be best.</param>
internal sealed record ForecastData(ForecastLayout Layout, IReadOnlyList<SeriesRows> Rows, IReadOnlyList<int> TrainingRows, double ConfidenceLevel, bool EmbedSeries, bool Refit)
{
    /// <summary>Whether anybody sees the intervals.</summary>
    public required bool ShowsIntervals { get; init; }

    /// <summary>Whether there is a value to learn; that of a series' first row has nothing before it.</summary>
    public bool CanLearn => HasValues(i => 1..TrainingRows[i]);

    /// <summary>Whether any row for validation has a value; rows that only say what is known ahead have none.</summary>
    public bool Validates => HasValues(i => Math.Max(1, TrainingRows[i])..Rows[i].Count);

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

/// <summary>Trains a forecasting network on the first rows of each series, and measures on the rest when to stop and how far its forecasts are off.</summary>
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
    public static (ForecastModel Model, float[][] States) Train(ForecastData data, TrainingOptions options, int seed, ITrainingMonitor monitor, ITrainingCheckpoint? checkpoint)
    {
        RowScaling scaling = ScaleOf(data);
        EncodedSeries[] series = [.. data.Rows.Select(rows => EncodedSeries.Encode(data.Layout, scaling, rows))];
        SeriesWindows training = WindowsOf(data, series, i => 0..data.TrainingRows[i]);
        if (!data.CanLearn)
            throw new InvalidOperationException("There is nothing to learn: no series has a value to train on behind its first row.");
        SequenceSet? validation = data.Validates ? WindowsOf(data, series, i => Math.Max(0, data.TrainingRows[i] - 1)..series[i].Steps).ToSet() : null;

        var task = new ForecastTask(data.Layout, data.ConfidenceLevel);
        var job = new TrainingJob(training, validation, Encoded(options), task, seed, monitor);
        TrainedNetwork first = checkpoint?.First ?? TrainingLoop.Run(job with
        {
            SaveCheckpoint = checkpoint is null ? null : (kept, state) => checkpoint.Save(kept, state, first: null),
            Resume = checkpoint?.Resume,
        });
        var model = new ForecastModel(first.Model, data.Layout, scaling, NoIntervals);
        // Who has stopped the training wants the model, and so what belongs to it.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(monitor.Abandoned, first.WasStopped ? default : options.CancellationToken);
        (ForecastIntervals intervals, float[][] states) = Calibrate(model, data, series, monitor, stop.Token);
        model = model with { Intervals = intervals };
        if (data.Refit && validation is not null && !options.CancellationToken.IsCancellationRequested)
        {
            // The same course of learning rates up to where it was best, so the epochs are counted rather than set.
            TrainingOptions again = Encoded(options);
            (again.EarlyStopping, again.NumberOfEpochs) = (null, first.NumberOfEpochs);
            SeriesWindows all = WindowsOf(data, series, i => 0..series[i].Steps);
            model = model with { Network = TrainingLoop.Train(job with
            {
                Training = all,
                Validation = null,
                Options = again,
                EndAfter = first.KeptEpoch,
                // What was stopped can be gone on with, so that is what the checkpoint keeps.
                SaveCheckpoint = checkpoint is null || first.WasStopped ? null : (kept, state) => checkpoint.Save(kept, state, first),
                Resume = checkpoint?.First is null ? null : checkpoint.Resume,
            }) };
            states = RunHeldOut(model, data, (_, _, _) => { }, monitor.Abandoned.ThrowIfCancellationRequested);
        }
        return (model, states);
    }

    private static TrainingOptions Encoded(TrainingOptions options)
    {
        TrainingOptions copy = options.Clone();
        // The encoder has scaled the features, and the validation rows are set aside.
        (copy.NormalizeFeatures, copy.ValidationFraction) = (false, 0);
        return copy;
    }

    private static SeriesWindows WindowsOf(ForecastData data, EncodedSeries[] series, Func<int, Range> range)
        => new(data.Layout, series, [.. Enumerable.Range(0, series.Length).Select(range)], data.Rows[0].Statics.Length, data.EmbedSeries ? [series.Length] : []);

    /// <summary>Goes through all series as scoring does, and compares what is forecast with what comes.</summary>
    private static (ForecastIntervals Intervals, float[][] States) Calibrate(ForecastModel model, ForecastData data, EncodedSeries[] series, ITrainingMonitor monitor, CancellationToken stop)
    {
        var calibration = new ConformalCalibration(data.Layout);
        int targets = data.Layout.Targets;
        float[][] states = RunHeldOut(model, data, (stream, i, t) =>
        {
            int to = Math.Min(t + 1 + data.Layout.Horizon, series[i].Steps);
            calibration.Add(stream, series[i].Values.AsSpan(((t + 1) * targets)..(to * targets)));
        }, stop.ThrowIfCancellationRequested);
        (ForecastIntervals intervals, int errors, int stepsWithErrors) = calibration.Calibrate(data.ConfidenceLevel);
        int needed = ConformalCalibration.ErrorsFor(data.ConfidenceLevel);
        if (!data.ShowsIntervals)
            return (intervals, states);
        if (!data.Validates)
            monitor.Warn("There are no validation rows, so the intervals are those of the training rows' errors, and too narrow for others.");
        else if (errors < needed)
            monitor.Warn(string.Create(CultureInfo.InvariantCulture, $"Intervals that hold {100 * data.ConfidenceLevel:0.##} percent of the values need the errors of {needed} forecasts of each step ahead in the validation rows; there are {errors} at the least, so they may be too narrow{(stepsWithErrors < data.Layout.Horizon ? $"; those from step {stepsWithErrors + 1} on are those of step {stepsWithErrors}" : "")}."));
        return (intervals, states);
    }

    /// <summary>
    /// Goes through all series as scoring does, and calls <paramref name="beforeNext"/> with the stream, the series and the row after each row whose next one is held out for validation (where
    /// none is, after each row that has a next one). <paramref name="beforeStep"/> is called before each step, and may throw to end it.
    /// </summary>
    /// <returns>The state of each series behind its last row that has a value.</returns>
    public static float[][] RunHeldOut(ForecastModel model, ForecastData data, Action<ForecastStream, int, int> beforeNext, Action? beforeStep = null)
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
                if (t >= first && t + 1 < observed)
                    beforeNext(stream, i, t);
            }
            stream.CopyStateTo(states[i] = new float[stream.StateLength]);
        }
        return states;
    }

    /// <summary>The units of the training rows.</summary>
    private static RowScaling ScaleOf(ForecastData data)
    {
        int targets = data.Layout.Targets, covariates = data.Layout.RowSize - targets;
        float[] levels = new float[(data.Rows.Count + 1) * targets], deviations = new float[levels.Length], changes = new float[levels.Length];
        for (int d = 0; d < targets; d++)
        {
            Measure(Enumerable.Range(0, data.Rows.Count), 0, d);
            for (int i = 0; i < data.Rows.Count; i++)
                Measure([i], data.Rows[i].Series, d);
        }
        AffineScaler[] scalers = [.. Enumerable.Range(targets, covariates).Select(column => AffineScaler.Standardize(1, data.Rows.Select((rows, i) => ValuesOf(rows, data.TrainingRows[i], column))))];
        return new RowScaling(
            new AffineScaler([.. scalers.Select(scaler => scaler.Offset[0])], [.. scalers.Select(scaler => scaler.Scale[0])]),
            AffineScaler.Standardize(data.Rows[0].Statics.Length, data.Rows.Select(rows => rows.Statics)),
            levels, deviations, changes);

        static float[] ValuesOf(SeriesRows rows, int count, int column) => [.. Enumerable.Range(0, count).Select(t => rows[t][column]).Where(float.IsFinite)];

        void Measure(IEnumerable<int> series, int unit, int target)
        {
            double sum = 0, squares = 0, changeSquares = 0;
            long count = 0, changeCount = 0;
            float shift = float.NaN;
            foreach (int i in series)
            {
                for (int t = 0; t < data.TrainingRows[i]; t++)
                {
                    float value = data.Rows[i][t][target];
                    if (!float.IsFinite(value))
                        continue;
                    shift = float.IsNaN(shift) ? value : shift;
                    double x = (double)value - shift;
                    (sum, squares, count) = (sum + x, squares + x * x, count + 1);
                    // Over the horizon or, where a series is too short for that, as far as it goes.
                    int later = Math.Min(t + data.Layout.Horizon, data.TrainingRows[i] - 1);
                    double change = later > t ? (double)data.Rows[i][later][target] - value : double.NaN;
                    if (double.IsFinite(change))
                        (changeSquares, changeCount) = (changeSquares + change * change, changeCount + 1);
                }
            }
            int at = unit * targets + target;
            // What a series does not tell is that of all of them, which were measured before.
            double mean = sum / Math.Max(count, 1);
            levels[at] = count > 0 ? (float)(shift + mean) : levels[target];
            deviations[at] = count > 1 || unit == 0 ? UnitOf(Math.Sqrt(Math.Max(0, squares / Math.Max(count, 1) - mean * mean)), levels[at]) : deviations[target];
            changes[at] = changeCount > 0 || unit == 0 ? UnitOf(Math.Sqrt(changeSquares / Math.Max(changeCount, 1)), levels[at]) : changes[target];
        }

        // What never changes is measured by 1, as AffineScaler does.
        static float UnitOf(double deviation, float level) => deviation > 1e-7 * Math.Abs(level) && float.IsFinite((float)(1 / deviation)) ? (float)Math.Min(deviation, float.MaxValue) : 1;
    }
}
