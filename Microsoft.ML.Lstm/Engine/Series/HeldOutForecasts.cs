using System.Globalization;
using Microsoft.ML.Lstm.Engine.Series.Baselines;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Compares a forecaster with the baselines on the rows held out for validation. Forecasts start at rows spread evenly over these, so many
/// that the baselines take a moment only.
/// </summary>
/// <remarks>
/// An error is measured in units of the error of the seasonal naive forecast in the training rows of the same series and target (Hyndman
/// and Koehler 2006): <c>MASE</c>, by absolute errors, where the loss is one of absolute errors, else <c>RMSSE</c>, by squared errors, as
/// in the M5 competition. Targets that don't vary there do not count, nor do steps for which a baseline has nothing to go by.
/// </remarks>
internal sealed class HeldOutForecasts
{
    // The theta method takes some 0.1 ms a forecast.
    private const int MostForecasts = 1000;
    private const int MostValues = 40_000;
    private const double EqualObservations = 100;

    // Of fewer seasons one that is unusual decides.
    private const int FewSeasons = 3;

    private const string MoreRows = "More rows to learn from may help the network.";

    private readonly ForecastData _data;
    private readonly int _every;
    // Of each series its first row held out, and the number of its first origin, counted over all series.
    private readonly int[] _firstRows;
    private readonly long[] _firstOrigins;
    private readonly double[] _units;
    private readonly BaselineErrors _errors;
    private readonly int[] _slots;

    /// <param name="data">The series.</param>
    /// <param name="stop">Cancels the forecasts of the baselines.</param>
    public HeldOutForecasts(ForecastData data, CancellationToken stop)
    {
        _data = data;
        ForecastLayout layout = data.Layout;
        int series = data.Rows.Count, targets = layout.Targets;
        (_firstRows, _firstOrigins) = (new int[series], new long[series + 1]);
        for (int i = 0; i < series; i++)
        {
            int observed = data.Rows[i].CountObserved(targets, layout.KnownCovariates);
            _firstRows[i] = Math.Max(0, data.TrainingRows[i] - 1);
            _firstOrigins[i + 1] = _firstOrigins[i] + Math.Max(0, observed - 1 - _firstRows[i]);
        }
        int most = Math.Max(1, Math.Min(MostForecasts / targets, MostValues / layout.Values));
        _every = (int)((_firstOrigins[^1] + most - 1) / most);
        // Steps of whole seasons would see one place in the season only.
        while (_every > 1 && data.Seasonality > 1 && Gcd(_every, data.Seasonality) > 1)
            _every++;
        _units = [.. Enumerable.Range(0, series * targets).Select(at => UnitOf(at / targets, at % targets))];
        UsesSquares = ForecastLossDescription.Of(layout.Loss) is { IgnoresOutliers: false } && layout.Loss != ForecastLoss.Quantile;
        // Forecasts that overlap tell the same twice.
        _errors = new BaselineErrors(BaselineNames.Of(data.Seasonality), UsesSquares, (double)_firstOrigins[^1] / layout.Horizon);
        _slots = new int[(_firstOrigins[^1] + _every - 1) / Math.Max(1, _every)];
        AddBaselines(stop);
    }

    /// <summary>The metric: <c>RMSSE</c> or <c>MASE</c>.</summary>
    public string Metric => UsesSquares ? "RMSSE" : "MASE";

    /// <summary>
    /// How many forecasts there are to compare, and how many seasons the longest series has of them if few: such as
    /// <c> (29 forecasts within 1.2 seasons)</c>.
    /// </summary>
    public string Extent
    {
        get
        {
            long rows = _firstOrigins.Skip(1).Zip(_firstOrigins, (end, begin) => end - begin).Max();
            double seasons = (double)rows / _data.Seasonality;
            return string.Create(CultureInfo.InvariantCulture, $" ({_slots.Length} forecasts")
                + (_data.Seasonality == 1 || seasons >= FewSeasons ? ")"
                    : string.Create(CultureInfo.InvariantCulture, $" within {seasons:0.#} seasons of {_data.Seasonality} rows)"));
        }
    }

    private bool UsesSquares { get; }

    /// <summary>Takes the forecasts of a stream after a row, where they are among those to compare.</summary>
    public void Add(ForecastStream stream, int series, int row)
    {
        long origin = _firstOrigins[series] + row - _firstRows[series];
        if (origin % _every != 0)
            return;
        int at = _slots[origin / _every];
        foreach ((int value, double _) in ValuesAfter(series, row))
            _errors.SetNetwork(at++, stream[value].Point);
    }

    /// <summary>Forgets the forecasts taken, for those of another model.</summary>
    public void Clear() => _errors.Clear();

    /// <summary>Compares the forecasts taken with the baselines; null where nothing can be compared.</summary>
    public BaselineComparison? Compare() => _errors.Compare(_data.Seasonality);

    /// <summary>The error of each forecast taken, NaN where there is none; the mean of several forecasts has the mean of their
    /// errors.</summary>
    public double[] NetworkErrors => _errors.NetworkErrors;

    /// <summary>
    /// The weights of several networks by <see cref="NetworkErrors"/> of each, drawn towards the same for all as if a hundred forecasts had
    /// said so.
    /// </summary>
    public double[] WeightsOf(double[][] networkErrors)
        => MixtureWeights.Of(Enumerable.Range(0, networkErrors[0].Length).Select(at => Array.ConvertAll(networkErrors, one => one[at]))
            .Where(errors => !errors.Contains(double.NaN)), UsesSquares,
            [.. Enumerable.Repeat(1.0 / networkErrors.Length, networkErrors.Length)],
            EqualObservations / Math.Max(1, (double)_firstOrigins[^1] / _data.Layout.Horizon));

    /// <summary>The metric of errors; null where there is none.</summary>
    public double? ErrorOf(double[] networkErrors) => _errors.ErrorOf(networkErrors);

    /// <summary>Says in the report and in the log which of network and baselines errs least.</summary>
    public void Describe(BaselineComparison comparison, TrainingReport report, bool? fallsBack, ITrainingMonitor monitor)
    {
        (report.Metric, report.Extent) = (Metric, Extent);
        report.Error = comparison.Network;
        report.Winner = comparison.Winner;
        report.Baselines = [.. comparison.Baselines.Select(one => new BaselineError(BaselineNames.NameOf(one.Baseline), one.Error)
        {
            Weight = comparison.Best?.Weights[(int)one.Baseline] ?? 0,
        })];
        if (double.IsFinite(comparison.Mixture))
            report.Baselines = [.. report.Baselines, new BaselineError(TrainingReport.Mixture, comparison.Mixture)];
        report.LogErrors(monitor, fallsBack switch
        {
            null => MoreRows,
            false => $"With FallBackToBaseline the best of them forecasts. {MoreRows}",
            true => null,
        });
    }

    private void AddBaselines(CancellationToken stop)
    {
        ForecastLayout layout = _data.Layout;
        ThetaMethod theta = BaselineHistory.NewTheta(_data.Seasonality);
        BaselineForecasts[] forecasts =
            [.. Enumerable.Range(0, layout.Targets).Select(_ => new BaselineForecasts(_data.Seasonality, layout.Horizon))];
        for (int i = 0; i < _data.Rows.Count; i++)
        {
            BaselineHistory[] histories =
                [.. Enumerable.Range(0, layout.Targets).Select(_ => new BaselineHistory(_data.Seasonality))];
            long origins = _firstOrigins[i + 1] - _firstOrigins[i];
            for (int t = 0; t < _firstRows[i] + origins; t++)
            {
                for (int d = 0; d < histories.Length; d++)
                    histories[d].Add(_data.Rows[i][t][d]);
                long origin = _firstOrigins[i] + t - _firstRows[i];
                if (t < _firstRows[i] || origin % _every != 0)
                    continue;
                stop.ThrowIfCancellationRequested();
                for (int d = 0; d < histories.Length; d++)
                    histories[d].Forecast(theta, forecasts[d]);
                _slots[origin / _every] = _errors.Count;
                foreach ((int value, double unit) in ValuesAfter(i, t))
                {
                    int d = value % layout.Targets, ahead = value / layout.Targets + 1;
                    bool isLate = t - _firstRows[i] >= origins / 2;
                    _errors.Add(_data.Rows[i][t + ahead][d], unit, isLate, forecasts[d], ahead);
                }
            }
        }
    }

    /// <summary>The values of a forecast after a row that can be compared, and the units of their errors.</summary>
    private IEnumerable<(int Value, double Unit)> ValuesAfter(int series, int row)
    {
        int targets = _data.Layout.Targets, ahead = Math.Min(_data.Layout.Horizon, _data.Rows[series].Count - 1 - row);
        for (int value = 0; value < ahead * targets; value++)
        {
            double unit = _units[series * targets + value % targets];
            if (unit > 0 && float.IsFinite(_data.Rows[series][row + 1 + value / targets][value % targets]))
                yield return (value, unit);
        }
    }

    /// <summary>The mean error of the seasonal naive forecast in the training rows; of a shorter series, of the last value.</summary>
    private double UnitOf(int series, int target)
    {
        int rows = _data.TrainingRows[series], lag = rows > _data.Seasonality ? _data.Seasonality : 1;
        double sum = 0;
        long count = 0;
        for (int t = lag; t < rows; t++)
        {
            double change = (double)_data.Rows[series][t][target] - _data.Rows[series][t - lag][target];
            if (double.IsFinite(change))
                (sum, count) = (sum + (UsesSquares ? change * change : Math.Abs(change)), count + 1);
        }
        double mean = count > 0 ? sum / count : 0;
        return UsesSquares ? Math.Sqrt(mean) : mean;
    }

    private static int Gcd(int one, int other) => other == 0 ? one : Gcd(other, one % other);
}
