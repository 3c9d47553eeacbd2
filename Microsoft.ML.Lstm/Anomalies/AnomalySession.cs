using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Anomalies;

/// <summary>Compares the value of each row with its forecast.</summary>
internal sealed class AnomalySession(LstmAnomalyTransformer transformer, SessionOptions options) : SeriesSession
{
    private readonly ForecastSession _forecasts = new(transformer.Forecaster, options);
    private readonly Dictionary<string, ScoredSeries> _series = [];
    private readonly HashSet<string> _forgotten = [];
    private readonly double[] _result = DetectionColumn.NewResult();
    private readonly double[] _expected = DetectionColumn.NewResult();
    private readonly double _alertBelow = 1 - transformer.Settings.Confidence / 100;
    private bool _isQueried;
    private bool _isExplained;

    /// <summary>Empty; see <see cref="Result"/>, which has doubles.</summary>
    public override ReadOnlySpan<float> Output => [];

    /// <summary>What explains the value that was expected in the row.</summary>
    public override Explanation? Explanation => _isExplained ? _forecasts.Explainer!.Explanation : null;

    /// <summary>The slots of <see cref="DetectionColumn"/>.</summary>
    public ReadOnlySpan<double> Result => _isQueried ? _expected : _result;

    public override IReadOnlyCollection<string> Names => _forecasts.Names;

    public override bool Knows(string name) => _forecasts.Knows(name);

    public override bool HasRow => _forecasts.HasRow;

    public override void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        _isQueried = _isExplained = false;
        DetectionColumn.Clear(_result);
        if (_forecasts.Begin(row, position, future) is not (ForecastStream stream, bool restarted))
            return;
        if (restarted)
            _series[row.Series] = NewSeries(row.Series);
        Compare(stream, Find(row.Series), row.Numbers[0]);
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
        DetectionColumn.Clear(_expected);
        if (!_isQueried || _forecasts.QueriedStream is not { HasForecast: true } stream)
            return;
        ForecastOutput forecast = stream[0];
        _expected[DetectionColumn.ExpectedValue] = forecast.Point;
        ScoredSeries scored = Find(name ?? _forecasts.Names.Single());
        var scorer = new ResidualScorer(transformer.Scale, scored.Scorer.Usual);
        float[] state = new float[scorer.StateLength];
        scored.Scorer.CopyStateTo(state);
        scorer.CopyStateFrom(state);
        scorer.Add(0);
        SetBounds(_expected, scorer, scored.Scores, forecast);
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
        foreach ((string name, (ResidualScorer scorer, ScoreDistribution scores)) in _series)
        {
            float[] recent = new float[scorer.StateLength];
            scorer.CopyStateTo(recent);
            known[name] = new KnownScores(recent, scores.Lower, scores.Upper) { Usual = scorer.Usual?.State };
        }
        return transformer.With(_forecasts.Snapshot(), known);
    }

    private void Compare(ForecastStream stream, ScoredSeries series, float value)
    {
        if (!stream.HasForecast)
            return;
        ForecastOutput forecast = stream[0];
        _result[DetectionColumn.ExpectedValue] = forecast.Point;
        if (float.IsFinite(value) && double.IsFinite(forecast.Point))
        {
            (ResidualScorer scorer, ScoreDistribution scores) = series;
            AnomalySettings settings = transformer.Settings;
            double score = scorer.Score(forecast, value);
            double p = scores.PValue(settings.Side, score);
            _result[DetectionColumn.Alert] = p <= _alertBelow ? 1 : 0;
            _result[DetectionColumn.Score] = score;
            _result[DetectionColumn.PValue] = p;
            SetBounds(_result, scorer, scores, forecast);
            if (settings.History > 0)
                scores.Follow(score, settings.History);
            scorer.Usual?.Follow(value);
        }
    }

    private void SetBounds(double[] result, ResidualScorer scorer, ScoreDistribution scores, ForecastOutput forecast)
    {
        (double lower, double upper) = scores.Bounds(transformer.Settings.Side, _alertBelow);
        result[DetectionColumn.UpperBound] = scorer.ValueOf(upper, forecast);
        result[DetectionColumn.LowerBound] = scorer.ValueOf(lower, forecast);
    }

    private ScoredSeries Find(string name)
    {
        if (_series.TryGetValue(name, out ScoredSeries? series))
            return series;
        series = NewSeries(name);
        if (!_forgotten.Contains(name) && transformer.Known.TryGetValue(name, out KnownScores? known))
        {
            series.Scorer.CopyStateFrom(known.Recent);
            if (series.Scorer.Usual is { } usual && known.Usual is { } state)
                usual.State = state;
            series = series with { Scores = series.Scores.With(known.Lower, known.Upper) };
        }
        _series.Add(name, series);
        return series;
    }

    private ScoredSeries NewSeries(string name) => new(new ResidualScorer(transformer.Scale, transformer.Scale.UsualWeight > 0
        ? new UsualValue(transformer.Model, transformer.Forecaster.NumberOf(name), transformer.Settings.History)
        : null), transformer.Scores.Copy());

    /// <summary>What the session keeps of the scores of a series.</summary>
    /// <param name="Scorer">Scores the rows of the series.</param>
    /// <param name="Scores">The distribution of the scores.</param>
    private sealed record ScoredSeries(ResidualScorer Scorer, ScoreDistribution Scores);
}
