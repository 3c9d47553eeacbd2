using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>One series in an evaluation: the forecasts whose values are still to come, and the errors of earlier forecasts.</summary>
internal sealed class EvaluatedSeries
{
    private readonly ForecastTallies _tallies;
    private readonly ErrorSum[] _errors;
    private readonly EvaluatedBaselines _baselines;
    private readonly double _confidenceLevel;
    private readonly BaselineHistory[] _histories;
    private readonly SeasonalDifferences[] _differences;
    // The forecasts made at the last H steps: step t is in slot t % H, null if none of its forecasts count.
    private readonly Forecasts?[] _pending;
    private readonly float[] _missing;
    private long _steps;

    /// <param name="tallies">The tallies, which receive the errors of all series.</param>
    /// <param name="targets">D: how many targets are forecast.</param>
    /// <param name="baselines">The baselines to compare with.</param>
    /// <param name="confidenceLevel">The share of values that the intervals are to hold.</param>
    public EvaluatedSeries(ForecastTallies tallies, int targets, EvaluatedBaselines baselines, double confidenceLevel)
    {
        _tallies = tallies;
        _errors = new ErrorSum[tallies.Count];
        _baselines = baselines;
        _confidenceLevel = confidenceLevel;
        _histories = [.. Enumerable.Range(0, targets).Select(_ => new BaselineHistory(baselines.Seasonality))];
        _differences = [.. Enumerable.Range(0, targets).Select(_ => new SeasonalDifferences(baselines.Seasonality))];
        _pending = new Forecasts?[tallies.Horizon];
        _missing = new float[targets];
        _missing.AsSpan().Fill(float.NaN);
    }

    /// <summary>How many rows <see cref="Add"/> has added.</summary>
    public long Rows { get; private set; }

    /// <summary>The time of the last row; null if there is none, or there are no times.</summary>
    public DateTimeOffset? Time { get; set; }

    /// <summary>Adds the values of the next row to the baselines' history, without comparing forecasts with them.</summary>
    public void AddHistory(ReadOnlySpan<float> actuals, bool countsForScale)
    {
        for (int d = 0; d < _histories.Length; d++)
        {
            _histories[d].Add(actuals[d]);
            _differences[d].Add(float.IsFinite(actuals[d]) ? actuals[d] : float.NaN, countsForScale);
        }
    }

    /// <summary>Adds the next row: compares earlier forecasts with its values, and keeps the forecasts made at it.</summary>
    /// <param name="actuals">A value for each target.</param>
    /// <param name="forecasts">H x D forecasts and, if there are intervals, as many lower and upper bounds; null if they do not
    /// count.</param>
    /// <param name="countsForScale">Whether differences between these values count for the scale of errors.</param>
    public void Add(ReadOnlySpan<float> actuals, float[][]? forecasts, bool countsForScale)
    {
        AddStep(actuals, forecasts, countsForScale);
        Rows++;
    }

    /// <summary>Adds steps without a row: their values are missing, and nothing is forecast at them.</summary>
    public void LeaveOut(long steps)
    {
        // After H steps no forecast is pending.
        long judged = Rows == 0 ? 0 : Math.Min(steps, _pending.Length);
        for (long i = 0; i < judged; i++)
            AddStep(_missing, null, countsForScale: false);
        for (int d = 0; d < _histories.Length; d++)
        {
            _histories[d].LeaveOut(steps - judged);
            _differences[d].LeaveOut(steps - judged);
        }
        _steps += steps - judged;
    }

    /// <summary>Tallies the errors in units of their scales, which are known once all rows have been added.</summary>
    public void TallyScaledErrors() => _tallies.AddScaled(_errors, Array.ConvertAll(_differences, differences => differences.Mean));

    private void AddStep(ReadOnlySpan<float> actuals, float[][]? forecasts, bool countsForScale)
    {
        int horizon = _pending.Length;
        for (int ahead = 1; ahead <= Math.Min(horizon, _steps); ahead++)
        {
            if (_pending[(_steps - ahead) % horizon] is not { } made)
                continue;
            for (int d = 0; d < actuals.Length; d++)
                Judge(made, ahead, d, actuals[d]);
        }
        AddHistory(actuals, countsForScale);
        _pending[_steps % horizon] = forecasts is null ? null : new Forecasts(forecasts, Array.ConvertAll(_histories, _baselines.Forecast));
        _steps++;
    }

    private void Judge(Forecasts made, int ahead, int target, float actual)
    {
        int step = ahead - 1, at = step * _histories.Length + target;
        float forecast = made.Columns[0][at];
        if (!float.IsFinite(actual))
        {
            _tallies.MissingActuals++;
            return;
        }
        if (float.IsNaN(forecast))
        {
            _tallies.MissingForecasts++;
            return;
        }
        int index = Tally(0, step, target, actual, forecast);
        if (made.Columns.Length > 1 && !float.IsNaN(made.Columns[1][at]) && !float.IsNaN(made.Columns[2][at]))
            _tallies[index].AddInterval(actual, made.Columns[1][at], made.Columns[2][at], _confidenceLevel);
        for (int i = 0; i < _baselines.Methods.Length; i++)
        {
            double baseline = made.Baselines[target][_baselines.Methods[i], ahead];
            if (!double.IsNaN(baseline))
                Tally(i + 1, step, target, actual, baseline);
        }
    }

    private int Tally(int method, int step, int target, double actual, double forecast)
    {
        int index = _tallies.IndexOf(method, step, target);
        _tallies[index].Add(actual, forecast);
        _errors[index].Add(actual, forecast);
        return index;
    }

    /// <summary>What was forecast at a row.</summary>
    /// <param name="Columns">The points and, if there are intervals, the lower and the upper bounds, H x D each.</param>
    /// <param name="Baselines">What the baselines forecast of each target.</param>
    private sealed record Forecasts(float[][] Columns, BaselineForecasts[] Baselines);
}

/// <summary>The baselines of an evaluation.</summary>
/// <param name="seasonality">How many rows a season has.</param>
/// <param name="horizon">How many steps ahead forecasts go.</param>
internal sealed class EvaluatedBaselines(int seasonality, int horizon)
{
    private readonly ThetaMethod _theta = BaselineHistory.NewTheta(seasonality);

    public int Seasonality => seasonality;

    public Baseline[] Methods { get; } = BaselineNames.Of(seasonality);

    /// <summary>What the baselines forecast after the last value of a history.</summary>
    public BaselineForecasts Forecast(BaselineHistory history)
    {
        var forecasts = new BaselineForecasts(seasonality, horizon);
        history.Forecast(_theta, forecasts);
        return forecasts;
    }
}
