namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>What the outputs of a forecasting network say of one value.</summary>
/// <param name="Point">The forecast.</param>
/// <param name="Lower">The lower end of the interval as the network sees it; the point where it only gives points.</param>
/// <param name="Upper">The upper end.</param>
/// <param name="Spread"> The unit in which the forecast's errors are alike; 0 where nothing ever moved the series, so that any error is one
/// too many. </param>
internal readonly record struct ForecastOutput(double Point, double Lower, double Upper, double Spread)
{
    // Keeps the likelihood of values that never change in bounds.
    private const double LeastDeviation = 1e-3;

    // What errors are measured by where there is no spread, relative to the values: the last digit of a float is 6 of it.
    private const double Resolution = 1e-8;

    /// <summary>Reads one value.</summary>
    /// <param name="loss">What the network was trained for.</param>
    /// <param name="outputs">Its outputs for the value.</param>
    /// <param name="level">The level that it is measured by.</param>
    /// <param name="scale">The scale that it is measured by.</param>
    public static ForecastOutput Read(ForecastLoss loss, ReadOnlySpan<float> outputs, double level, double scale)
    {
        switch (loss)
        {
            case ForecastLoss.Quantile:
                // Nothing keeps quantiles from crossing but their order.
                (double a, double b, double c) = (outputs[0], outputs[1], outputs[2]);
                double lower = Math.Min(a, Math.Min(b, c)), upper = Math.Max(a, Math.Max(b, c));
                double median = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
                return new(level + scale * median, level + scale * lower, level + scale * upper, scale);
            case ForecastLoss.Gaussian:
                double mean = level + scale * outputs[0];
                return new(mean, mean, mean, scale * Deviation(outputs[1]));
            default:
                double point = level + scale * outputs[0];
                return new(point, point, point, scale);
        }
    }

    /// <summary>How far off the forecast of <paramref name="value"/> is, in units of the spread; NaN where the value is missing.</summary>
    public double ErrorOf(float value)
    {
        double error = value - Point;
        if (Spread > 0)
            return error / Spread;
        return error == 0 ? 0 : error / (Resolution * Math.Max(Math.Abs(value), Math.Abs(Point)));
    }

    /// <summary>The deviation of a normal distribution that an output stands for: ln(1 + exp(output)), and a thousandth more.</summary>
    public static double Deviation(double output) => LeastDeviation + Math.Max(output, 0) + Math.Log(1 + Math.Exp(-Math.Abs(output)));
}
