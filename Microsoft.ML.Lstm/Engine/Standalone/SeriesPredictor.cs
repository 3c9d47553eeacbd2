using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;
using Microsoft.ML.Lstm.Engine.Series.Detection;
using Microsoft.ML.Lstm.Engine.Standalone;

namespace Microsoft.ML.Lstm;

/// <summary>
/// A forecaster or a detector that is read from its model.zip and takes rows by values or names, without ML.NET and without classes, also
/// when trimmed or compiled ahead of time. Forecasts, scores and alerts are those of a <see cref="ForecastEngine{TSrc, TDst}"/>, to the
/// last bit at the same vector width. See docs/edge.md.
/// </summary>
/// <remarks>It goes on from the series that the model knows, and keeps their states. It is for one thread at a time.</remarks>
public sealed class SeriesPredictor
{
    private const string Detector = "LstmAnomaly";

    private readonly ForecastSettings _settings;
    private readonly ForecastModel _model;
    private readonly SequenceNetwork[] _networks;
    private readonly ThetaMethod? _theta;
    private readonly Dictionary<string, int> _numbers;
    private readonly Dictionary<string, SeriesState> _known;
    private readonly SavedAnomaly? _detector;
    private readonly Dictionary<string, ObservedSeries> _series = [];
    private readonly float[] _calendar;
    private readonly float[] _forecast;

    private SeriesPredictor(ForecastModel model, ForecastSettings settings, Dictionary<string, SeriesState> known, SavedAnomaly? detector)
    {
        (_model, _settings, _known, _detector) = (model, settings, known, detector);
        _networks = model.Pack();
        _theta = model.Baselines?.NewTheta();
        _numbers = settings.Series.Index().ToDictionary(series => series.Item, series => series.Index + 1);
        _calendar = new float[settings.RowInterval?.FeatureCount ?? 0];
        _forecast = new float[3 * model.Layout.Values];
    }

    /// <summary>H: how many steps are forecast.</summary>
    public int Horizon => _model.Layout.Horizon;

    /// <summary>
    /// The columns of numbers in a row, in their order: targets, past covariates, covariates known in advance.
    /// </summary>
    public IReadOnlyList<string> ColumnNames
        => [.. _settings.Columns.Targets, .. _settings.Columns.PastCovariates, .. _settings.Columns.KnownCovariates];

    /// <summary>The numbers that a row has.</summary>
    public int RowSize => _model.Layout.RowSize;

    /// <summary>D: the targets, whose values are forecast; they stand first in a row.</summary>
    public int NumberOfTargets => _model.Layout.Targets;

    /// <summary>The numbers at the end of a row that are known in advance.</summary>
    public int NumberOfKnownCovariates => _model.Layout.KnownCovariates;

    /// <summary>Whether rows have times.</summary>
    public bool HasTimes => _settings.RowInterval is not null;

    /// <summary>The series of the training data, and those that were observed; the empty name where there is only one.</summary>
    public IReadOnlyCollection<string> SeriesNames => [.. _known.Keys.Union(_series.Keys)];

    /// <summary>Whether it is a detector: it says of each row how far it is from what was expected.</summary>
    public bool IsDetector => _detector is not null;

    /// <summary>
    /// Of a detector, in percent: a row gives an alert if a score like its own has a probability of at most 100 minus this when nothing is
    /// wrong. <see langword="null"/> for a forecaster.
    /// </summary>
    public double? Confidence => _detector?.Settings.Confidence;

    /// <summary>Reads a forecaster or a detector.</summary>
    /// <param name="path">A model.zip with a forecaster or a detector of this package.</param>
    /// <returns>The model, which goes on from the ends of the series that it knows.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or holds no model of this package.</exception>
    /// <exception cref="NotSupportedException">The model is of another kind.</exception>
    public static SeriesPredictor Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return Load(stream);
    }

    /// <summary>Reads a forecaster or a detector, see <see cref="Load(string)"/>.</summary>
    /// <param name="stream">Holds the file, from its position to its end; it stays open.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidDataException">The stream is damaged, or holds no model of this package.</exception>
    public static SeriesPredictor Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using ModelArchive archive = ModelArchive.Open(WholeStream.Of(stream));
        if (archive.Loader is not ("LstmForecasting" or Detector))
            throw new NotSupportedException($"The model is {archive.Loader}, neither a forecaster nor a detector of series.");
        var saved = SavedForecast.FromJson(archive.ReadJson("Forecast.json"));
        var networks = new List<SequenceModel>();
        foreach ((int index, ForecastLayout layout) in saved.Layouts.Index())
        {
            SequenceModel network = ModelFile.Read(archive.ReadNumbers(index == 0 ? "Model.safetensors" : $"Model{index + 1}.safetensors"));
            if (network.OtherMembers.Count > 0)
                throw new InvalidDataException("A saved LSTM forecast has several networks in one file; expected one.");
            saved.Check(network.Shape, layout);
            networks.Add(network);
        }
        (ForecastModel model, float[][] states) = ForecastFile.Read(archive.ReadNumbers("Forecast.safetensors"), networks, saved.Layouts,
            saved.Baselines, saved.Weights, saved.Settings.Series.Length, saved.Known.Length);
        SavedAnomaly? detector = archive.Loader == Detector ? SavedAnomaly.FromJson(archive.ReadJson("Anomaly.json")) : null;
        if (detector is not null && model.Layout is not { Targets: 1, Horizon: 1 })
            throw new InvalidDataException(
                "A saved LSTM anomaly detector can't be read: expected forecasts of one value, one step ahead, found others.");
        return new SeriesPredictor(model, saved.Settings,
            saved.Known.Zip(states).ToDictionary(known => known.First.Name, known => known.First.With(known.Second)), detector);
    }

    /// <summary>Takes the next row of a series.</summary>
    /// <param name="values">The row's numbers, in the order of <see cref="ColumnNames"/>; NaN for one that is missing.</param>
    /// <param name="time">The row's time, where rows have times, later than that of the series' row before.</param>
    /// <param name="series">The series; empty where the model has no series column. A new name begins a new series.</param>
    /// <param name="future">The covariates known in advance of the rows that follow, row by row, up to <see cref="Horizon"/> of
    /// them.</param>
    /// <param name="statics">The series' static features, where there are some.</param>
    /// <returns>What a detector says of the row; <see langword="null"/> of a forecaster.</returns>
    /// <exception cref="ArgumentException">There are more or fewer numbers than a row has; or no time, a time no later than before, or one
    /// though rows have none; or a series though the model has one without a name, or none though it has several.</exception>
    public SeriesDetection? Observe(ReadOnlySpan<float> values, DateTimeOffset? time = null, string series = "",
        ReadOnlySpan<float> future = default, ReadOnlySpan<float> statics = default)
    {
        ArgumentNullException.ThrowIfNull(series);
        ForecastLayout layout = _model.Layout;
        int staticSize = _model.Networks[0].Network.Shape.StaticSize, known = layout.KnownCovariates;
        if (values.Length != layout.RowSize || statics.Length != staticSize)
            throw new ArgumentException($"A row has {layout.RowSize} numbers ({string.Join(", ", ColumnNames)}) and {staticSize} static "
                + $"features; found {values.Length} and {statics.Length}.", nameof(values));
        if (known == 0 ? !future.IsEmpty : future.Length % known != 0)
            throw new ArgumentException(
                $"Expected {known} numbers known in advance for each row that follows, found {future.Length} in all.", nameof(future));
        future = future[..Math.Min(future.Length, layout.Horizon * known)];
        CheckName(series);
        if (HasTimes != (time is { Ticks: not 0 }))
            throw new ArgumentException($"Rows of this model have {(HasTimes ? "times" : "no times")}.", nameof(time));
        ObservedSeries observed = Find(series);
        bool isSkipped = _settings.Missing == MissingValueHandling.SkipRow && !TensorPrimitives.IsFiniteAll(values[..^known]);
        DateTimeOffset at = default;
        if (_settings.RowInterval is { } interval && time is { } given)
        {
            at = _settings.HasOffsets ? given : new DateTimeOffset(given.Ticks, TimeSpan.Zero);
            if (observed.HasLastRow && at <= observed.Time)
                throw new ArgumentException($"The row's time {at:u} is not later than {observed.Time:u}, that of the row before.",
                    nameof(time));
            long leftOut = observed.HasLastRow && _settings.FillsGaps && !isSkipped ? interval.StepsBetween(observed.Time, at) - 1 : 0;
            if (leftOut > 0)
                StepThroughMissing(observed.Stream, interval, observed.Time, leftOut, [.. values[^known..], .. future], statics);
            interval.WriteFeatures(at.DateTime, _calendar);
        }
        SeriesDetection? detection = observed.Judge?.Judge(observed.Stream, values[0]);
        // The series goes on from its last row that was not skipped.
        if (isSkipped)
            return detection;
        observed.Stream.Step(values, future, _calendar, statics);
        (observed.Time, observed.Missing, observed.AfterMissing, observed.HasLastRow) = (at, null, null, true);
        return detection;
    }

    /// <summary>Takes the next row of a series by the names of its columns, where each has one number.</summary>
    /// <param name="values">The numbers by the names of <see cref="ColumnNames"/>; one that is left out is missing.</param>
    /// <param name="time">The row's time, where rows have times.</param>
    /// <param name="series">The series; empty where there is only one.</param>
    /// <returns>What a detector says of the row; <see langword="null"/> of a forecaster.</returns>
    /// <exception cref="ArgumentException">A name is none of the columns', a column has several numbers, or as the other method
    /// says.</exception>
    public SeriesDetection? Observe(IReadOnlyDictionary<string, float> values, DateTimeOffset? time = null, string series = "")
    {
        ArgumentNullException.ThrowIfNull(values);
        IReadOnlyList<string> names = ColumnNames;
        if (names.Count != RowSize)
            throw new ArgumentException("Columns of several numbers are given by their values in order.", nameof(values));
        float[] row = [.. names.Select(name => values.GetValueOrDefault(name, float.NaN))];
        if (values.Keys.FirstOrDefault(name => !names.Contains(name)) is { } other)
            throw new ArgumentException($"There is no column '{other}'; columns are {string.Join(", ", names)}.", nameof(values));
        return Observe(row, time, series);
    }

    /// <summary>
    /// Forecasts the steps after the last row of a series. The bounds of a detector are those beyond which the next value gives an alert.
    /// </summary>
    /// <param name="horizon">How many steps, from 1 to <see cref="Horizon"/>; <see langword="null"/> for all.</param>
    /// <param name="series">The series; empty where there is only one.</param>
    /// <returns>The forecast; <see langword="null"/> for a series without a row to forecast from.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    /// <exception cref="ArgumentException">There is a series though the model has one without a name, or none though it has
    /// several.</exception>
    public SeriesForecast? Forecast(int? horizon = null, string series = "")
    {
        ArgumentNullException.ThrowIfNull(series);
        int steps = horizon ?? Horizon, targets = NumberOfTargets, values = _model.Layout.Values;
        if (steps < 1 || steps > Horizon)
            throw new ArgumentOutOfRangeException(nameof(horizon), horizon, $"Has to be from 1 to {Horizon}.");
        CheckName(series);
        if (!_series.ContainsKey(series) && !_known.ContainsKey(series))
            return null;
        ForecastStream stream = StreamOf(Find(series), series);
        if (!stream.HasForecast)
            return null;
        stream.CopyForecastTo(_forecast);
        if (Find(series).Judge?.Expect(stream[0]) is { } expected)
            (_forecast[values], _forecast[2 * values]) = ((float)expected.LowerBound, (float)expected.UpperBound);
        return new SeriesForecast(steps, targets, _forecast[..(steps * targets)], _forecast[values..(values + steps * targets)],
            _forecast[(2 * values)..(2 * values + steps * targets)]);
    }

    // In a column of texts the empty one is a name like others.
    private void CheckName(string series)
    {
        if (_settings.Columns.Series is not { } column)
        {
            if (series != "")
                throw new ArgumentException($"The model has one series, without a name; found '{series}'.", nameof(series));
        }
        else if (series == "" && !_numbers.ContainsKey(""))
        {
            throw new ArgumentException($"The model has several series: give the name that is in the column '{column}'.", nameof(series));
        }
    }

    private ObservedSeries Find(string name)
    {
        if (_series.TryGetValue(name, out ObservedSeries? series))
            return series;
        series = new ObservedSeries(NewStream(name)) { Judge = JudgeOf(name) };
        if (_known.TryGetValue(name, out SeriesState? state))
        {
            series.Stream.CopyStateFrom(state.Values);
            // A series without any value in the training data has no last row.
            (series.Time, series.Missing, series.HasLastRow) = (state.Time, state.Missing, state.Time != default);
        }
        _series.Add(name, series);
        return series;
    }

    private SeriesJudge? JudgeOf(string name)
    {
        if (_detector is null)
            return null;
        var judge = new SeriesJudge(_model, _numbers.GetValueOrDefault(name), _detector.Settings.Rule, _detector.Scores);
        if (_detector.Known.TryGetValue(name, out KnownScores? known))
            judge.State = known;
        return judge;
    }

    private ForecastStream NewStream(string name) => new(_model, _networks, _numbers.GetValueOrDefault(name), _theta);

    /// <summary>The stream of a series after its last row and the missing steps that are known to follow it.</summary>
    private ForecastStream StreamOf(ObservedSeries series, string name)
    {
        if (series.Missing is not { } end || _settings.RowInterval is not { } interval)
            return series.Stream;
        if (series.AfterMissing is { } after)
            return after;
        float[] state = new float[series.Stream.StateLength];
        series.Stream.CopyStateTo(state);
        ForecastStream stream = series.AfterMissing = NewStream(name);
        stream.CopyStateFrom(state);
        StepThroughMissing(stream, interval, series.Time, interval.StepsBetween(series.Time, end.Until), [], end.Statics);
        return stream;
    }

    /// <summary>Steps through rows whose values are missing; <paramref name="known"/> is known of the rows that follow them.</summary>
    private void StepThroughMissing(ForecastStream stream, RowInterval interval, DateTimeOffset time, long steps, ReadOnlySpan<float> known,
        ReadOnlySpan<float> statics)
    {
        ForecastLayout layout = _model.Layout;
        int size = layout.KnownCovariates, count = (int)Math.Min(steps, RowInterval.MostFilledSteps), at = size;
        float[] missing = new float[layout.RowSize], ahead = new float[count * size + known.Length];
        missing.AsSpan().Fill(float.NaN);
        ahead.AsSpan().Fill(float.NaN);
        known.CopyTo(ahead.AsSpan(count * size));
        foreach (DateTimeOffset next in interval.TimesWithin(time, steps))
        {
            interval.WriteFeatures(next.DateTime, _calendar);
            stream.Step(missing, ahead.AsSpan(at..Math.Min(at + layout.Horizon * size, ahead.Length)), _calendar, statics);
            at += size;
        }
    }

    private sealed class ObservedSeries(ForecastStream stream)
    {
        public ForecastStream Stream { get; } = stream;

        public SeriesJudge? Judge { get; init; }

        public ForecastStream? AfterMissing { get; set; }

        public DateTimeOffset Time { get; set; }

        public MissingEnd? Missing { get; set; }

        public bool HasLastRow { get; set; }
    }
}

/// <summary>The forecast of the steps after the last row of a series.</summary>
public sealed class SeriesForecast
{
    private readonly int _targets;
    private readonly float[] _values;
    private readonly float[] _lower;
    private readonly float[] _upper;

    internal SeriesForecast(int steps, int targets, float[] values, float[] lower, float[] upper)
    {
        (Steps, _targets) = (steps, targets);
        (_values, _lower, _upper) = (values, lower, upper);
    }

    /// <summary>How many steps are forecast.</summary>
    public int Steps { get; }

    /// <summary>The values, step by step, and in a step target by target.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The lower ends of the intervals that hold the values, in the same order.</summary>
    public ReadOnlySpan<float> LowerBounds => _lower;

    /// <summary>The upper ends, in the same order.</summary>
    public ReadOnlySpan<float> UpperBounds => _upper;

    /// <summary>The value of a target at a step.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="target">The target, from 0.</param>
    public float this[int step, int target = 0] => _values[(step - 1) * _targets + target];
}
