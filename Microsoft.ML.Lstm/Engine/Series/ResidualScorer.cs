using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Scores the values of one series by how far they are from what was forecast. A residual r = (value − forecast)/spread becomes z = (r −
/// median)/(1.4826·MAD) with the median and the median absolute deviation of residuals the network was not trained on, and a score is Σz/√n
/// over the last n rows, which finds what stays off for a while sooner than one row does.
/// </summary>
internal sealed class ResidualScorer(ResidualScale scale)
{
    private readonly float[] _recent = new float[scale.Smoothing];
    private int _count;

    /// <summary>Numbers in the state.</summary>
    public int StateLength => 1 + _recent.Length;

    /// <summary>
    /// z of a value; NaN where it is missing. Where the forecast has no spread, it is the error as <see cref="ForecastOutput.ErrorOf"/>
    /// measures it.
    /// </summary>
    public double Standardize(ForecastOutput forecast, float value)
        => forecast.Spread > 0 ? (forecast.ErrorOf(value) - scale.Median) / scale.Unit : forecast.ErrorOf(value);

    /// <summary>Takes the next row's z and gives its score.</summary>
    public double Add(double z)
    {
        _recent.AsSpan(0, _recent.Length - 1).CopyTo(_recent.AsSpan(1));
        _recent[0] = (float)Math.Clamp(z, -1e18, 1e18);
        _count = Math.Min(_count + 1, _recent.Length);
        return (Before + _recent[0]) / Math.Sqrt(_count);
    }

    /// <summary>The value that has <paramref name="score"/>, were it in the place of the row last taken.</summary>
    public double ValueOf(double score, ForecastOutput forecast)
        => forecast.Point + forecast.Spread * (scale.Median + scale.Unit * (score * Math.Sqrt(_count) - Before));

    public void Reset() => _count = 0;

    /// <summary>Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        destination[0] = _count;
        _recent.CopyTo(destination[1..]);
    }

    /// <summary>Goes on from a state that <see cref="CopyStateTo"/> gave.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        _count = Math.Clamp((int)source[0], 0, _recent.Length);
        source[1..].CopyTo(_recent);
    }

    // The sum of z of the rows before the last.
    private double Before
    {
        get
        {
            double sum = 0;
            for (int i = 1; i < _count; i++)
                sum += _recent[i];
            return sum;
        }
    }
}

/// <summary>The unit of residuals.</summary>
/// <param name="Median">Their median, in units of the forecasts' spread.</param>
/// <param name="Unit">1.4826 times their median absolute deviation, above 0: the deviation, were they normally distributed.</param>
/// <param name="Smoothing">n: rows that a score is over, at least 1.</param>
internal sealed record ResidualScale(double Median, double Unit, int Smoothing)
{
    private const double DeviationOfMad = 1.4826;

    /// <summary>The unit of some residuals, at least one.</summary>
    public static ResidualScale Of(IReadOnlyCollection<float> residuals, int smoothing)
    {
        double median = Statistics.Median(residuals);
        double mad = Statistics.Median(residuals.Select(residual => (float)Math.Abs(residual - median)));
        return new ResidualScale(median, mad > 0 ? DeviationOfMad * mad : 1, smoothing);
    }
}
