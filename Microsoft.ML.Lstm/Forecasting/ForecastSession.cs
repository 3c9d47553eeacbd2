using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;
using Microsoft.ML.Lstm.Engine.Series.Explanations;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>Forecasts after each row: the points, then the lower and the upper bounds of the intervals, H·D each.</summary>
/// <param name="transformer">The transformer, whose states the session starts from.</param>
/// <param name="options">How the session is used.</param>
internal sealed class ForecastSession(LstmForecastingTransformer transformer, SessionOptions options) : SeriesSession
{
    private const string DataName = "data";

    private readonly ForecastSettings _settings = transformer.Settings;
    private readonly SeriesWarnings _warnings = new(DataName, transformer.Columns, transformer.Settings.RowInterval,
        transformer.Settings.FillsGaps, options.IsLive, options.Warn ?? transformer.Warn)
    { UsualGap = transformer.Settings.UsualGap };
    private readonly Dictionary<string, SessionSeries> _series = [];
    private readonly HashSet<string> _forgotten = [];
    private readonly float[] _forecast = new float[3 * transformer.Model.Layout.Values];
    private readonly float[] _calendar = new float[transformer.Settings.RowInterval?.FeatureCount ?? 0];
    private readonly ThetaMethod? _theta = transformer.Model.Baselines?.NewTheta();
    private SessionSeries? _current;
    private SessionSeries? _queried;
    private bool _isUnusable;
    private bool _isForecastFresh;
    private bool _isExplanationFresh;
    private int _newSeries;

    /// <summary>The forecast; empty before there is a row to forecast from, and for a row that can't be used.</summary>
    public override ReadOnlySpan<float> Output
    {
        get
        {
            SessionSeries? series = _isUnusable ? null : _queried ?? _current ?? OnlySeries();
            if (series is not { Stream.HasForecast: true })
                return [];
            if (!_isForecastFresh)
                StreamOf(series).CopyForecastTo(_forecast);
            _isForecastFresh = true;
            return _forecast;
        }
    }

    /// <summary>Explains forecasts; null where nobody asked for that.</summary>
    public ForecastExplainer? Explainer { get; } = options.CreateExplainer?.Invoke();

    /// <summary>What explains the forecast.</summary>
    public override Explanation? Explanation
    {
        get
        {
            if (Explainer is null || _isUnusable || _current is not { Stream: { HasForecast: true, HasHistory: true } stream })
                return null;
            if (!_isExplanationFresh)
                Explainer.Begin(stream);
            _isExplanationFresh = true;
            return Explainer.Explanation;
        }
    }

    public override IReadOnlyCollection<string> Names
        => [.. transformer.States.Keys.Where(name => !_forgotten.Contains(name)).Union(_series.Keys)];

    public override bool Knows(string name)
        => _series.ContainsKey(name) || (transformer.States.ContainsKey(name) && !_forgotten.Contains(name));

    public override bool HasRow => _current is not null;

    /// <summary>The stream that the last <see cref="Query"/> forecasts from; null where there is none.</summary>
    public ForecastStream? QueriedStream => (_queried ?? OnlySeries()) is { } series ? StreamOf(series) : null;

    public override void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        if (Begin(row, position, future) is not null)
            Step(row, future);
    }

    /// <summary>
    /// Takes the first half of a row: finds its series, checks its time and fills a gap before it. <see cref="Step"/> takes the second
    /// half.
    /// </summary>
    /// <returns>The stream of the series before the row, and whether the series begins again with it; null for a row that can't be
    /// used.</returns>
    /// <exception cref="InvalidOperationException">The row is no later than the row before it, has the missing key, or belongs to one new
    /// series more than <see cref="SessionOptions.MostNewSeries"/>.</exception>
    public (ForecastStream Stream, bool Restarted)? Begin(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        // All that may throw comes before anything changes: a row that is refused leaves no trace.
        SessionSeries? series = !IsUsable(row, position) ? null
            : _current is { } current && current.Name == row.Series ? current : Find(row.Series);
        bool isSkipped = IsSkipped(row);
        bool isLate = _settings.RowInterval is not null && series is { HasLastRow: true } && row.Time <= series.Time;
        if (isLate && (series!.HasRows || options.IsLive))
            throw NotLater(row, position, series);
        (_queried, _isForecastFresh, _isExplanationFresh, _isUnusable) = (null, false, false, series is null);
        if (series is null)
            return null;
        _current = series;
        NoteEnd(series, row);
        SeriesBeforeValidation? before = isSkipped ? null : BeforeValidation(series, row);
        bool restarts = before is not null || isLate;
        if (isLate && before is null && !options.IsTrainingData)
            _warnings.AddRestart(series.Name, row.Time, series.Time);
        if (_settings.RowInterval is null && !isSkipped && !restarts)
        {
            restarts = options.IsTrainingData && series.IsFirstOfTraining(row.Numbers);
            if (!restarts && series.RepeatsTrainingWith(row.Numbers))
                _warnings.AddRepeat(series.Name, series.Start!.Rows);
        }
        if (restarts)
        {
            series.Restart(NewStream(row.Series), before?.State);
            NoteEnd(series, row);
        }
        if (_settings.RowInterval is { } interval)
        {
            if (series.HasLastRow && !isSkipped)
                FillGap(series, interval, row, future);
            interval.WriteFeatures(row.Time.DateTime, _calendar);
        }
        if (!isSkipped)
            series.MoveTo(row.Time);
        return (series.Stream, restarts);
    }

    /// <summary>What is known of a series before the validation data, if that begins with a row; otherwise null.</summary>
    private SeriesBeforeValidation? BeforeValidation(SessionSeries series, SeriesRowReader row)
        => !series.HasRows
            && options.BeforeValidation?.GetValueOrDefault(series.Name) is { } before
            && before.Time == row.Time
            && before.Row == SeriesStart.HashOf(row.Numbers) ? before : null;

    /// <summary>Runs the network one step on, over the row that <see cref="Begin"/> was called with.</summary>
    public void Step(SeriesRowReader row, ReadOnlySpan<float> future)
    {
        if (IsSkipped(row))
            _warnings.AddSkipped();
        else
            _current!.Stream.Step(row.Numbers, future, _calendar, row.Statics);
        if (row.HasMissingStatics)
            _warnings.AddWithoutStatics();
    }

    public override void Query(string? name)
        => (_queried, _isUnusable, _isForecastFresh) = (name is null || !Knows(name) ? null : Find(name), false, false);

    public override bool Forget(string name)
    {
        bool wasKnown = transformer.States.ContainsKey(name) && _forgotten.Add(name);
        if (!_series.Remove(name, out SessionSeries? series))
            return wasKnown;
        if (IsNew(name))
            _newSeries--;
        (_current, _queried) = (_current == series ? null : _current, null);
        return true;
    }

    public override void Conclude()
    {
        _warnings.Conclude();
        if (Explainer is not { Explanation: var explanation })
            return;
        if (explanation.DescribeIncomplete() is { } warning)
            (options.Warn ?? transformer.Warn)(warning);
        explanation.Conclude();
    }

    public override LstmForecastingTransformer Snapshot()
    {
        var states = new Dictionary<string, SeriesState>(transformer.States.Where(state => !_forgotten.Contains(state.Key)));
        foreach (SessionSeries series in _series.Values)
            states[series.Name] = series.AnnouncedRows > 0 ? series.StateBeforeEnd! : series.ToState();
        SessionSeries[] announced = [.. _series.Values.Where(series => series.AnnouncedRows > 0)];
        if (announced.Length > 0)
            (options.Warn ?? transformer.Warn)(SeriesMessages.DescribeRowsToCome(announced.Sum(series => series.AnnouncedRows),
                announced.Length, announced[0].Name));
        return transformer.With(states);
    }

    private void NoteEnd(SessionSeries series, SeriesRowReader row)
    {
        if (options.EndsBeforeAnnounced)
            series.NoteEnd(row, transformer.Model.Layout.Targets);
    }

    private bool IsSkipped(SeriesRowReader row) => _settings.Missing == MissingValueHandling.SkipRow && row.HasMissing;

    // Rows of an engine have no numbers.
    private string Describe(long position, string series)
        => options.IsLive ? SeriesMessages.DescribeObservation(series) : SeriesMessages.DescribeRow(position, DataName, series);

    private bool IsUsable(SeriesRowReader row, long position)
    {
        switch (row.Fault)
        {
            // Version 0.1.0 took the empty text for a name.
            case SeriesRowFault.None:
            case SeriesRowFault.NoName when transformer.NumberOf("") > 0:
                return true;
            case SeriesRowFault.MissingKey:
                throw new InvalidOperationException(_warnings.DescribeMissingKey(Describe(position, "")));
            default:
                _warnings.Add(row.Fault);
                return false;
        }
    }

    private InvalidOperationException NotLater(SeriesRowReader row, long position, SessionSeries series)
    {
        string error = SeriesMessages.Describe(Describe(position, row.Series), row.Time, series.Time);
        if (!series.HasRows)
            error += $" The model knows the series up to there; one made by {nameof(LstmForecastingTransformer.WithoutHistory)} does not.";
        return new InvalidOperationException(error);
    }

    /// <summary>Warns of a gap before a row, and fills it if gaps are filled.</summary>
    private void FillGap(SessionSeries series, RowInterval interval, SeriesRowReader row, ReadOnlySpan<float> future)
    {
        DateTimeOffset lastKnown = series.Missing is { } end && end.Until < row.Time ? end.Until : series.Time;
        if (series.Missing is null || lastKnown > series.Time)
            _warnings.AddInterval(series.Name, lastKnown, row.Time, isEndOfTraining: !series.HasRows);
        long leftOut = _settings.FillsGaps ? interval.StepsBetween(series.Time, row.Time) - 1 : 0;
        if (leftOut == 0)
            return;
        ForecastLayout layout = transformer.Model.Layout;
        int size = layout.KnownCovariates, ahead = layout.Horizon * size;
        future = future[..Math.Min(future.Length, ahead)];
        // After the gap come the known covariates of the row itself, then of the rows after it.
        float[] known = new float[size + future.Length];
        row.Known.CopyTo(known);
        future.CopyTo(known.AsSpan(size));
        StepThroughMissing(series.Stream, interval, series.Time, leftOut, known, row.Statics);
    }

    /// <summary>Steps a stream through rows whose values are missing.</summary>
    /// <param name="stream">The stream after its last row.</param>
    /// <param name="interval">The time between rows.</param>
    /// <param name="time">The time of the last row.</param>
    /// <param name="steps">How many rows are missing. The stream steps through at most the last
    /// <see cref="RowInterval.MostFilledSteps"/>.</param>
    /// <param name="known">The known covariates of the rows that follow the missing ones.</param>
    /// <param name="statics">The static features of the series.</param>
    private void StepThroughMissing(ForecastStream stream, RowInterval interval, DateTimeOffset time, long steps, ReadOnlySpan<float> known,
        ReadOnlySpan<float> statics)
    {
        ForecastLayout layout = transformer.Model.Layout;
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

    /// <summary>The stream of a series after its last row and the missing steps that are known to follow it.</summary>
    private ForecastStream StreamOf(SessionSeries series)
    {
        if (series.Missing is not { } end || _settings.RowInterval is not { } interval)
            return series.Stream;
        if (series.StreamAfterMissing is { } after)
            return after;
        float[] state = new float[series.Stream.StateLength];
        series.Stream.CopyStateTo(state);
        ForecastStream stream = series.StreamAfterMissing = NewStream(series.Name);
        stream.CopyStateFrom(state);
        StepThroughMissing(stream, interval, series.Time, interval.StepsBetween(series.Time, end.Until), [], end.Statics);
        return stream;
    }

    // Before the first row, the only series that the model knows is forecast.
    private SessionSeries? OnlySeries()
    {
        if (_current is not null)
            return _current;
        if (_series.Count == 0 && Names is { Count: 1 } names)
            Find(names.First());
        return _series.Count == 1 && Names.Count == 1 ? _series.Values.First() : null;
    }

    private SessionSeries Find(string name)
    {
        if (_series.TryGetValue(name, out SessionSeries? series))
            return series;
        series = new SessionSeries(name, NewStream(name));
        if (IsNew(name))
        {
            if (_newSeries == options.MostNewSeries)
                throw new InvalidOperationException(
                    $"The engine has met {_newSeries} series that the model did not know, its "
                    + $"{nameof(ForecastEngineOptions.MaximumNewSeries)}, so there is no room for '{name}'. Forget series that are over, "
                    + "or allow more.");
            _newSeries++;
        }
        if (transformer.States.TryGetValue(name, out SeriesState? state) && !_forgotten.Contains(name))
            series.Restore(state);
        _series.Add(name, series);
        return series;
    }

    // Whether a series is known neither from training nor from a checkpoint.
    private bool IsNew(string name) => transformer.NumberOf(name) == 0 && !transformer.States.ContainsKey(name);

    private ForecastStream NewStream(string name) => new(transformer.Model, transformer.Networks, transformer.NumberOf(name), _theta,
        keptSteps: Explainer is null ? 0 : transformer.Model.Layout.WindowSize);
}
