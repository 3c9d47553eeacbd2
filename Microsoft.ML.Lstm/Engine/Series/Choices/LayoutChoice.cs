using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Engine.Series.Choices;

/// <summary>What a user has decided of a layout; null is chosen from the data.</summary>
internal readonly record struct GivenLayout(SeriesScaling? Scaling, int? WindowSize, int? Lags);

/// <summary>A layout, and the error of its linear forecasts.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="Start">How the linear forecast is fitted.</param>
/// <param name="Error">The error on the rows measured, in units of the series.</param>
internal sealed record LayoutCandidate(ForecastLayout Layout, LinearStart Start, double Error)
{
    /// <summary>Another layout with less error, though not by enough to be chosen; null for none.</summary>
    public LayoutCandidate? Other { get; init; }
}

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
    private const long MostProducts = 8_000_000;
    private const int FewestSteps = 400;

    // What makes another layout or a smaller penalty worth it: so much of the error, and more where few rows tell.
    private const double Gain = 0.0025;
    private const double Doubt = 0.5;

    // Errors that differ less, in units of the series, differ by rounding: of a series that repeats itself exactly.
    private const double Exact = 1e-3;

    // Of the largest weight in a mean of linear forecasts.
    private const double LeastWeight = 0.05;

    private const int ManySeries = 10;

    // With fewer validation rows, rows before them are measured with too.
    private const int EnoughToTell = 400;

    // How much of the training rows is fitted then.
    private static readonly double[] Shares = [0.6, 0.8];

    // From the simple forecast to hardly any of it.
    private static readonly (double Penalty, bool Decays)[] Penalties =
    [
        (100, false), (10, false), (1, false), (0.1, false), (0.01, false), (0.001, false),
        (1, true), (0.1, true), (0.01, true), (0.001, true),
    ];

    private readonly ForecastData _data;
    private readonly GivenLayout _given;
    private readonly int[] _periods;
    private readonly bool _squares;
    private readonly double[][] _units;
    private readonly int _longest;
    private readonly double _gain;
    private readonly Fold[] _folds;
    private readonly long _validated;
    private readonly CancellationToken _stop;
    private LayoutCandidate? _best;
    private LayoutCandidate? _least;

    private LayoutChoice(ForecastData data, GivenLayout given, IReadOnlyList<int> periods, bool squares, CancellationToken stop)
    {
        (_data, _given, _periods, _squares, _stop) = (Sample(data), given, [.. periods], squares, stop);
        int targets = data.Layout.Targets, others = data.Layout.FeatureSize - targets * data.Layout.Lags;
        int rows = _data.TrainingRows.Order().ElementAt(_data.TrainingRows.Count / 2);
        // One series must have several times as many rows as lags; many series are data enough if they have more rows than lags.
        int most = _data.Rows.Count < ManySeries ? rows / 2 : 3 * rows / 4 - data.Layout.Horizon;
        _longest = Math.Max(1, Math.Min(most, (MostFeatures - others) / targets));
        _folds = FoldsOf(_data);
        _validated = _folds.Sum(fold => fold.Validated);
        _gain = Math.Max(Gain, Doubt / Math.Sqrt(Math.Max(1, _validated)));
        _units = [.. _data.Rows.Select((one, i) => SeriesUnits.Of(one, targets, _data.TrainingRows[i], periods.FirstOrDefault(1)))];
    }

    /// <summary>Chooses what is not given.</summary>
    /// <param name="data">The data; of its layout all but scaling, window and lags counts.</param>
    /// <param name="given">What is given.</param>
    /// <param name="periods">Periods that the series may have, the likeliest first.</param>
    /// <param name="squares">Whether squared errors count, else absolute ones.</param>
    /// <param name="stop">Cancels the search.</param>
    public static LayoutCandidate Choose(ForecastData data, GivenLayout given, IReadOnlyList<int> periods, bool squares,
        CancellationToken stop = default)
    {
        var choice = new LayoutChoice(data, given, periods, squares, stop);
        choice.Search();
        return choice._best! with { Other = choice._least!.Error < choice._best.Error ? choice._least : null };
    }

    /// <summary>
    /// The error of linear forecasts with a layout, which need not differ in lags or window; with fewer lags where more features of a step
    /// leave no room for so many.
    /// </summary>
    public static LayoutCandidate Measure(ForecastData data, ForecastLayout layout, IReadOnlyList<int> periods, bool squares,
        CancellationToken stop = default)
    {
        var choice = new LayoutChoice(data, default, periods, squares, stop);
        choice.Try(layout.Scaling, layout.WindowSize, Math.Min(layout.Lags, choice._longest));
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

    /// <summary>
    /// The rows to fit and those to measure: the training and the validation rows and, where the latter are few, before them parts of the
    /// training rows too (rolling origins; Tashman 2000).
    /// </summary>
    private static Fold[] FoldsOf(ForecastData data)
    {
        Fold last = FoldOf(data, 1, i => data.Rows[i].Count);
        return last.Validated >= EnoughToTell ? [last]
            : [.. Shares.Select((share, i) => FoldOf(data, share,
                row => (int)((i + 1 < Shares.Length ? Shares[i + 1] : 1) * data.TrainingRows[row]))), last];
    }

    private static Fold FoldOf(ForecastData data, double share, Func<int, int> endOf)
        => new([.. data.TrainingRows.Select(rows => (int)(share * rows))], [.. Enumerable.Range(0, data.Rows.Count).Select(endOf)]);

    private static int WindowFor(int lags) => Math.Max(24, 2 * (lags - 1));

    private void Try(SeriesScaling scaling, int window, int lags)
    {
        window = _given.WindowSize ?? window;
        lags = Math.Min(_given.Lags ?? lags, window);
        if (lags < 1 || (lags > _longest && _given.Lags is null) || window < Math.Min(4, _longest))
            return;
        ForecastLayout layout = _data.Layout with { Scaling = scaling, WindowSize = window, Lags = lags };
        int[] seasons = [.. _periods.Append(1).Where(period => period <= lags).Distinct()];
        FittedFold[] folds = [.. _folds.Select(fold => Fit(fold, layout))];
        if (folds[^1].Fit.Steps == 0 && _best is not null)
            return;
        LinearWay[][] ways = [.. folds.Select(fold => Enumerable.ToArray(
            seasons.Select(LagForecast.Naive).Prepend(fold.Fit.BestOf(LagForecast.For(lags, seasons)))
                .Concat(layout.ThetaSeason is null ? [] : [LagForecast.Theta])
                .SelectMany(simple => Penalties.Select(one => new LinearWay(simple, one.Penalty, one.Decays)))))];
        double[] errors =
            [.. Enumerable.Range(0, ways[0].Length).Select(way => ErrorOf(layout, folds, i => folds[i].Fit.Solve(ways[i][way])))];
        (int Way, double Weight)[] weights = WeightsOf(errors);
        // What few errors would choose among many is no better than the mean of those that are about as good.
        LinearStart StartOf(int fold) => new([.. weights.Select(one => (ways[fold][one.Way], one.Weight))]);
        double error = ErrorOf(layout, folds, i => folds[i].Fit.Solve(StartOf(i)));
        var candidate = new LayoutCandidate(layout, StartOf(folds.Length - 1), error);
        if (_best is null || error < _best.Error * (1 - _gain) - Exact)
            _best = candidate;
        if (_least is null || error < _least.Error)
            _least = candidate;
    }

    private FittedFold Fit(Fold fold, ForecastLayout layout)
    {
        ForecastData data = _data with { Layout = layout, TrainingRows = fold.Rows };
        RowScaling units = SeriesStatistics.Of(data);
        EncodedSeries[] series =
        [
            .. data.Rows.Select((rows, i) =>
            {
                _stop.ThrowIfCancellationRequested();
                return EncodedSeries.Encode(layout, units, rows, _units[i]);
            }),
        ];
        return new FittedFold(fold, series, new LinearForecastFit(layout, series, i => fold.Rows[i]));
    }

    /// <summary>
    /// The weights of some ways, by the likelihood of their errors: of n errors of a normal distribution it is the -n-th power of their
    /// root mean square. Errors of forecasts that overlap tell partly the same.
    /// </summary>
    private (int Way, double Weight)[] WeightsOf(double[] errors)
    {
        if (double.IsInfinity(errors.Min()))
            return [(0, 1)];
        double least = Math.Max(errors.Min(), Exact), errorsThatTell = Math.Max(1, _validated / Math.Sqrt(_data.Layout.Horizon));
        (int Way, double Weight)[] weights =
        [
            .. errors.Select((error, way) => (Way: way, Weight: Math.Pow(least / Math.Max(error, least), errorsThatTell)))
                .Where(one => one.Weight >= LeastWeight).OrderByDescending(one => one.Weight),
        ];
        double sum = weights.Sum(one => one.Weight);
        return [.. weights.Select(one => (one.Way, one.Weight / sum))];
    }

    private double ErrorOf(ForecastLayout layout, FittedFold[] folds, Func<int, LinearForecast> forecastOf)
    {
        double sum = 0;
        long count = 0;
        for (int i = 0; i < folds.Length; i++)
            AddErrors(folds[i].Fold, layout, forecastOf(i), folds[i].Series, ref sum, ref count);
        return count == 0 ? double.PositiveInfinity : _squares ? Math.Sqrt(sum / count) : sum / count;
    }

    private void AddErrors(Fold fold, ForecastLayout layout, LinearForecast forecast, EncodedSeries[] series, ref double sum,
        ref long count)
    {
        int targets = layout.Targets, size = layout.FeatureSize;
        float[] features = new float[size];
        double[] values = new double[layout.Values];
        int every = (int)Math.Max(1, fold.Validated / Math.Max(FewestSteps, MostProducts / ((long)size * values.Length)));
        for (int i = 0; i < series.Length; i++)
        {
            _stop.ThrowIfCancellationRequested();
            EncodedSeries one = series[i];
            for (int t = Math.Max(0, fold.Rows[i] - 1); t < fold.Ends[i] - 1; t += every)
            {
                one.CopyFeaturesTo(t, features);
                forecast.Forecast(features, values);
                int known = Math.Min(values.Length, (fold.Ends[i] - 1 - t) * targets);
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

    /// <summary>How many rows of each series to fit, and where the rows end that are measured.</summary>
    private sealed record Fold(int[] Rows, int[] Ends)
    {
        public long Validated { get; } = Rows.Zip(Ends).Sum(one => (long)(one.Second - one.First));
    }

    private sealed record FittedFold(Fold Fold, EncodedSeries[] Series, LinearForecastFit Fit);
}
