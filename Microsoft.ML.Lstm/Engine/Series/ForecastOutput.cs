namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The forecast of one value, read from the outputs of the network (<see cref="ForecastLossDescription.Read"/>).</summary>
/// <param name="Point">The point forecast.</param>
/// <param name="Lower">The lower end of the interval that the network gives; the point where the network gives no interval.</param>
/// <param name="Upper">The upper end of that interval.</param>
/// <param name="Spread">The unit in which errors of different forecasts are alike; 0 for a series that never varied, where any error is
/// beyond all bounds.</param>
internal readonly record struct ForecastOutput(double Point, double Lower, double Upper, double Spread)
{
    // The unit of errors, relative to the values, where there is no spread: the last digit of a float is six of them.
    private const double Resolution = 1e-8;

    /// <summary>The error value − point in units of the spread; NaN where the value is missing.</summary>
    public double ErrorOf(float value)
    {
        double error = value - Point;
        if (Spread > 0)
            return error / Spread;
        return error == 0 ? 0 : error / (Resolution * Math.Max(Math.Abs(value), Math.Abs(Point)));
    }
}
