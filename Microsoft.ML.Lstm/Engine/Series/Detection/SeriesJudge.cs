using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series.Detection;

/// <summary>
/// Compares the rows of one series with their forecasts: their scores, how probable these are, and beyond which values there would be an
/// alert.
/// </summary>
/// <param name="model">The model of the forecasts.</param>
/// <param name="series">The number of the series, from 1; 0 for one that is not in the training data.</param>
/// <param name="rule">By what is judged.</param>
/// <param name="scores">The distribution of scores when nothing is wrong, which the judge has a copy of.</param>
internal sealed class SeriesJudge(ForecastModel model, int series, DetectionRule rule, ScoreDistribution scores)
{
    private readonly ResidualScorer _scorer
        = new(rule.Scale, rule.Scale.UsualWeight > 0 ? new UsualValue(model, series, rule.History) : null);

    private ScoreDistribution _scores = scores.Copy();

    /// <summary>The scores of the series so far.</summary>
    public KnownScores State
    {
        get
        {
            float[] recent = new float[_scorer.StateLength];
            _scorer.CopyStateTo(recent);
            return new KnownScores(recent, _scores.Lower, _scores.Upper) { Usual = _scorer.Usual?.State };
        }
        set
        {
            _scorer.CopyStateFrom(value.Recent);
            if (_scorer.Usual is { } usual && value.Usual is { } state)
                usual.State = state;
            _scores = _scores.With(value.Lower, value.Upper);
        }
    }

    /// <summary>Judges the next row by its value.</summary>
    /// <param name="stream">The series before the row.</param>
    /// <param name="value">The value; NaN where it is missing.</param>
    public SeriesDetection Judge(ForecastStream stream, float value)
    {
        if (!stream.HasForecast)
            return SeriesDetection.None;
        ForecastOutput forecast = stream[0];
        if (!float.IsFinite(value) || !double.IsFinite(forecast.Point))
            return SeriesDetection.Expecting(forecast.Point);
        double score = _scorer.Score(forecast, value);
        double p = _scores.PValue(rule.Side, score);
        (double lower, double upper) = Bounds(_scorer, forecast);
        if (rule.History > 0)
            _scores.Follow(score, rule.History);
        _scorer.Usual?.Follow(value);
        return new SeriesDetection(p <= rule.AlertBelow, score, p, forecast.Point, upper, lower);
    }

    /// <summary>What is expected of the next row, and beyond which values it would give an alert.</summary>
    public SeriesDetection Expect(ForecastOutput forecast)
    {
        var scorer = new ResidualScorer(rule.Scale, _scorer.Usual);
        float[] state = new float[_scorer.StateLength];
        _scorer.CopyStateTo(state);
        scorer.CopyStateFrom(state);
        scorer.Add(0);
        (double lower, double upper) = Bounds(scorer, forecast);
        return new SeriesDetection(false, double.NaN, double.NaN, forecast.Point, upper, lower);
    }

    private (double Lower, double Upper) Bounds(ResidualScorer scorer, ForecastOutput forecast)
    {
        (double lower, double upper) = _scores.Bounds(rule.Side, rule.AlertBelow);
        return (scorer.ValueOf(lower, forecast), scorer.ValueOf(upper, forecast));
    }
}

/// <summary>By what the rows of series are judged.</summary>
/// <param name="Scale">How residuals are standardized and summed.</param>
/// <param name="Side">Which deviations count.</param>
/// <param name="History">About how many scores of a series its p-values are based on; 0 for the calibration scores only.</param>
/// <param name="AlertBelow">The largest p-value that gives an alert.</param>
internal sealed record DetectionRule(ResidualScale Scale, ResidualSide Side, int History, double AlertBelow);

/// <summary>The scores of one series so far.</summary>
/// <param name="Recent">The state of the <see cref="ResidualScorer"/> of the series.</param>
/// <param name="Lower">The lower tail of the scores.</param>
/// <param name="Upper">The upper tail of the scores.</param>
internal sealed record KnownScores(float[] Recent, ExponentialTail Lower, ExponentialTail Upper)
{
    /// <summary>What is usual in the series; null where it doesn't count.</summary>
    public UsualState? Usual { get; set; }
}
