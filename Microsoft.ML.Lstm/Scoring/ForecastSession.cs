using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>Forecasts after each row; the points, the lower ends and the upper ends of the intervals, H·D each.</summary>
/// <param name="transformer">The transformer.</param>
/// <param name="mayRestart">Whether a series whose first row here is no later than the last one the model knows begins anew, rather than being refused.</param>
internal sealed class ForecastSession(LstmForecastingTransformer transformer, bool mayRestart) : SeriesSession
{
    private readonly ForecastSettings _settings = transformer.Settings;
    private readonly Dictionary<string, Track> _tracks = [];
    private readonly float[] _forecast = new float[3 * transformer.Model.Layout.Values];
    private readonly float[] _calendar = new float[transformer.Settings.TimeStep?.FeatureCount ?? 0];
    private Track? _current;
    private bool _isForecastFresh;

    /// <summary>Empty as long as there is no row to forecast from.</summary>
    public override ReadOnlySpan<float> Output
    {
        get
        {
            Track? track = _current ?? OnlyTrack();
            if (track is not { Stream.HasForecast: true })
                return [];
            if (!_isForecastFresh)
                track.Stream.CopyForecastTo(_forecast);
            _isForecastFresh = true;
            return _forecast;
        }
    }

    public override void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        Begin(row, position);
        Step(row, future);
    }

    /// <summary>
    /// Finds the series of a row, and checks the row's time; to be followed by <see cref="Step"/>.
    /// </summary>
    /// <returns>The series as it is before the row, and whether it began anew.</returns>
    /// <exception cref="InvalidOperationException">The row is no later than the row before it.</exception>
    public (ForecastStream Stream, bool Restarted) Begin(SeriesRowReader row, long position)
    {
        Track track = _current is { } current && current.Name == row.Series ? current : Find(row.Series);
        _current = track;
        _isForecastFresh = false;
        bool restarts = false;
        if (_settings.TimeStep is { } step)
        {
            if (track.IsTold && row.Time <= track.Time)
            {
                if (track.HasRows || !mayRestart)
                {
                    throw new InvalidOperationException(SeriesTableReader.DescribeTime(SeriesTableReader.Describe(position, "data", row.Series), row.Time, track.Time)
                        + (track.HasRows ? "" : $" The model knows the series up to there; one made by {nameof(LstmForecastingTransformer.WithoutHistory)} does not."));
                }
                track.Restart(NewStream(row.Series));
                restarts = true;
            }
            step.WriteFeatures(row.Time, _calendar);
        }
        track.Told(row.Time);
        return (track.Stream, restarts);
    }

    /// <summary>Takes the row that <see cref="Begin"/> was called for.</summary>
    public void Step(SeriesRowReader row, ReadOnlySpan<float> future)
    {
        if (_settings.Missing != MissingValueHandling.SkipRow || !row.HasMissing)
            _current!.Stream.Step(row.Numbers, future, _calendar, row.Statics);
    }

    public override LstmForecastingTransformer Snapshot()
    {
        var states = new Dictionary<string, SeriesState>(transformer.States);
        foreach (Track track in _tracks.Values)
        {
            float[] values = new float[track.Stream.StateLength];
            track.Stream.CopyStateTo(values);
            states[track.Name] = new SeriesState(values, track.Time);
        }
        return transformer.With(states);
    }

    // Before the first row: what comes next in the one series that there is.
    private Track? OnlyTrack()
    {
        if (_tracks.Count == 0 && transformer.States.Count == 1)
            Find(transformer.States.Keys.First());
        return _tracks.Count == 1 ? _tracks.Values.First() : null;
    }

    private Track Find(string name)
    {
        if (_tracks.TryGetValue(name, out Track? track))
            return track;
        track = new Track(name, NewStream(name));
        if (transformer.States.TryGetValue(name, out SeriesState? state))
            track.GoOnFrom(state);
        _tracks.Add(name, track);
        return track;
    }

    private ForecastStream NewStream(string name) => new(transformer.Model, transformer.Network, transformer.NumberOf(name));

    /// <summary>One series.</summary>
    private sealed class Track(string name, ForecastStream stream)
    {
        public string Name { get; } = name;

        public ForecastStream Stream { get; private set; } = stream;

        /// <summary>The time of the last row.</summary>
        public DateTime Time { get; private set; }

        /// <summary>Whether there is a last row.</summary>
        public bool IsTold { get; private set; }

        /// <summary>Whether a row came in this session.</summary>
        public bool HasRows { get; private set; }

        public void GoOnFrom(SeriesState state)
        {
            Stream.CopyStateFrom(state.Values);
            (Time, IsTold) = (state.Time, true);
        }

        public void Restart(ForecastStream stream) => Stream = stream;

        public void Told(DateTime time) => (Time, IsTold, HasRows) = (time, true, true);
    }
}
