using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Detection;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Anomalies;

/// <summary>Compares the value of each row with its forecast.</summary>
internal sealed class AnomalySession(LstmAnomalyTransformer transformer, SessionOptions options) : SeriesSession
{
    private readonly ForecastSession _forecasts = new(transformer.Forecaster, options);
    private readonly Dictionary<string, SeriesJudge> _series = [];
    private readonly HashSet<string> _forgotten = [];
    private readonly DetectionRule _rule = transformer.Settings.Rule;
    private SeriesDetection _result = SeriesDetection.None;
    private SeriesDetection _expected = SeriesDetection.None;
    private bool _isQueried;
    private bool _isExplained;

    /// <summary>Empty; see <see cref="Result"/>, which has doubles.</summary>
    public override ReadOnlySpan<float> Output => [];

    /// <summary>What explains the value that was expected in the row.</summary>
    public override Explanation? Explanation => _isExplained ? _forecasts.Explainer!.Explanation : null;

    /// <summary>What the <see cref="DetectionColumn"/> gives.</summary>
    public SeriesDetection Result => _isQueried ? _expected : _result;

    public override IReadOnlyCollection<string> Names => _forecasts.Names;

    public override bool Knows(string name) => _forecasts.Knows(name);

    public override bool HasRow => _forecasts.HasRow;

    public override void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        // A row that is refused leaves no trace.
        (ForecastStream Stream, bool Restarted)? begun = _forecasts.Begin(row, position, future);
        _isQueried = _isExplained = false;
        _result = SeriesDetection.None;
        if (begun is not (ForecastStream stream, bool restarted))
            return;
        if (restarted)
            _series[row.Series] = NewJudge(row.Series);
        _result = Find(row.Series).Judge(stream, row.Numbers[0]);
        _isExplained = stream is { HasForecast: true, HasHistory: true };
        if (_isExplained)
            _forecasts.Explainer!.Begin(stream);
        _forecasts.Step(row, future);
    }

    public override void Query(string? name)
    {
        _forecasts.Query(name);
        // The result of the last row, if there is one; for a named series, the value expected next and its bounds.
        _isQueried = name is not null || !_forecasts.HasRow;
        _expected = SeriesDetection.None;
        if (_isQueried && _forecasts.QueriedStream is { HasForecast: true } stream)
            _expected = Find(name ?? _forecasts.Names.Single()).Expect(stream[0]);
    }

    public override bool Forget(string name)
    {
        _series.Remove(name);
        if (transformer.Known.ContainsKey(name))
            _forgotten.Add(name);
        return _forecasts.Forget(name);
    }

    public override void Conclude() => _forecasts.Conclude();

    public override SeriesTransformer Snapshot()
    {
        var known = new Dictionary<string, KnownScores>(transformer.Known.Where(one => !_forgotten.Contains(one.Key)));
        foreach ((string name, SeriesJudge judge) in _series)
            known[name] = judge.State;
        return transformer.With(_forecasts.Snapshot(), known);
    }

    private SeriesJudge Find(string name)
    {
        if (_series.TryGetValue(name, out SeriesJudge? judge))
            return judge;
        judge = NewJudge(name);
        if (!_forgotten.Contains(name) && transformer.Known.TryGetValue(name, out KnownScores? known))
            judge.State = known;
        _series.Add(name, judge);
        return judge;
    }

    private SeriesJudge NewJudge(string name)
        => new(transformer.Model, transformer.Forecaster.NumberOf(name), _rule, transformer.Scores);
}
