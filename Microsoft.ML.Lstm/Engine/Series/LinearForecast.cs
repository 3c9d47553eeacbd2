using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series.Baselines;

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

    /// <summary>Adds <paramref name="share"/> of the weights and of the spreads to a sum.</summary>
    public void AddTo(double share, Span<double> sumOfWeights, Span<double> sumOfSpreads)
    {
        TensorPrimitives.MultiplyAdd(weights, share, sumOfWeights, sumOfWeights);
        TensorPrimitives.MultiplyAdd(spreads, share, sumOfSpreads, sumOfSpreads);
    }

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

/// <summary>A way to fit a linear forecast.</summary>
/// <param name="Simple">The simple forecast that it differs from.</param>
/// <param name="Penalty">The penalty on that difference, as a share of the mean square of a feature.</param>
/// <param name="Decays">Whether the penalty on a lag grows with its distance.</param>
internal readonly record struct LinearWay(LagForecast Simple, double Penalty, bool Decays);

/// <summary>The linear forecast that the skip of a network begins with: the mean of some, each fitted in a way, with weights that sum to
/// 1.</summary>
/// <param name="Ways">The ways, the one with the largest weight first.</param>
internal sealed record LinearStart(IReadOnlyList<(LinearWay Way, double Weight)> Ways);

/// <summary>
/// Finds a <see cref="LinearForecast"/> by ridge regression (Hoerl and Kennard 1970). What is shrunk is the difference from a simple
/// forecast, so that a large penalty gives the last value, or the value a season ago, and a drift. The further back a lag is, the more its
/// weight may be shrunk (the prior of Litterman 1986): then many lags do no harm.
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
    private readonly Dictionary<(double Penalty, bool Decays), CholeskyFactor> _factors = [];
    private readonly Dictionary<LagForecast, (double[] Weights, double[] Products, double[] Spreads)> _differences = [];

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

    /// <summary>The simple forecast with the least squared error on the steps that were summed, over a few of the values.</summary>
    public LagForecast BestOf(IEnumerable<LagForecast> simple)
    {
        int[] values = [.. new[] { 0, _layout.Horizon / 2, _layout.Horizon - 1 }.Distinct()
            .SelectMany(step => Enumerable.Range(step * _layout.Targets, _layout.Targets))];
        double[] lags = new double[_layout.Lags];
        return simple.MinBy(one => values.Sum(value => SquaresOf(one, value, lags)));
    }

    /// <summary>The mean of the linear forecasts of a start.</summary>
    public LinearForecast Solve(LinearStart start)
    {
        double[] weights = new double[_products.Length], spreads = new double[_layout.Values];
        foreach ((LinearWay way, double share) in start.Ways)
            Solve(way).AddTo(share, weights, spreads);
        return new LinearForecast(_layout, weights, spreads);
    }

    /// <summary>The linear forecast that is fitted in a way.</summary>
    public LinearForecast Solve(LinearWay way)
    {
        (double[] simple, double[] products, double[] spreads) = DifferenceFrom(way.Simple);
        double[] weights = [.. products];
        FactorOf(way).Solve(weights, _layout.Values);
        TensorPrimitives.Add(weights, simple, weights);
        return new LinearForecast(_layout, weights, spreads);
    }

    /// <summary>The weights of a simple forecast, the products of the features with what it lacks, and how far values are off it.</summary>
    private (double[] Weights, double[] Products, double[] Spreads) DifferenceFrom(LagForecast forecast)
    {
        if (_differences.TryGetValue(forecast, out (double[], double[], double[]) known))
            return known;
        int values = _layout.Values;
        double[] products = [.. _products], lags = new double[_layout.Lags], spreads = new double[values];
        double[] simple = new double[products.Length];
        for (int v = 0; v < values; v++)
        {
            spreads[v] = Math.Sqrt(Math.Max(0, SquaresOf(forecast, v, lags)) / Math.Max(_weights, 1e-12));
            for (int lag = 0; lag < lags.Length; lag++)
                simple[FirstLagOf(v) * values + lag * values + v] = lags[lag];
            if (forecast == LagForecast.Theta)
                simple[(_layout.ThetaAt + v) * values + v] = 1;
        }
        for (int k = 0; k < _size; k++)
        {
            ReadOnlySpan<double> ofFeature = simple.AsSpan(k * values, values);
            if (!ofFeature.ContainsAnyExcept(0.0))
                continue;
            for (int j = 0; j < _size; j++)
            {
                Span<double> ofProduct = products.AsSpan(j * values, values);
                TensorPrimitives.MultiplyAdd(ofFeature, -_squares[j * _size + k], ofProduct, ofProduct);
            }
        }
        return _differences[forecast] = (simple, products, spreads);
    }

    /// <summary>The sum of the squared errors of a simple forecast of a value, whose weights <paramref name="lags"/> receives.</summary>
    private double SquaresOf(LagForecast simple, int value, double[] lags)
    {
        int first = FirstLagOf(value), values = _layout.Values;
        if (simple == LagForecast.Theta)
        {
            lags.AsSpan().Clear();
            int feature = _layout.ThetaAt + value;
            return _valueSquares[value] + _squares[feature * _size + feature] - 2 * _products[feature * values + value];
        }
        // A change from row to row is none of these.
        if (_layout.ReadsChange)
            lags.AsSpan().Clear();
        else
            simple.CopyWeightsTo(value / _layout.Targets + 1, lags);
        double sum = _valueSquares[value];
        for (int lag = 0; lag < lags.Length; lag++)
        {
            if (lags[lag] != 0)
                sum += lags[lag] * (TensorPrimitives.Dot<double>(_squares.AsSpan((first + lag) * _size + first, lags.Length), lags)
                    - 2 * _products[(first + lag) * values + value]);
        }
        return sum;
    }

    private int FirstLagOf(int value) => value % _layout.Targets * _layout.Lags;

    private CholeskyFactor FactorOf(LinearWay way)
    {
        if (_factors.TryGetValue((way.Penalty, way.Decays), out CholeskyFactor? factor))
            return factor;
        double[] matrix = [.. _squares];
        double mean = 0;
        for (int j = 0; j < _size - 1; j++)
            mean += _squares[j * _size + j] / (_size - 1);
        for (int j = 0; j < _size; j++)
        {
            double distance = way.Decays && j < _layout.Targets * _layout.Lags ? 1 + j % _layout.Lags : 1;
            matrix[j * _size + j] += ((j < _size - 1 ? distance : BiasPenalty) * way.Penalty + LeastPenalty) * Math.Max(mean, 1e-12);
        }
        return _factors[(way.Penalty, way.Decays)] = new CholeskyFactor(matrix, _size, LeastPivot);
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
