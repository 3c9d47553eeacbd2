namespace Microsoft.ML.Lstm.Evaluation;

/// <summary>One series while its rows are gone through: the forecasts whose values are still to come, and how the others did.</summary>
internal sealed class EvaluatedSeries
{
    private readonly ForecastTallies _tallies;
    private readonly ErrorSum[] _errors;
    private readonly double _confidenceLevel;
    private readonly ValueHistory[] _histories;
    private readonly int _baselines;
    // The forecasts (and bounds) of the last H rows, that of row t in slot t % H; null for a row whose forecasts don't count.
    private readonly float[][]?[] _pending;
    private long _rows;

    /// <param name="tallies">Where its forecasts are tallied, with those of other series.</param>
    /// <param name="targets">The columns that were forecast.</param>
    /// <param name="seasonality">The rows of a season.</param>
    /// <param name="confidenceLevel">How much the intervals mean to cover.</param>
    public EvaluatedSeries(ForecastTallies tallies, int targets, int seasonality, double confidenceLevel)
    {
        _tallies = tallies;
        _errors = new ErrorSum[tallies.Count];
        _confidenceLevel = confidenceLevel;
        _histories = new ValueHistory[targets];
        for (int d = 0; d < targets; d++)
            _histories[d] = new ValueHistory(tallies.Horizon, seasonality);
        _pending = new float[tallies.Horizon][][];
        _baselines = BaselineNames(seasonality).Length;
    }

    /// <summary>Rows added by <see cref="Add"/>.</summary>
    public long Rows => _rows;

    public static string[] BaselineNames(int seasonality) => seasonality > 1 ? ["naive", "drift", "seasonal naive"] : ["naive", "drift"];

    /// <summary>Adds the values of the next row to the history, without judging forecasts by them.</summary>
    public void AddHistory(ReadOnlySpan<float> actuals, bool countsForScale)
    {
        for (int d = 0; d < _histories.Length; d++)
            _histories[d].Add(float.IsFinite(actuals[d]) ? actuals[d] : double.NaN, countsForScale);
    }

    /// <summary>Adds the next row: judges the forecasts of its values, and keeps those that are made there.</summary>
    /// <param name="actuals">A value for each target.</param>
    /// <param name="forecasts">H x D forecasts, and if there are intervals as many lower and upper bounds; null if none is to be judged.</param>
    /// <param name="countsForScale">Whether the errors are measured by differences between these values.</param>
    public void Add(ReadOnlySpan<float> actuals, float[][]? forecasts, bool countsForScale)
    {
        int horizon = _pending.Length;
        for (int ahead = 1; ahead <= Math.Min(horizon, _rows); ahead++)
        {
            if (_pending[(_rows - ahead) % horizon] is not { } made)
                continue;
            for (int d = 0; d < actuals.Length; d++)
                Judge(made, ahead, d, actuals[d]);
        }
        _pending[_rows % horizon] = forecasts;
        AddHistory(actuals, countsForScale);
        _rows++;
    }

    /// <summary>Adds the errors in units of their scales, which are known when all rows are there, to the tallies.</summary>
    public void TallyScaledErrors() => _tallies.AddScaled(_errors, Array.ConvertAll(_histories, history => history.Scale));

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
    private static double Baseline(ValueHistory history, int method, int ahead) => method switch
    {
        1 => history.Naive(ahead),
        2 => history.Drift(ahead),
        _ => history.SeasonalNaive(ahead),
    };
}
