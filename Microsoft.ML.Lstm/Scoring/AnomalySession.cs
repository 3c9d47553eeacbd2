using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>Compares each row's value with what was forecast for it.</summary>
internal sealed class AnomalySession(LstmAnomalyTransformer transformer) : SeriesSession
{
    private readonly ForecastSession _forecasts = new(transformer.Forecaster);
    private readonly Dictionary<string, ResidualScorer> _scorers = [];
    private readonly double[] _result = new double[DetectionColumn.Slots.Length];
    private readonly double _alertBelow = 1 - transformer.Settings.Confidence / 100;
    private readonly (double Lower, double Upper) _scoreBounds = transformer.Settings.Side.Bounds(transformer.Scores, 1 - transformer.Settings.Confidence / 100);

    /// <summary>Not used: the result is in doubles.</summary>
    public override ReadOnlySpan<float> Output => [];

    /// <summary>Alert, score, p-value, expected value and the bounds, as <see cref="DetectionColumn.Slots"/> names them.</summary>
    public ReadOnlySpan<double> Result => _result;

    public override void Take(SeriesRowReader row, long position, ReadOnlySpan<float> future)
    {
        (ForecastStream stream, bool restarted) = _forecasts.Begin(row, position);
        ResidualScorer scorer = Find(row.Series);
        if (restarted)
            scorer.Reset();
        Compare(stream, scorer, row.Numbers[0]);
        _forecasts.Step(row, future);
    }

    public override SeriesTransformer Snapshot()
    {
        var recent = new Dictionary<string, float[]>(transformer.Recent);
        foreach ((string name, ResidualScorer scorer) in _scorers)
        {
            float[] state = new float[scorer.StateLength];
            scorer.CopyStateTo(state);
            recent[name] = state;
        }
        return transformer.With(_forecasts.Snapshot(), recent);
    }

    private void Compare(ForecastStream stream, ResidualScorer scorer, float value)
    {
        _result.AsSpan().Fill(double.NaN);
        _result[DetectionColumn.Alert] = 0;
        if (!stream.HasForecast)
            return;
        ForecastOutput forecast = stream[0];
        _result[DetectionColumn.ExpectedValue] = forecast.Point;
        if (float.IsFinite(value))
        {
            double score = scorer.Add(scorer.Standardize(forecast, value));
            double p = transformer.Settings.Side.PValue(transformer.Scores, score);
            _result[DetectionColumn.Alert] = p <= _alertBelow ? 1 : 0;
            _result[DetectionColumn.Score] = score;
            _result[DetectionColumn.PValue] = p;
            _result[DetectionColumn.UpperBound] = scorer.ValueOf(_scoreBounds.Upper, forecast);
            _result[DetectionColumn.LowerBound] = scorer.ValueOf(_scoreBounds.Lower, forecast);
        }
    }

    private ResidualScorer Find(string series)
    {
        if (_scorers.TryGetValue(series, out ResidualScorer? scorer))
            return scorer;
        scorer = new ResidualScorer(transformer.Scale);
        if (transformer.Recent.TryGetValue(series, out float[]? state))
            scorer.CopyStateFrom(state);
        _scorers.Add(series, scorer);
        return scorer;
    }
}
