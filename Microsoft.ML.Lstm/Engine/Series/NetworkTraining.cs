using System.Globalization;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The training of one network of a forecaster.</summary>
internal sealed class NetworkTraining
{
    private readonly ForecastData _data;
    private readonly RowScaling _scaling;
    private readonly TrainingJob _job;
    private readonly ITrainingCheckpoint? _checkpoint;
    private readonly TrainedNetwork _first;
    private readonly TrainingReport? _report;

    /// <summary>Trains a network.</summary>
    /// <param name="data">The series, in the layout of the network.</param>
    /// <param name="settings">The network and its training.</param>
    /// <param name="seed">The seed of all random numbers.</param>
    /// <param name="monitor">Receives progress.</param>
    /// <param name="checkpoint">Saves the state of the training after each epoch; null for no checkpoints.</param>
    /// <param name="warns">Whether to warn of what is odd in the data.</param>
    /// <param name="other">The network as another rank has trained it; null to train it here.</param>
    public NetworkTraining(ForecastData data, TrainingSettings settings, int seed, ITrainingMonitor monitor,
        ITrainingCheckpoint? checkpoint, bool warns, TrainedMember? other = null)
    {
        (_data, _checkpoint) = (data, checkpoint);
        data.Initial?.Check(settings, data);
        _scaling = SeriesStatistics.Of(data);
        if (data.Initial is not null)
            _scaling = data.Initial.ScalingFor(data, _scaling);
        (EncodedSeries[] series, UntrainedWeights untrained) = Encode(i => data.TrainingRows[i]);
        if (warns)
        {
            data.Names.WarnOf(data.Layout, _scaling, untrained, monitor);
            Outliers.WarnOf(data, monitor);
        }
        SeriesWindows training = WindowsOf(series, i => 0..data.TrainingRows[i]);
        if (!data.CanLearn)
            throw new InvalidOperationException("There is nothing to learn: no series has a value to train on behind its first row.");
        SequenceSet? validation = data.Validates
            ? WindowsOf(series, i => Math.Max(0, data.TrainingRows[i] - 1)..series[i].Steps).ToSet()
            : null;
        // The encoder has scaled the features already, and the validation rows are a set of their own.
        _job = new TrainingJob(training, validation, settings with { NormalizeFeatures = false, ValidationFraction = 0 },
            TaskFor(series, i => data.TrainingRows[i]), seed, monitor);
        if (data.Initial is not null)
            _job = _job with { Initial = InitialOf(_job, data) };
        _report = other?.Report;
        _first = (other is null ? checkpoint?.First : Of(other)) ?? TrainingLoop.Run(_job with
        {
            SaveCheckpoint = checkpoint is null ? null : (kept, state) => checkpoint.Save(kept, state, first: null),
            Resume = checkpoint?.Resume,
        });
        Network = NetworkOf(_first.Model, untrained);
    }

    /// <summary>The network.</summary>
    public ForecastNetwork Network { get; private set; }

    /// <summary>Whether the user stopped the training.</summary>
    public bool WasStopped => _first.WasStopped;

    /// <summary>The report of the training.</summary>
    public TrainingReport ReportOf(OptionChoices choices) => _report ?? TrainingReport.Of(_first, _job.Seed, choices);

    /// <summary>What another rank needs to know of the training.</summary>
    public TrainedMember MemberOf(OptionChoices choices) => new(_first.Model, ReportOf(choices)) { Training = _first };

    /// <summary>Trains again on all rows, for as many epochs as the first network took.</summary>
    public void Refit()
    {
        (EncodedSeries[] series, UntrainedWeights untrained) = Encode(i => _data.Rows[i].Count);
        SequenceModel refitted = TrainingLoop.Train(_job with
        {
            Training = WindowsOf(series, i => 0..series[i].Steps),
            Validation = null,
            Task = TaskFor(series, i => series[i].Steps),
            // The learning rate follows the same schedule as before, up to the epoch that was best.
            Settings = _job.Settings with { EarlyStopping = null, Epochs = EpochRule.Exactly(_first.NumberOfEpochs) },
            EndAfter = _first.KeptEpoch,
            // The checkpoint of a stopped training stays as it is, so that the training can be resumed.
            SaveCheckpoint = _checkpoint is null || WasStopped ? null : (kept, state) => _checkpoint.Save(kept, state, _first),
            Resume = _checkpoint?.First is null ? null : _checkpoint.Resume,
        });
        Network = NetworkOf(refitted, untrained);
    }

    /// <summary>Takes the network that a rank has trained again on all rows.</summary>
    public void Take(SequenceModel refitted) => Network = Network with { Network = refitted };

    private static TrainedNetwork Of(TrainedMember other) => new(other.Model, new TrainingCourse { KeptEpoch = other.Report.KeptEpoch },
        other.Report.NumberOfEpochs, other.Report.EndReason, WasStopped: false);

    // Cleared only after training: a resumed training gives the same weights only if its checkpoint has them as they were drawn.
    private ForecastNetwork NetworkOf(SequenceModel model, UntrainedWeights untrained)
        => new(untrained.ClearWeights(model, trainsUnknown: _job.Settings.Dropout.Tokens > 0), _data.Layout, _scaling);

    /// <summary>Encodes the series, and finds the weights that training on their first <paramref name="rows"/> cannot reach.</summary>
    private (EncodedSeries[] Series, UntrainedWeights Untrained) Encode(Func<int, int> rows)
    {
        EncodedSeries[] series =
        [
            .. _data.Rows.Select((one, i) => EncodedSeries.Encode(_data.Layout, _scaling, one,
                _data.Start is null ? [] : SeriesUnits.Of(one, _data.Layout.Targets, _data.TrainingRows[i], _data.Seasonality))),
        ];
        var untrained = new UntrainedWeights(_data, _scaling, series, rows);
        untrained.ClearFeatures(series);
        return (series, untrained);
    }

    /// <summary>The task, which begins with a linear forecast found on the first <paramref name="rows"/> of each series.</summary>
    private ForecastTask TaskFor(EncodedSeries[] series, Func<int, int> rows)
    {
        LinearForecastFit? fit = _data.Start is null ? null : new LinearForecastFit(_data.Layout, series, rows);
        return new ForecastTask(_data.Layout, _data.ConfidenceLevel)
        {
            Start = fit is { Steps: > 0 } ? fit.Solve(_data.Start!) : null,
        };
    }

    private static SequenceModel InitialOf(TrainingJob job, ForecastData data)
    {
        NetworkShape shape = NewNetwork.ShapeOf(job.Settings, job.Task, job.Training);
        return data.Initial!.NetworkFor(shape, data,
            NewNetwork.ScalersOf(job, shape.OutputSize, job.Settings.CancellationToken));
    }

    private SeriesWindows WindowsOf(EncodedSeries[] series, Func<int, Range> range)
        => new(_data.Layout, series, [.. Enumerable.Range(0, series.Length).Select(range)], _data.Rows[0].Statics.Length,
            _data.EmbedSeries ? [series.Length] : []);
}

/// <summary>A further network that a forecaster may consist of.</summary>
/// <param name="Description">How it differs from the first one, for the log.</param>
/// <param name="Layout">Its layout.</param>
/// <param name="Settings">The network and its training.</param>
internal sealed record ForecastCandidate(string Description, ForecastLayout Layout, TrainingSettings Settings)
{
    /// <summary>The network that it begins with; null for a new one.</summary>
    public InitialForecast? Initial { get; init; }

    /// <summary>The linear forecast that it begins with; null for that of the first one.</summary>
    public LinearStart? Start { get; init; }
}

/// <summary>
/// Finds single values of targets that are far from all others, such as typing errors, and warns of them: they count as much as any value
/// in the loss, in the scale of a window and in the intervals.
/// </summary>
internal static class Outliers
{
    // With fewer values nothing is taken for an outlier.
    private const int EnoughValues = 24;

    // In interquartile ranges: about forty deviations of a normal distribution.
    private const double LeastDistance = 30;

    // At most one value in so many is taken for an outlier.
    private const int ValuesOfOneFar = 50;

    /// <summary>Warns of each target that has outliers.</summary>
    /// <param name="data">The series.</param>
    /// <param name="monitor">Receives the warnings.</param>
    public static void WarnOf(ForecastData data, ITrainingMonitor monitor)
    {
        for (int d = 0; d < data.Layout.Targets; d++)
        {
            var far = new List<float>();
            int series = 0;
            foreach (SeriesRows rows in data.Rows)
            {
                float[] some = In([.. Enumerable.Range(0, rows.Count).Select(t => rows[t][d]).Where(float.IsFinite)]);
                far.AddRange(some);
                series += some.Length > 0 ? 1 : 0;
            }
            if (far.Count == 0)
                continue;
            string where = data.Rows.Count > 1 ? $" in {series} of {data.Rows.Count} series" : "";
            monitor.Warn(string.Create(CultureInfo.InvariantCulture,
                $"The target {data.Names.Targets.ElementAtOrDefault(d) ?? $"number {d}"} has {far.Count} "
                + $"{(far.Count > 1 ? "values" : "value")}{where} far from all others, the first {far[0]:G6}. "
                + $"What is learned, and what is taken for usual, goes by them too: if they are errors, make them missing values (NaN)."));
        }
    }

    /// <summary>The outliers among some values, in their order; none where half of the values are the same.</summary>
    public static float[] In(float[] values)
    {
        if (values.Length < EnoughValues)
            return [];
        float[] sorted = [.. values.Order()];
        double median = Statistics.Quantile(sorted, 1, of: 2);
        double distance = LeastDistance * ((double)Statistics.Quantile(sorted, 3, of: 4) - Statistics.Quantile(sorted, 1, of: 4));
        float[] far = distance > 0 ? Array.FindAll(values, value => Math.Abs(value - median) > distance) : [];
        return far.Length <= Math.Max(1, values.Length / ValuesOfOneFar) ? far : [];
    }
}
