using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// All that tells one <see cref="ForecastLoss"/> from another: how many outputs the network has for a value, how they are read as a
/// forecast, and the loss with its gradient. A new loss is a member of the enumeration and a class in this file.
/// </summary>
internal abstract class ForecastLossDescription
{
    /// <summary>
    /// The least deviation of a normal distribution, in units of the scale; bounds the likelihood of values that never change.
    /// </summary>
    public const double LeastDeviation = 1e-3;

    // In the order of the enumeration.
    private static readonly ForecastLossDescription[] All =
    [
        new SquaredErrorDescription(),
        new AbsoluteErrorDescription(),
        new QuantileDescription(),
        new GaussianDescription(),
    ];

    public static ForecastLossDescription Of(ForecastLoss loss) => All[(int)loss];

    /// <summary>Outputs of the network for one value.</summary>
    public virtual int OutputsPerValue => 1;

    /// <summary>Whether a few outlying values do not move the forecast.</summary>
    public virtual bool IgnoresOutliers => false;

    /// <summary>Reads the outputs for one value as a forecast.</summary>
    /// <param name="outputs">The outputs, in units of the scale, relative to the level.</param>
    /// <param name="level">The level of the series.</param>
    /// <param name="scale">The scale of the series.</param>
    public virtual ForecastOutput Read(ReadOnlySpan<float> outputs, double level, double scale)
    {
        double point = level + scale * outputs[0];
        return new ForecastOutput(point, point, point, scale);
    }

    /// <summary>Which of the outputs for one value is the point forecast.</summary>
    public virtual int PointOutput(ReadOnlySpan<float> outputs) => 0;

    /// <summary>Where the outputs for one value begin, if a forecast and its spread are known.</summary>
    /// <param name="output">Which of the outputs.</param>
    /// <param name="spread">The deviation of the values, in units of the scale.</param>
    /// <param name="confidenceLevel">The share of values that an interval is to hold.</param>
    /// <param name="offset">The difference from the forecast or, of an output that is no value, the output.</param>
    /// <returns>Whether the output is a value.</returns>
    public virtual bool BeginningOf(int output, double spread, double confidenceLevel, out double offset)
    {
        offset = 0;
        return true;
    }

    /// <summary>Replaces the outputs for one value by the gradient of the loss.</summary>
    /// <param name="value">The actual value, in units of the scale, relative to the level.</param>
    /// <param name="share">The weight of the value in the gradient.</param>
    /// <param name="confidenceLevel">The share of values that an interval is to hold.</param>
    /// <param name="outputs">The outputs, which become gradients.</param>
    /// <returns>The loss.</returns>
    public abstract double Differentiate(double value, double share, double confidenceLevel, Span<float> outputs);

    /// <summary>(output − value)².</summary>
    private sealed class SquaredErrorDescription : ForecastLossDescription
    {
        public override double Differentiate(double value, double share, double confidenceLevel, Span<float> outputs)
        {
            double error = outputs[0] - value;
            outputs[0] = (float)(share * 2 * error);
            return error * error;
        }
    }

    /// <summary>|output − value|.</summary>
    private sealed class AbsoluteErrorDescription : ForecastLossDescription
    {
        public override bool IgnoresOutliers => true;

        public override double Differentiate(double value, double share, double confidenceLevel, Span<float> outputs)
        {
            double error = outputs[0] - value;
            outputs[0] = (float)(share * Math.Sign(error));
            return Math.Abs(error);
        }
    }

    /// <summary>
    /// The mean pinball loss max(q·e, (q − 1)·e), e = value − output, of three quantiles q: the lower end of the interval, the median
    /// and the upper end.
    /// </summary>
    private sealed class QuantileDescription : ForecastLossDescription
    {
        public override int OutputsPerValue => 3;

        public override bool BeginningOf(int output, double spread, double confidenceLevel, out double offset)
        {
            offset = (output - 1) * spread * Statistics.LogisticQuantile((1 + confidenceLevel) / 2);
            return true;
        }

        public override ForecastOutput Read(ReadOnlySpan<float> outputs, double level, double scale)
        {
            // Nothing keeps the outputs from crossing, so they are sorted.
            (double a, double b, double c) = (outputs[0], outputs[1], outputs[2]);
            double lower = Math.Min(a, Math.Min(b, c)), upper = Math.Max(a, Math.Max(b, c));
            double median = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            return new ForecastOutput(level + scale * median, level + scale * lower, level + scale * upper, scale);
        }

        public override int PointOutput(ReadOnlySpan<float> outputs)
        {
            (float a, float b, float c) = (outputs[0], outputs[1], outputs[2]);
            return a <= b == b <= c ? 1 : b <= a == a <= c ? 0 : 2;
        }

        public override double Differentiate(double value, double share, double confidenceLevel, Span<float> outputs)
        {
            ReadOnlySpan<double> quantiles = [(1 - confidenceLevel) / 2, 0.5, (1 + confidenceLevel) / 2];
            double loss = 0;
            for (int i = 0; i < outputs.Length; i++)
            {
                double error = value - outputs[i], slope = error < 0 ? quantiles[i] - 1 : quantiles[i];
                loss += slope * error / outputs.Length;
                outputs[i] = (float)(-share * slope / outputs.Length);
            }
            return loss;
        }
    }

    /// <summary>
    /// The negative log-likelihood ln σ + ½((value − μ)/σ)² of a normal distribution with the first output as μ and σ of the
    /// second.
    /// </summary>
    private sealed class GaussianDescription : ForecastLossDescription
    {
        public override int OutputsPerValue => 2;

        public override bool BeginningOf(int output, double spread, double confidenceLevel, out double offset)
        {
            // The inverse of Deviation.
            offset = output == 0 ? 0 : Math.Log(Math.Max(Math.Exp(Math.Clamp(spread, LeastDeviation, 100)) - 1, LeastDeviation));
            return output == 0;
        }

        public override ForecastOutput Read(ReadOnlySpan<float> outputs, double level, double scale)
        {
            double mean = level + scale * outputs[0];
            return new ForecastOutput(mean, mean, mean, scale * Deviation(outputs[1]));
        }

        public override double Differentiate(double value, double share, double confidenceLevel, Span<float> outputs)
        {
            double deviation = Deviation(outputs[1]), z = (value - outputs[0]) / deviation;
            outputs[0] = (float)(-share * z / deviation);
            outputs[1] = (float)(share * (1 - z * z) / deviation / (1 + Math.Exp(-outputs[1])));
            return Math.Log(deviation) + z * z / 2;
        }

        // softplus(output) = ln(1 + exp(output)), and a thousandth more.
        private static double Deviation(double output) => LeastDeviation + Math.Max(output, 0) + Math.Log(1 + Math.Exp(-Math.Abs(output)));
    }
}

/// <summary>The forecast of one value, read from the outputs of the network (<see cref="ForecastLossDescription.Read"/>).</summary>
/// <param name="Point">The point forecast.</param>
/// <param name="Lower">The lower end of the interval that the network gives; the point where the network gives no interval.</param>
/// <param name="Upper">The upper end of that interval.</param>
/// <param name="Spread">The unit in which errors of different forecasts are alike; 0 for a series that never varied, where any error is
/// beyond all bounds.</param>
internal readonly record struct ForecastOutput(double Point, double Lower, double Upper, double Spread)
{
    // The unit of errors, relative to the values, where there is no spread: the last digit of a float is six such units.
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
