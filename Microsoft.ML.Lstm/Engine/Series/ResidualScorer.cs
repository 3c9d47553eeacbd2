using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Scores the values of one series by their distance from the forecasts. A residual r = (value − forecast)/spread is standardized as z =
/// (r − median)/(1.4826·MAD), with the median and the median absolute deviation of residuals that the network was not trained on. The
/// score of a row is Σz/√n over the last n rows: a larger n finds small shifts that last sooner.
/// </summary>
internal sealed class ResidualScorer(ResidualScale scale)
{
    // Far beyond any threshold, and small enough for sums of any number of rows.
    private const double Largest = 1e18;

    private readonly float[] _recent = new float[scale.Smoothing];
    private int _count;

    /// <summary>How many numbers the state has.</summary>
    public int StateLength => 1 + _recent.Length;

    /// <summary>
    /// The standardized residual z of a value; NaN where it is missing. Where the forecast has no spread,
    /// <see cref="ForecastOutput.ErrorOf"/> itself.
    /// </summary>
    public double Standardize(ForecastOutput forecast, float value)
        => forecast.Spread > 0 ? (forecast.ErrorOf(value) - scale.Median) / scale.Unit : forecast.ErrorOf(value);

    /// <summary>Adds the z of the next row, and returns the score of that row.</summary>
    public double Add(double z)
    {
        _recent.AsSpan(0, _recent.Length - 1).CopyTo(_recent.AsSpan(1));
        _recent[0] = (float)Math.Clamp(z, -Largest, Largest);
        _count = Math.Min(_count + 1, _recent.Length);
        return (Before + _recent[0]) / Math.Sqrt(_count);
    }

    /// <summary>The value that would give the row added last the score <paramref name="score"/>.</summary>
    public double ValueOf(double score, ForecastOutput forecast)
        => forecast.Point + forecast.Spread * (scale.Median + scale.Unit * (score * Math.Sqrt(_count) - Before));

    public void Reset() => _count = 0;

    /// <summary>Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        destination[0] = _count;
        _recent.CopyTo(destination[1..]);
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        _count = Math.Clamp((int)source[0], 0, _recent.Length);
        source[1..].CopyTo(_recent);
    }

    // The sum of z over the rows before the last.
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

/// <summary>How residuals are standardized and summed.</summary>
/// <param name="Median">The median of residuals, in units of the forecasts' spread.</param>
/// <param name="Unit">1.4826 times the median absolute deviation of residuals, above 0: the standard deviation of a normal
/// distribution.</param>
/// <param name="Smoothing">n: how many rows a score is summed over, at least 1.</param>
internal sealed record ResidualScale(double Median, double Unit, int Smoothing)
{
    private const double DeviationOfMad = 1.4826;

    /// <summary>Measures some residuals, at least one.</summary>
    public static ResidualScale Of(IReadOnlyCollection<float> residuals, int smoothing)
    {
        double median = Statistics.Median(residuals);
        double mad = Statistics.Median(residuals.Select(residual => (float)Math.Abs(residual - median)));
        return new ResidualScale(median, mad > 0 ? DeviationOfMad * mad : 1, smoothing);
    }
}
