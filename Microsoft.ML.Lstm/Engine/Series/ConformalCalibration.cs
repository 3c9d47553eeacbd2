using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Calibrates intervals by split conformal prediction, so that they hold a share 1 − α of the values that the network was not trained
/// on. Each end is moved, in units of the forecast's spread, by the error of rank ⌈(n + 1)(1 − α/2)⌉ of n, so that a share of α/2
/// of the errors lies beyond it. Where the network gives quantiles, this is conformalized quantile regression (Romano, Patterson and
/// Candès 2019).
/// </summary>
internal sealed class ConformalCalibration(ForecastLayout layout)
{
    // The most errors that are kept. Beyond that only every second forecast is kept, then every fourth, and so on.
    private const int MaxErrors = 1 << 22;

    private readonly List<float> _lower = [];
    private readonly List<float> _upper = [];
    private readonly int _maxForecasts = Math.Max(1, MaxErrors / layout.Values);
    private int _every = 1;
    private long _seen;

    /// <summary>How many forecasts are kept.</summary>
    public int Count => _lower.Count / layout.Values;

    /// <summary>Adds the errors of a forecast.</summary>
    /// <param name="forecast">The forecast.</param>
    /// <param name="values">The values that followed, NaN where one is missing; fewer than H·D where the series ends.</param>
    public void Add(ForecastStream forecast, ReadOnlySpan<float> values)
    {
        if (_seen++ % _every != 0)
            return;
        for (int i = 0; i < layout.Values; i++)
        {
            ForecastOutput output = forecast[i];
            // Without a spread an error has no unit, and cannot be compared with others.
            float value = i < values.Length && output.Spread > 0 ? values[i] : float.NaN;
            _lower.Add((float)((output.Lower - value) / output.Spread));
            _upper.Add((float)((value - output.Upper) / output.Spread));
        }
        if (Count < _maxForecasts)
            return;
        Halve(_lower);
        Halve(_upper);
        _every *= 2;
    }

    /// <summary>
    /// The intervals, the fewest errors that any interval is calibrated by, and how many steps ahead have errors. A step without errors has
    /// the interval of the step before.
    /// </summary>
    /// <param name="confidenceLevel">The share of values to hold.</param>
    /// <param name="deviations">The deviation of each target in the training rows; a target that never varied has no errors and needs
    /// none.</param>
    public (ForecastIntervals Intervals, int Errors, int StepsWithErrors) Calibrate(double confidenceLevel, ReadOnlySpan<float> deviations)
    {
        var intervals = new ForecastIntervals(new float[layout.Values], new float[layout.Values]);
        int fewest = int.MaxValue, steps = 0;
        for (int i = 0; i < layout.Values; i++)
        {
            float[] lower = ErrorsOf(_lower, i), upper = ErrorsOf(_upper, i);
            if (deviations[i % layout.Targets] > 0)
                fewest = Math.Min(fewest, lower.Length);
            int before = i - layout.Targets;
            intervals.Lower[i] = lower.Length == 0 && before >= 0 ? intervals.Lower[before] : -Quantile(lower, confidenceLevel);
            intervals.Upper[i] = upper.Length == 0 && before >= 0 ? intervals.Upper[before] : Quantile(upper, confidenceLevel);
            if (lower.Length > 0)
                steps = i / layout.Targets + 1;
        }
        return (intervals, fewest, steps);
    }

    /// <summary>
    /// How many errors an interval of <paramref name="confidenceLevel"/> needs: of fewer errors even the largest is too small.
    /// </summary>
    public static int ErrorsFor(double confidenceLevel) => (int)Math.Ceiling(2 / (1 - confidenceLevel) - 1 - 1e-9);

    private static float Quantile(float[] errors, double confidenceLevel)
    {
        if (errors.Length == 0)
            return 0;
        Array.Sort(errors);
        // Of too few errors even the largest is too small: then the end is at least not moved inwards.
        return Statistics.ConformalQuantile(errors, (1 + confidenceLevel) / 2) ?? Math.Max(0, errors[^1]);
    }

    private float[] ErrorsOf(List<float> all, int index)
    {
        var errors = new List<float>(Count);
        for (int at = index; at < all.Count; at += layout.Values)
        {
            if (float.IsFinite(all[at]))
                errors.Add(all[at]);
        }
        return [.. errors];
    }

    private void Halve(List<float> all)
    {
        int kept = 0;
        for (int forecast = 0; forecast * layout.Values < all.Count; forecast += 2, kept++)
        {
            for (int i = 0; i < layout.Values; i++)
                all[kept * layout.Values + i] = all[forecast * layout.Values + i];
        }
        all.RemoveRange(kept * layout.Values, all.Count - kept * layout.Values);
    }
}
