namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>The sums over forecasts that <see cref="ForecastFigures"/> are computed from.</summary>
internal sealed class ForecastTally
{
    public long Forecasts { get; private set; }

    public long ScaledForecasts { get; private set; }

    public long Intervals { get; private set; }

    public long Covered { get; private set; }

    public double AbsoluteErrors { get; private set; }

    public double SquaredErrors { get; private set; }

    /// <summary>The sum of |y − f| / (|y| + |f|), 0 where both are 0.</summary>
    public double RelativeErrors { get; private set; }

    public double ScaledErrors { get; private set; }

    public double Widths { get; private set; }

    public double LowerBoundLosses { get; private set; }

    public double UpperBoundLosses { get; private set; }

    public void Add(double actual, double forecast)
    {
        double error = Math.Abs(actual - forecast);
        Forecasts++;
        AbsoluteErrors += error;
        SquaredErrors += error * error;
        if (error != 0)
            RelativeErrors += error / (Math.Abs(actual) + Math.Abs(forecast));
    }

    public void AddInterval(double actual, double lower, double upper, double confidenceLevel)
    {
        double outside = (1 - confidenceLevel) / 2;
        Intervals++;
        if (lower <= actual && actual <= upper)
            Covered++;
        Widths += upper - lower;
        LowerBoundLosses += PinballLoss(actual, lower, outside);
        UpperBoundLosses += PinballLoss(actual, upper, 1 - outside);
    }

    public void Add(ForecastTally other)
    {
        Forecasts += other.Forecasts;
        ScaledForecasts += other.ScaledForecasts;
        Intervals += other.Intervals;
        Covered += other.Covered;
        AbsoluteErrors += other.AbsoluteErrors;
        SquaredErrors += other.SquaredErrors;
        RelativeErrors += other.RelativeErrors;
        ScaledErrors += other.ScaledErrors;
        Widths += other.Widths;
        LowerBoundLosses += other.LowerBoundLosses;
        UpperBoundLosses += other.UpperBoundLosses;
    }

    /// <summary>Adds the errors of a series in units of <paramref name="scale"/>, unless that is 0 or NaN.</summary>
    public void AddScaled(ErrorSum series, double scale)
    {
        if (!(scale > 0))
            return;
        ScaledForecasts += series.Forecasts;
        ScaledErrors += series.AbsoluteErrors / scale;
    }

    private static double PinballLoss(double actual, double quantile, double level)
        => actual >= quantile ? level * (actual - quantile) : (1 - level) * (quantile - actual);
}

/// <summary>The errors of one series, summed until their scale is known.</summary>
internal struct ErrorSum
{
    public long Forecasts { get; private set; }

    public double AbsoluteErrors { get; private set; }

    public void Add(double actual, double forecast)
    {
        Forecasts++;
        AbsoluteErrors += Math.Abs(actual - forecast);
    }
}
