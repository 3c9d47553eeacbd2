using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Series;


namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>Forecasts after each row; the points, the lower ends and the upper ends of the intervals, H·D each.</summary>
/// <param name="transformer">The transformer.</param>
/// <param name="use">What it is for.</param>
internal sealed class ForecastSession(LstmForecastingTransformer transformer, SessionUse use) : SeriesSession
{
    private const string DataName = "data";

    private readonly ForecastSettings _settings = transformer.Settings;
    private readonly SeriesNotes _notes = new(DataName, transformer.Columns, transformer.Settings.RowInterval, transformer.Settings.FillsGaps,
        use.IsLive, transformer.Warn)
    { UsualGap = transformer.Settings.UsualGap };
    private readonly Dictionary<string, SeriesTrack> _tracks = [];
    private readonly HashSet<string> _forgotten = [];
    private readonly float[] _forecast = new float[3 * transformer.Model.Layout.Values];
    private readonly float[] _calendar = new float[transformer.Settings.RowInterval?.FeatureCount ?? 0];
    private SeriesTrack? _current;
    private SeriesTrack? _asked;
    private bool _isUnusable;
    private bool _isForecastFresh;
    private int _newSeries;

    /// <summary>Empty as long as there is no row to forecast from, and for a row that can't be used.</summary>
    public override ReadOnlySpan<float> Output
    {
        get
        {
            SeriesTrack? track = _isUnusable ? null : _asked ?? _current ?? OnlyTrack();
            if (track is not { Stream.HasForecast: true })
                return [];
            if (!_isForecastFresh)
                StreamOf(track).CopyForecastTo(_forecast);
            _isForecastFresh = true;
            return _forecast;
        }
    }

    public override IReadOnlyCollection<string> Names
        => [.. transformer.States.Keys.Where(name => !_forgotten.Contains(name)).Union(_tracks.Keys)];

    public override bool Knows(string series)
        => _tracks.ContainsKey(series) || (transformer.States.ContainsKey(series) && !_forgotten.Contains(series));

    public override bool HasRow => _current is not null;

    /// <summary>The stream of the series that is asked for; null where there is none.</summary>
    public ForecastStream? Asked => (_asked ?? OnlyTrack()) is { } track ? StreamOf(track) : null;

    public override void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        if (Begin(row, position, future) is not null)
            Step(row, future);
    }

    /// <summary>
    /// Finds the series of a row, checks the row's time, and fills a gap before it; to be followed by <see cref="Step"/>.
    /// </summary>
    /// <returns>The series as it is before the row, and whether it began anew; null for a row that can't be used.</returns>
    /// <exception cref="InvalidOperationException">The row is no later than the row before it, has the missing key, or is of one new
    /// series too many.</exception>
    public (ForecastStream Stream, bool Restarted)? Begin(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        (_asked, _isForecastFresh) = (null, false);
        _isUnusable = !IsUsable(row, position);
        if (_isUnusable)
            return null;
        SeriesTrack track = _current is { } current && current.Name == row.Series ? current : Find(row.Series);
        _current = track;
        bool restarts = false;
        if (_settings.RowInterval is { } step)
        {
            if (track.IsTold && row.Time <= track.Time)
            {
                if (track.HasRows || use.IsLive)
                {
                    throw new InvalidOperationException(SeriesTimes.Describe(Describe(position, row.Series), row.Time, track.Time)
                        + (track.HasRows
                            ? ""
                            : $" The model knows the series up to there; one made by {nameof(LstmForecastingTransformer.WithoutHistory)} "
                                + "does not."));
                }
                restarts = true;
                if (!use.IsTrainingData)
                    _notes.AddRestart(track.Name, row.Time, track.Time);
            }
            else if (track.IsTold)
            {
                FillGap(track, step, row, future);
            }
            step.WriteFeatures(row.Time.DateTime, _calendar);
        }
        else if (!IsSkipped(row))
        {
            restarts = use.IsTrainingData && track.IsFirstOfTraining(row.Numbers);
            if (!restarts && track.RepeatsTrainingWith(row.Numbers))
                _notes.AddRepeat(track.Name, track.Start!.Rows);
        }
        if (restarts)
            track.Restart(NewStream(row.Series));
        track.Told(row.Time);
        return (track.Stream, restarts);
    }

    /// <summary>Takes the row that <see cref="Begin"/> was called for.</summary>
    public void Step(SeriesRowReader row, ReadOnlySpan<float> future)
    {
        if (IsSkipped(row))
            _notes.AddSkipped();
        else
            _current!.Stream.Step(row.Numbers, future, _calendar, row.Statics);
        if (row.HasMissingStatics)
            _notes.AddWithoutStatics();
    }

    public override void Ask(string? series)
        => (_asked, _isUnusable, _isForecastFresh) = (series is null || !Knows(series) ? null : Find(series), false, false);

    public override bool Forget(string series)
    {
        bool wasKnown = transformer.States.ContainsKey(series) && _forgotten.Add(series);
        if (!_tracks.Remove(series, out SeriesTrack? track))
            return wasKnown;
        if (IsNew(series))
            _newSeries--;
        (_current, _asked) = (_current == track ? null : _current, null);
        return true;
    }

    public override void Conclude() => _notes.Conclude();

    public override LstmForecastingTransformer Snapshot()
    {
        var states = new Dictionary<string, SeriesState>(transformer.States.Where(state => !_forgotten.Contains(state.Key)));
        foreach (SeriesTrack track in _tracks.Values)
        {
            float[] values = new float[track.Stream.StateLength];
            track.Stream.CopyStateTo(values);
            states[track.Name] = new SeriesState(values, track.Time, track.Missing, track.Start);
        }
        return transformer.With(states);
    }

    private bool IsSkipped(SeriesRowReader row) => _settings.Missing == MissingValueHandling.SkipRow && row.HasMissing;

    // An engine's caller numbers no rows.
    private string Describe(long position, string series)
        => use.IsLive ? SeriesTimes.DescribeObservation(series) : SeriesTimes.DescribeRow(position, DataName, series);

    private bool IsUsable(SeriesRowReader row, long position)
    {
        switch (row.Fault)
        {
            // Version 0.1.0 took it for a name.
            case SeriesRowFault.None:
            case SeriesRowFault.NoName when transformer.NumberOf("") > 0:
                return true;
            case SeriesRowFault.MissingKey:
                throw new InvalidOperationException(_notes.DescribeMissingKey(Describe(position, "")));
            default:
                _notes.Add(row.Fault);
                return false;
        }
    }

    /// <summary>Names what is left out before a row, and lets time go on by it.</summary>
    private void FillGap(SeriesTrack track, RowInterval step, SeriesRowReader row, ReadOnlySpan<float> future)
    {
        DateTimeOffset known = track.Missing is { } end && end.Until < row.Time ? end.Until : track.Time;
        if (track.Missing is null || known > track.Time)
            _notes.AddStep(track.Name, known, row.Time, isEndOfTraining: !track.HasRows);
        long leftOut = _settings.FillsGaps ? step.StepsBetween(track.Time, row.Time) - 1 : 0;
        if (leftOut == 0)
            return;
        ForecastLayout layout = transformer.Model.Layout;
        int size = layout.KnownCovariates, ahead = layout.Horizon * size;
        future = future[..Math.Min(future.Length, ahead)];
        // Behind the gap come the row's own known covariates and those of its future.
        float[] told = new float[size + future.Length];
        row.Known.CopyTo(told);
        future.CopyTo(told.AsSpan(size));
        Pass(track.Stream, step, track.Time, leftOut, told, row.Statics);
    }

    /// <summary>Lets time go on by steps whose values are missing.</summary>
    /// <param name="stream">The series at its last row.</param>
    /// <param name="step">The time from a row to the next.</param>
    /// <param name="time">The last row's time.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="told">The known covariates of what follows them.</param>
    /// <param name="statics">The static features of the series.</param>
    private void Pass(ForecastStream stream, RowInterval step, DateTimeOffset time, long steps, ReadOnlySpan<float> told,
        ReadOnlySpan<float> statics)
    {
        ForecastLayout layout = transformer.Model.Layout;
        int size = layout.KnownCovariates, passed = (int)Math.Min(steps, SeriesGaps.MostSteps), at = size;
        float[] missing = new float[layout.RowSize], ahead = new float[passed * size + told.Length];
        missing.AsSpan().Fill(float.NaN);
        ahead.AsSpan().Fill(float.NaN);
        told.CopyTo(ahead.AsSpan(passed * size));
        foreach (DateTimeOffset next in SeriesGaps.TimesIn(step, time, steps))
        {
            step.WriteFeatures(next.DateTime, _calendar);
            stream.Step(missing, ahead.AsSpan(at..Math.Min(at + layout.Horizon * size, ahead.Length)), _calendar, statics);
            at += size;
        }
    }

    /// <summary>A series behind all that is known of it.</summary>
    private ForecastStream StreamOf(SeriesTrack track)
    {
        if (track.Missing is not { } end || _settings.RowInterval is not { } step)
            return track.Stream;
        if (track.Ahead is { } passed)
            return passed;
        float[] state = new float[track.Stream.StateLength];
        track.Stream.CopyStateTo(state);
        ForecastStream stream = track.Ahead = NewStream(track.Name);
        stream.CopyStateFrom(state);
        Pass(stream, step, track.Time, step.StepsBetween(track.Time, end.Until), [], end.Statics);
        return stream;
    }

    // Before the first row: what comes next in the one series that there is.
    private SeriesTrack? OnlyTrack()
    {
        if (_current is not null)
            return _current;
        if (_tracks.Count == 0 && Names is { Count: 1 } names)
            Find(names.First());
        return _tracks.Count == 1 && Names.Count == 1 ? _tracks.Values.First() : null;
    }

    private SeriesTrack Find(string name)
    {
        if (_tracks.TryGetValue(name, out SeriesTrack? track))
            return track;
        track = new SeriesTrack(name, NewStream(name));
        if (IsNew(name))
        {
            if (_newSeries == use.MostNewSeries)
                throw new InvalidOperationException(
                    $"The engine has met {_newSeries} series that the model did not know, its "
                    + $"{nameof(ForecastEngineOptions.MaximumNewSeries)}, so there is no room for '{name}'. Forget series that are over, "
                    + "or allow more.");
            _newSeries++;
        }
        if (transformer.States.TryGetValue(name, out SeriesState? state) && !_forgotten.Contains(name))
        {
            track.GoOnFrom(state);
        }
        _tracks.Add(name, track);
        return track;
    }

    // Whether it is neither of the training data nor of a checkpoint.
    private bool IsNew(string name) => transformer.NumberOf(name) == 0 && !transformer.States.ContainsKey(name);

    private ForecastStream NewStream(string name) => new(transformer.Model, transformer.Network, transformer.NumberOf(name));
}
