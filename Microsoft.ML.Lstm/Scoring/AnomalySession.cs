using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>Compares each row's value with what was forecast for it.</summary>
internal sealed class AnomalySession(LstmAnomalyTransformer transformer, bool mayRestart) : SeriesSession
{
    private readonly ForecastSession _forecasts = new(transformer.Forecaster, mayRestart);
    private readonly Dictionary<string, ScoredSeries> _series = [];
    private readonly double[] _result = DetectionColumn.NewResult();
    private readonly double _alertBelow = 1 - transformer.Settings.Confidence / 100;

    /// <summary>Not used: the result is in doubles.</summary>
    public override ReadOnlySpan<float> Output => [];

    /// <summary>Alert, score, p-value, expected value and the bounds, as <see cref="DetectionColumn.Slots"/> names them.</summary>
    public ReadOnlySpan<double> Result => _result;

    public override void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        (ForecastStream stream, bool restarted) = _forecasts.Begin(row, position);
        if (restarted)
            _series[row.Series] = NewSeries();
        Compare(stream, Find(row.Series), row.Numbers[0]);
        _forecasts.Step(row, future);
    }

    public override SeriesTransformer Snapshot()
    {
        var known = new Dictionary<string, KnownScores>(transformer.Known);
        foreach ((string name, (ResidualScorer scorer, ScoreDistribution scores)) in _series)
        {
            float[] recent = new float[scorer.StateLength];
            scorer.CopyStateTo(recent);
            known[name] = new KnownScores(recent, scores.Lower, scores.Upper);
        }
        return transformer.With(_forecasts.Snapshot(), known);
    }

    private void Compare(ForecastStream stream, ScoredSeries series, float value)
    {
        DetectionColumn.SetToNothing(_result);
        if (!stream.HasForecast)
            return;
        ForecastOutput forecast = stream[0];
        _result[DetectionColumn.ExpectedValue] = forecast.Point;
        if (float.IsFinite(value))
        {
            (ResidualScorer scorer, ScoreDistribution scores) = series;
            AnomalySettings settings = transformer.Settings;
            double score = scorer.Add(scorer.Standardize(forecast, value));
            double p = settings.Side.PValue(scores, score);
            (double lower, double upper) = settings.Side.Bounds(scores, _alertBelow);
            _result[DetectionColumn.Alert] = p <= _alertBelow ? 1 : 0;
            _result[DetectionColumn.Score] = score;
            _result[DetectionColumn.PValue] = p;
            _result[DetectionColumn.UpperBound] = scorer.ValueOf(upper, forecast);
            _result[DetectionColumn.LowerBound] = scorer.ValueOf(lower, forecast);
            if (settings.History > 0)
                scores.Follow(score, settings.History);
        }
    }

    private ScoredSeries Find(string name)
    {
        if (_series.TryGetValue(name, out ScoredSeries? series))
            return series;
        series = NewSeries();
        if (transformer.Known.TryGetValue(name, out KnownScores? known))
        {
            series.Scorer.CopyStateFrom(known.Recent);
            series = series with { Scores = series.Scores.With(known.Lower, known.Upper) };
        }
        _series.Add(name, series);
        return series;
    }

    private ScoredSeries NewSeries() => new(new ResidualScorer(transformer.Scale), transformer.Scores.Copy());

    /// <summary>What goes along with a series.</summary>
    /// <param name="Scorer">What scores its rows.</param>
    /// <param name="Scores">How its scores are distributed.</param>
    private sealed record ScoredSeries(ResidualScorer Scorer, ScoreDistribution Scores);
}
