using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Scores the values of one series by their distance from the forecasts. A residual r = (value − forecast)/spread is standardized as z =
/// (r − median)/(1.4826·MAD), with the median and the median absolute deviation of residuals that the network was not trained on. The
/// residual score of a row is s = Σz/√n over the last n rows: a larger n finds small shifts that last sooner.
/// </summary>
/// <remarks>
/// A forecast follows a series into a failure that comes slowly or lasts, and then expects it to last. So a row's score has the distance u
/// of its value from those that are usual in the series, too (<see cref="UsualValue"/>), with a weight w: √(max(s, 0)² + max(w·u, 0)²)
/// upwards, the same of -s and -u downwards, and the larger of the two counts, with its sign. Of two distances on the same side both count,
/// as of two independent deviations; of two on different sides the larger one alone. With w = 0 the score is s.
/// </remarks>
/// <param name="scale">How residuals are standardized and summed, and w.</param>
/// <param name="usual">What is usual; null where w is 0.</param>
internal sealed class ResidualScorer(ResidualScale scale, UsualValue? usual = null)
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

    /// <summary>What is usual; null where it doesn't count.</summary>
    public UsualValue? Usual => usual;

    /// <summary>Adds the next row, and returns its score; NaN where the value is missing.</summary>
    public double Score(ForecastOutput forecast, float value)
        => Combine(Add(Standardize(forecast, value)), Measures(forecast) ? usual!.DistanceOf(value) : 0);

    /// <summary>
    /// The score of a row with residual score <paramref name="residual"/> and the distance <paramref name="distance"/> from what is usual.
    /// </summary>
    public double Combine(double residual, double distance)
    {
        distance *= scale.UsualWeight;
        double up = Length(Math.Max(residual, 0), Math.Max(distance, 0)), down = Length(Math.Max(-residual, 0), Math.Max(-distance, 0));
        return up >= down ? up : -down;
    }

    /// <summary>Adds the z of the next row, and returns the residual score of that row.</summary>
    public double Add(double z)
    {
        _recent.AsSpan(0, _recent.Length - 1).CopyTo(_recent.AsSpan(1));
        _recent[0] = (float)Math.Clamp(z, -Largest, Largest);
        _count = Math.Min(_count + 1, _recent.Length);
        return (Before + _recent[0]) / Math.Sqrt(_count);
    }

    /// <summary>
    /// The value at which the row added last would have the score <paramref name="score"/>, or would pass it.
    /// </summary>
    public double ValueOf(double score, ForecastOutput forecast)
    {
        if (!Measures(forecast) || !usual!.IsKnown)
            return ValueOfResidual(score, forecast);
        // Upwards, the residual score and the weighted distance are (value - a)·p and (value - b)·q, where above 0.
        double a = ValueOfResidual(0, forecast), p = 1 / (ValueOfResidual(1, forecast) - a), q = scale.UsualWeight / usual.Deviation;
        // Between a and the usual values the score passes from one side to the other, where it is as far from both.
        double middle = (p * a + q * Math.Clamp(a, usual.Lower, usual.Upper)) / (p + q);
        return score >= 0
            ? Math.Max(middle, FirstWith(score, a, usual.Upper))
            : Math.Min(middle, -FirstWith(-score, -a, -usual.Lower));

        // The first value whose residual score, measured from one place, and distance, from another, have a length together.
        double FirstWith(double length, double first, double second)
        {
            double alone = first + length / p;
            if (alone <= second)
                return alone;
            alone = second + length / q;
            if (alone <= first)
                return alone;
            double sum = p * p + q * q, between = second - first;
            double mean = (p * p * first + q * q * second) / sum;
            return mean + Math.Sqrt(Math.Max(0, length * length - p * p * (q * q / sum) * between * between) / sum);
        }
    }

    private double ValueOfResidual(double score, ForecastOutput forecast)
        => forecast.Point + forecast.Spread * (scale.Median + scale.Unit * (score * Math.Sqrt(_count) - Before));

    // A value of a series that never varied is measured by its last digits.
    private bool Measures(ForecastOutput forecast) => usual is not null && scale.UsualWeight > 0 && forecast.Spread > 0;

    // Squares of the largest numbers would overflow a float, but no double.
    private static double Length(double x, double y) => Math.Sqrt(x * x + y * y);

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

    /// <summary>w: the weight of the distance from what is usual, 0 or more; 0 in detectors of earlier versions.</summary>
    public double UsualWeight { get; set; }

    /// <summary>Measures some residuals, at least one.</summary>
    public static ResidualScale Of(IReadOnlyCollection<float> residuals, int smoothing)
    {
        double median = Statistics.Median(residuals);
        double mad = Statistics.Median(residuals.Select(residual => (float)Math.Abs(residual - median)));
        return new ResidualScale(median, mad > 0 ? DeviationOfMad * mad : 1, smoothing);
    }
}
