using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>
/// The theta method (Assimakopoulos and Nikolopoulos 2000), which won the M3 competition, in the form of Hyndman and Billah 2003: simple
/// exponential smoothing of the values without their season, with half the slope of their regression line as its drift. Serves many series,
/// one after the other.
/// </summary>
/// <remarks>
/// There is a season where its autocorrelation is significant, |r_m| &gt; 1.645·√((1 + 2·Σr_i²) / n) over i below m, and there are
/// more than two seasons: as in M3 and in <c>thetaf</c> of the R package forecast. It is taken out by classical decomposition, which is
/// multiplicative, or additive where a value is below 0 or a factor of the season or the trend is about 0.
/// </remarks>
/// <param name="mostValues">The most values to fit.</param>
/// <param name="seasonality">m: how many values a season has; 1 for no seasons.</param>
internal sealed class ThetaMethod(int mostValues, int seasonality)
{
    // The quantile of the normal distribution that a significant autocorrelation exceeds: 5 percent lie above it.
    private const double Significance = 1.6448536269514722;

    // The least factor of a season, and the least trend relative to the mean.
    private const double LeastFactor = 1e-4;

    private readonly double[] _values = new double[mostValues];
    private readonly double[] _plain = new double[mostValues];
    private readonly double[] _season = new double[seasonality];
    private readonly int[] _counts = new int[seasonality];

    /// <summary>Room for the values to fit.</summary>
    public Span<double> Values => _values;

    /// <summary>Fits the first <paramref name="count"/> of <see cref="Values"/>, finite and the oldest first.</summary>
    /// <param name="count">How many values there are, at least 1.</param>
    /// <param name="forecasts">Receives the forecasts, and those of exponential smoothing.</param>
    public void Fit(int count, BaselineForecasts forecasts)
    {
        ReadOnlySpan<double> values = _values.AsSpan(0, count);
        Span<double> plain = _plain.AsSpan(0, count);
        ExponentialSmoothing smoothing = ExponentialSmoothing.Fit(values);
        forecasts.Level = smoothing.Level;
        bool isSeasonal = IsSeasonal(values, plain);
        bool isMultiplicative = isSeasonal && TensorPrimitives.Min(values) >= 0 && TryFindSeason(values, isMultiplicative: true);
        if (isSeasonal && !isMultiplicative)
            TryFindSeason(values, isMultiplicative: false);
        for (int i = 0; i < forecasts.ThetaFactors.Length; i++)
        {
            int place = (count + i) % seasonality;
            forecasts.ThetaFactors[i] = isMultiplicative ? _season[place] : 1;
            forecasts.ThetaTerms[i] = isSeasonal && !isMultiplicative ? _season[place] : 0;
        }

        values.CopyTo(plain);
        if (isSeasonal)
        {
            for (int t = 0; t < count; t++)
                plain[t] = isMultiplicative ? values[t] / _season[t % seasonality] : values[t] - _season[t % seasonality];
            smoothing = ExponentialSmoothing.Fit(plain);
        }
        forecasts.ThetaSlope = SlopeOf(plain) / 2;
        forecasts.ThetaLevel = smoothing.Level + forecasts.ThetaSlope * (1 - Math.Pow(1 - smoothing.Alpha, count)) / smoothing.Alpha;
    }

    /// <summary>Whether the autocorrelation over a season is significant.</summary>
    private bool IsSeasonal(ReadOnlySpan<double> values, Span<double> centered)
    {
        int n = values.Length;
        if (seasonality == 1 || n <= 2 * seasonality)
            return false;
        TensorPrimitives.Subtract(values, TensorPrimitives.Sum(values) / n, centered);
        double sum = TensorPrimitives.SumOfSquares<double>(centered), squares = 0, last = 0;
        for (int lag = 1; lag <= seasonality; lag++)
        {
            squares += last * last;
            last = TensorPrimitives.Dot<double>(centered[lag..], centered[..^lag]) / sum;
        }
        // Of values that are all the same it is NaN.
        return Math.Abs(last) > Significance * Math.Sqrt((1 + 2 * squares) / n);
    }

    /// <summary>
    /// The mean over the seasons of value / trend, or value − trend, at each place of a season; the trend is the moving mean over a
    /// season (2 x m where m is even). False where a multiplicative season, or its trend, is about 0.
    /// </summary>
    private bool TryFindSeason(ReadOnlySpan<double> values, bool isMultiplicative)
    {
        int half = seasonality / 2;
        bool isEven = seasonality % 2 == 0;
        double leastTrend = LeastFactor * TensorPrimitives.Sum(values) / values.Length;
        _season.AsSpan().Clear();
        _counts.AsSpan().Clear();
        for (int t = half; t < values.Length - half; t++)
        {
            double sum = TensorPrimitives.Sum(values.Slice(t - half, seasonality));
            if (isEven)
                sum += (values[t + half] - values[t - half]) / 2;
            double trend = sum / seasonality;
            if (isMultiplicative && trend <= leastTrend)
                return false;
            int place = t % seasonality;
            _season[place] += isMultiplicative ? values[t] / trend : values[t] - trend;
            _counts[place]++;
        }
        for (int place = 0; place < seasonality; place++)
            _season[place] /= _counts[place];
        double mean = TensorPrimitives.Sum<double>(_season) / seasonality;
        for (int place = 0; place < seasonality; place++)
            _season[place] = isMultiplicative ? _season[place] / mean : _season[place] - mean;
        return !isMultiplicative || TensorPrimitives.Min<double>(_season) >= LeastFactor;
    }

    /// <summary>The slope of the regression line through the values; 0 for a single one.</summary>
    private static double SlopeOf(ReadOnlySpan<double> values)
    {
        double middle = (values.Length - 1) / 2.0, products = 0, squares = 0;
        for (int t = 0; t < values.Length; t++)
        {
            products += (t - middle) * (values[t] - values[0]);
            squares += (t - middle) * (t - middle);
        }
        return squares > 0 ? products / squares : 0;
    }
}
