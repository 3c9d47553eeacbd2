using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Forecasts that are a linear function of a step's features: what the skip of a forecasting network begins with, and a quick measure of
/// what features are worth.
/// </summary>
/// <param name="layout">The inputs and outputs of a step.</param>
/// <param name="weights">The weight of each feature for each value of a forecast, then the biases, [(F + 1) x H·D].</param>
/// <param name="spreads">The deviation of the values from the naive forecast, H·D: how far they may be off.</param>
internal sealed class LinearForecast(ForecastLayout layout, double[] weights, double[] spreads)
{
    /// <summary>How far a value is off the naive forecast: the root mean squared error, in units of the scale.</summary>
    public double SpreadOf(int value) => spreads[value];

    /// <summary>The weights of a feature for the H·D values of a forecast; behind the last feature the biases.</summary>
    public ReadOnlySpan<double> WeightsOf(int feature) => weights.AsSpan(feature * layout.Values, layout.Values);

    /// <summary>Writes the forecast after a step, H·D values in units of the scale, relative to the level.</summary>
    public void Forecast(ReadOnlySpan<float> features, Span<double> destination)
    {
        WeightsOf(features.Length).CopyTo(destination);
        for (int i = 0; i < features.Length; i++)
        {
            if (features[i] != 0)
                TensorPrimitives.MultiplyAdd(WeightsOf(i), features[i], destination, destination);
        }
    }
}

/// <summary>The linear forecast that the skip of a network begins with.</summary>
/// <param name="Season">The period of the naive forecast that it differs from; 1 for the last value.</param>
/// <param name="Penalty">The penalty on that difference.</param>
internal readonly record struct LinearStart(int Season, double Penalty);

/// <summary>
/// Finds a <see cref="LinearForecast"/> by ridge regression (Hoerl and Kennard 1970). What is shrunk is the difference from a naive
/// forecast, so that a large penalty gives the last value, or the value a season ago, and a drift.
/// </summary>
internal sealed class LinearForecastFit
{
    // Products that are summed; more steps than that tell hardly more.
    private const long MostProducts = 400_000_000;
    private const int FewestSteps = 4000;

    // Steps of small scale have many units of noise, and those of a large scale few.
    private const double MostWeight = 10;

    // A drift is shrunk much less: it is one number for all steps.
    private const double BiasPenalty = 0.01;

    // Of the mean square of the features, so that features that are the same have a solution.
    private const double LeastPenalty = 1e-7;

    private const double LeastPivot = 1e-12;

    private readonly ForecastLayout _layout;
    private readonly int _size;
    private readonly double[] _squares;
    private readonly double[] _products;
    private readonly double[] _valueSquares;
    private readonly double _weights;

    /// <summary>Sums over the steps of each series whose values ahead are all known.</summary>
    /// <param name="layout">The inputs and outputs of a step.</param>
    /// <param name="series">The encoded series.</param>
    /// <param name="rows">How many rows of each series to learn from.</param>
    public LinearForecastFit(ForecastLayout layout, IReadOnlyList<EncodedSeries> series, Func<int, int> rows)
    {
        (_layout, _size) = (layout, layout.FeatureSize + 1);
        (_squares, _products) = (new double[_size * _size], new double[_size * layout.Values]);
        _valueSquares = new double[layout.Values];
        float[] features = new float[layout.FeatureSize];
        double[] x = new double[_size], y = new double[layout.Values];
        long steps = Enumerable.Range(0, series.Count).Sum(i => (long)rows(i));
        long most = Math.Max(FewestSteps, MostProducts / ((long)_size * (_size + layout.Values)));
        int every = (int)Math.Max(1, steps / most);
        // The first steps, whose lags reach beyond the beginning, are left out where there are others.
        int longest = Enumerable.Range(0, series.Count).Max(rows);
        int first = longest - layout.Lags - layout.Horizon >= longest / 4 ? layout.Lags - 1 : longest / 3;
        for (int i = 0; i < series.Count; i++)
        {
            for (int t = first; t < rows(i) - layout.Horizon; t += every)
            {
                if (!TryRead(series[i], t, features, x, y))
                    continue;
                Steps++;
                _weights += x[^1] * x[^1];
                TensorPrimitives.MultiplyAdd(y, y, _valueSquares, _valueSquares);
                for (int j = 0; j < _size; j++)
                {
                    if (x[j] == 0)
                        continue;
                    Span<double> squares = _squares.AsSpan(j * _size + j, _size - j), products = _products.AsSpan(j * y.Length, y.Length);
                    TensorPrimitives.MultiplyAdd(x.AsSpan(j), x[j], squares, squares);
                    TensorPrimitives.MultiplyAdd(y, x[j], products, products);
                }
            }
        }
        for (int j = 0; j < _size; j++)
        {
            for (int k = 0; k < j; k++)
                _squares[j * _size + k] = _squares[k * _size + j];
        }
    }

    /// <summary>How many steps were summed.</summary>
    public int Steps { get; private set; }

    /// <summary>
    /// The linear forecast that differs from the value <paramref name="season"/> steps before by weights that are punished by
    /// <paramref name="penalty"/> times the mean square of a feature.
    /// </summary>
    /// <param name="penalty">The penalty.</param>
    /// <param name="season">The period of the seasonal naive forecast; 1 for the last value. Lags that reach that far are needed.</param>
    public LinearForecast Solve(double penalty, int season)
    {
        int values = _layout.Values;
        double[] squares = [.. _squares], weights = [.. _products];
        int[] naive = [.. Enumerable.Range(0, values).Select(v => NaiveLag(v, season))];
        double mean = 0;
        for (int j = 0; j < _size; j++)
        {
            mean += j < _size - 1 ? _squares[j * _size + j] / (_size - 1) : 0;
            for (int v = 0; v < values; v++)
                weights[j * values + v] -= _squares[j * _size + naive[v]];
        }
        for (int j = 0; j < _size; j++)
            squares[j * _size + j] += ((j < _size - 1 ? penalty : BiasPenalty * penalty) + LeastPenalty) * Math.Max(mean, 1e-12);
        new CholeskyFactor(squares, _size, LeastPivot).Solve(weights, values);
        for (int v = 0; v < values; v++)
            weights[naive[v] * values + v]++;
        double[] spreads = [.. naive.Select((lag, v) => Math.Sqrt(Math.Max(0, _valueSquares[v] - 2 * _products[lag * values + v]
            + _squares[lag * _size + lag]) / Math.Max(_weights, 1e-12)))];
        return new LinearForecast(_layout, weights, spreads);
    }

    /// <summary>The feature that is the naive forecast of a value.</summary>
    private int NaiveLag(int value, int season)
    {
        season = season <= _layout.Lags ? season : 1;
        int ahead = value / _layout.Targets + 1;
        return value % _layout.Targets * _layout.Lags + (season - ahead % season) % season;
    }

    private bool TryRead(EncodedSeries series, int step, float[] features, double[] x, double[] y)
    {
        int targets = _layout.Targets;
        double weight = Math.Clamp(series.WeightOf(step), 1 / MostWeight, MostWeight);
        series.CopyFeaturesTo(step, features);
        for (int j = 0; j < features.Length; j++)
            x[j] = weight * features[j];
        x[^1] = weight;
        for (int v = 0; v < y.Length; v++)
        {
            int d = v % targets;
            double value = series.Values[(step + 1) * targets + v], scale = series.Scales[step * targets + d];
            if (double.IsNaN(value) || !(scale > 0))
                return false;
            y[v] = weight * (value - series.Levels[step * targets + d]) / scale;
        }
        return true;
    }
}
