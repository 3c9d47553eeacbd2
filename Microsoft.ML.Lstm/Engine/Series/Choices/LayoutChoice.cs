namespace Microsoft.ML.Lstm.Engine.Series.Choices;

/// <summary>What a user has decided of a layout; null is chosen from the data.</summary>
internal readonly record struct GivenLayout(SeriesScaling? Scaling, int? WindowSize, int? Lags);

/// <summary>A layout, and the error of its linear forecasts.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="Season">The period of the naive forecast that it begins with; 1 for the last value.</param>
/// <param name="Penalty">The penalty on its weights.</param>
/// <param name="Error">The error on the validation rows, in units of the series.</param>
internal sealed record LayoutCandidate(ForecastLayout Layout, int Season, double Penalty, double Error);

/// <summary>
/// Chooses scaling, lags and window by the errors on the validation rows of linear forecasts from the same features, which take a moment:
/// the network's head is such a linear forecast, with recurrent units beside.
/// </summary>
internal sealed class LayoutChoice
{
    // Rows that the candidates are compared on.
    private const int MostRows = 20_000;

    // Features of a step, so that the sums of products stay small.
    private const int MostFeatures = 400;

    // Products of a candidate's forecasts.
    private const long MostProducts = 20_000_000;
    private const int FewestSteps = 400;

    // What makes another layout or a smaller penalty worth it: so much of the error, and more where few rows tell.
    private const double Gain = 0.0025;
    private const double Doubt = 0.15;

    // Errors that differ less, in units of the series, differ by rounding: of a series that repeats itself exactly.
    private const double Exact = 1e-3;

    private const int ManySeries = 10;

    // From the naive forecast to hardly any.
    private static readonly double[] Penalties = [100, 10, 1, 0.1, 0.01, 0.001];

    private readonly ForecastData _data;
    private readonly GivenLayout _given;
    private readonly int[] _periods;
    private readonly bool _squares;
    private readonly double[][] _units;
    private readonly int _longest;
    private readonly double _gain;
    private LayoutCandidate? _best;

    private LayoutChoice(ForecastData data, GivenLayout given, IReadOnlyList<int> periods, bool squares)
    {
        (_data, _given, _periods, _squares) = (Sample(data), given, [.. periods], squares);
        int targets = data.Layout.Targets, others = data.Layout.FeatureSize - targets * data.Layout.Lags;
        int rows = _data.TrainingRows.Order().ElementAt(_data.TrainingRows.Count / 2);
        // One series must have several times as many rows as lags; many series are data enough if they have more rows than lags.
        int most = _data.Rows.Count < ManySeries ? rows / 3 : 3 * rows / 4 - data.Layout.Horizon;
        _longest = Math.Max(1, Math.Min(most, (MostFeatures - others) / targets));
        int validated = Enumerable.Range(0, _data.Rows.Count).Sum(i => _data.Rows[i].Count - _data.TrainingRows[i]);
        _gain = Math.Max(Gain, Doubt / Math.Sqrt(Math.Max(1, validated)));
        _units = [.. _data.Rows.Select((one, i) => SeriesUnits.Of(one, targets, _data.TrainingRows[i], periods.FirstOrDefault(1)))];
    }

    /// <summary>Chooses what is not given.</summary>
    /// <param name="data">The data; of its layout all but scaling, window and lags counts.</param>
    /// <param name="given">What is given.</param>
    /// <param name="periods">Periods that the series may have, the likeliest first.</param>
    /// <param name="squares">Whether squared errors count, else absolute ones.</param>
    public static LayoutCandidate Choose(ForecastData data, GivenLayout given, IReadOnlyList<int> periods, bool squares)
    {
        var choice = new LayoutChoice(data, given, periods, squares);
        choice.Search();
        return choice._best!;
    }

    /// <summary>The error of linear forecasts with a layout, which need not differ in lags or window.</summary>
    public static LayoutCandidate Measure(ForecastData data, ForecastLayout layout, IReadOnlyList<int> periods, bool squares)
    {
        var choice = new LayoutChoice(data, default, periods, squares);
        choice.Try(layout.Scaling, layout.WindowSize, layout.Lags);
        return choice._best!;
    }

    private void Search()
    {
        SeriesScaling[] scalings = _given.Scaling is { } scaling ? [scaling]
            : [SeriesScaling.LastValue, SeriesScaling.Window, SeriesScaling.Series];
        int[] lags = [.. _periods.Select(period => period + 1).Append(12).Append(_periods.Length == 0 ? 24 : 12)
            .Where(one => one <= _longest).DefaultIfEmpty(_longest).Distinct()];
        foreach (SeriesScaling one in scalings)
        {
            foreach (int count in lags)
                Try(one, WindowFor(count), count);
        }
        ForecastLayout best = _best!.Layout;
        foreach (int count in new[] { best.Lags / 2, 3 * best.Lags / 2, 2 * best.Lags, 4 * best.Lags })
            Try(best.Scaling, Math.Max(best.WindowSize, count), count);
        best = _best.Layout;
        if (best.Scaling == SeriesScaling.Window)
        {
            foreach (int size in new[] { best.WindowSize / 2, best.WindowSize * 2 })
                Try(best.Scaling, size, Math.Min(best.Lags, size));
        }
    }

    private static int WindowFor(int lags) => Math.Max(24, 2 * (lags - 1));

    private void Try(SeriesScaling scaling, int window, int lags)
    {
        window = _given.WindowSize ?? window;
        lags = Math.Min(_given.Lags ?? lags, window);
        if (lags < 1 || (lags > _longest && _given.Lags is null) || window < Math.Min(4, _longest))
            return;
        ForecastData data = _data with { Layout = _data.Layout with { Scaling = scaling, WindowSize = window, Lags = lags } };
        RowScaling units = SeriesStatistics.Of(data);
        EncodedSeries[] series = [.. data.Rows.Select((rows, i) => EncodedSeries.Encode(data.Layout, units, rows, _units[i]))];
        var fit = new LinearForecastFit(data.Layout, series, i => data.TrainingRows[i]);
        if (fit.Steps == 0 && _best is not null)
            return;
        // Each weight that is fitted adds to the error of new rows (Akaike's final prediction error, 1970).
        double fitted = 1 + (double)data.Layout.FeatureSize / Math.Max(1, fit.Steps);
        // Of seasonal series, what differs from the value a season ago comes first.
        foreach (int season in _periods.Append(1).Where(period => period <= lags))
        {
            foreach (double penalty in Penalties)
            {
                double error = Error(data, fit.Solve(penalty, season), series) * fitted;
                if (_best is null || error < _best.Error * (1 - _gain) - Exact)
                    _best = new LayoutCandidate(data.Layout, season, penalty, error);
            }
        }
    }

    private double Error(ForecastData data, LinearForecast forecast, EncodedSeries[] series)
    {
        int targets = data.Layout.Targets, size = data.Layout.FeatureSize;
        float[] features = new float[size];
        double[] values = new double[data.Layout.Values];
        long steps = Enumerable.Range(0, series.Length).Sum(i => (long)(series[i].Steps - data.TrainingRows[i]));
        int every = (int)Math.Max(1, steps / Math.Max(FewestSteps, MostProducts / ((long)size * values.Length)));
        double sum = 0, count = 0;
        for (int i = 0; i < series.Length; i++)
        {
            EncodedSeries one = series[i];
            for (int t = Math.Max(0, data.TrainingRows[i] - 1); t < one.Steps - 1; t += every)
            {
                one.CopyFeaturesTo(t, features);
                forecast.Forecast(features, values);
                int known = Math.Min(values.Length, (one.Steps - 1 - t) * targets);
                for (int v = 0; v < known; v++)
                {
                    int d = v % targets;
                    double error = (one.Values[(t + 1) * targets + v]
                        - (one.Levels[t * targets + d] + one.Scales[t * targets + d] * values[v])) / _units[i][d];
                    if (!double.IsFinite(error))
                        continue;
                    sum += _squares ? error * error : Math.Abs(error);
                    count++;
                }
            }
        }
        return count == 0 ? double.PositiveInfinity : _squares ? Math.Sqrt(sum / count) : sum / count;
    }

    /// <summary>Some of the series, or the last rows of each.</summary>
    private static ForecastData Sample(ForecastData data)
    {
        long rows = data.Rows.Sum(one => (long)one.Count);
        int every = (int)Math.Min(Math.Max(1, rows / MostRows), Math.Max(1, data.Rows.Count / 20));
        int[] chosen = [.. Enumerable.Range(0, data.Rows.Count).Where(i => i % every == 0)];
        int most = Math.Max(MostRows / chosen.Length, 200);
        var sampled = new List<SeriesRows>();
        var training = new List<int>();
        foreach (int i in chosen)
        {
            SeriesRows one = data.Rows[i];
            int first = Math.Max(0, one.Count - most);
            // As large a share for validation as before.
            sampled.Add(one.From(first, sampled.Count + 1));
            training.Add(first == 0 ? data.TrainingRows[i] : (int)((long)data.TrainingRows[i] * (one.Count - first) / one.Count));
        }
        return data with { Rows = sampled, TrainingRows = training };
    }
}
