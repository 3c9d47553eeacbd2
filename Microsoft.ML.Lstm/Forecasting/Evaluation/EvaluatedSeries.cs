namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>One series in an evaluation: the forecasts whose values are still to come, and the errors of earlier forecasts.</summary>
internal sealed class EvaluatedSeries
{
    private readonly ForecastTallies _tallies;
    private readonly ErrorSum[] _errors;
    private readonly double _confidenceLevel;
    private readonly BaselineForecasts[] _histories;
    private readonly int _baselines;
    // The forecasts and bounds made at the last H steps: step t is in slot t % H, null if none of its forecasts count.
    private readonly float[][]?[] _pending;
    private readonly float[] _missing;
    private long _steps;

    /// <param name="tallies">The tallies, which receive the errors of all series.</param>
    /// <param name="targets">D: how many targets are forecast.</param>
    /// <param name="seasonality">How many rows a season has.</param>
    /// <param name="confidenceLevel">The share of values that the intervals are to hold.</param>
    public EvaluatedSeries(ForecastTallies tallies, int targets, int seasonality, double confidenceLevel)
    {
        _tallies = tallies;
        _errors = new ErrorSum[tallies.Count];
        _confidenceLevel = confidenceLevel;
        _histories = new BaselineForecasts[targets];
        for (int d = 0; d < targets; d++)
            _histories[d] = new BaselineForecasts(tallies.Horizon, seasonality);
        _pending = new float[tallies.Horizon][][];
        _missing = new float[targets];
        _missing.AsSpan().Fill(float.NaN);
        _baselines = BaselineNames(seasonality).Length;
    }

    /// <summary>How many rows <see cref="Add"/> has added.</summary>
    public long Rows { get; private set; }

    /// <summary>The time of the last row; null if there is none, or there are no times.</summary>
    public DateTimeOffset? Time { get; set; }

    public static string[] BaselineNames(int seasonality) => seasonality > 1 ? ["naive", "drift", "seasonal naive"] : ["naive", "drift"];

    /// <summary>Adds the values of the next row to the baselines' history, without comparing forecasts with them.</summary>
    public void AddHistory(ReadOnlySpan<float> actuals, bool countsForScale)
    {
        for (int d = 0; d < _histories.Length; d++)
            _histories[d].Add(float.IsFinite(actuals[d]) ? actuals[d] : double.NaN, countsForScale);
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
        foreach (BaselineForecasts history in _histories)
            history.LeaveOut(steps - judged);
        _steps += steps - judged;
    }

    /// <summary>Tallies the errors in units of their scales, which are known once all rows have been added.</summary>
    public void TallyScaledErrors() => _tallies.AddScaled(_errors, Array.ConvertAll(_histories, history => history.Scale));

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
        _pending[_steps % horizon] = forecasts;
        AddHistory(actuals, countsForScale);
        _steps++;
    }

    private void Judge(float[][] made, int ahead, int target, float actual)
    {
        int step = ahead - 1, at = step * _histories.Length + target;
        float forecast = made[0][at];
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
        if (made.Length > 1 && !float.IsNaN(made[1][at]) && !float.IsNaN(made[2][at]))
            _tallies[index].AddInterval(actual, made[1][at], made[2][at], _confidenceLevel);
        for (int method = 1; method <= _baselines; method++)
        {
            double baseline = Baseline(_histories[target], method, ahead);
            if (!double.IsNaN(baseline))
                Tally(method, step, target, actual, baseline);
        }
    }

    private int Tally(int method, int step, int target, double actual, double forecast)
    {
        int index = _tallies.IndexOf(method, step, target);
        _tallies[index].Add(actual, forecast);
        _errors[index].Add(actual, forecast);
        return index;
    }

    // In the order of BaselineNames.
    private static double Baseline(BaselineForecasts history, int method, int ahead) => method switch
    {
        1 => history.Naive(ahead),
        2 => history.Drift(ahead),
        _ => history.SeasonalNaive(ahead),
    };
}
