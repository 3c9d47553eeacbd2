using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Finds the intervals that hold a share 1 − α of the values that the network was not trained on: split conformal prediction, of quantiles
/// where the network gives some (Romano, Patterson and Candès 2019). Each end is moved, by multiples of the forecast's spread, to where a
/// share of α/2 of the n errors lies beyond it: to the one of rank ⌈(n + 1)(1 − α/2)⌉.
/// </summary>
internal sealed class ConformalCalibration(ForecastLayout layout)
{
    // Floats of errors to keep; of more forecasts than that, those of every second row, then every fourth, ... are kept.
    private const int MaxErrors = 1 << 25;

    private readonly List<float> _lower = [];
    private readonly List<float> _upper = [];
    private readonly int _maxForecasts = Math.Max(1, MaxErrors / layout.Values);
    private int _every = 1;
    private long _seen;

    /// <summary>Forecasts that are kept.</summary>
    public int Count => _lower.Count / layout.Values;

    /// <summary>Adds a forecast and what came, NaN where that is not known; fewer than H·D values where the series ends.</summary>
    public void Add(ForecastStream forecast, ReadOnlySpan<float> values)
    {
        if (_seen++ % _every != 0)
            return;
        for (int i = 0; i < layout.Values; i++)
        {
            ForecastOutput output = forecast[i];
            // Errors that are measured by nothing say nothing of others.
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
    /// The intervals, the smallest number of errors that an end is made of, and how many steps ahead have any. Those of a step that has
    /// none are the last step's before it that has, in units of the forecasts' spreads.
    /// </summary>
    /// <param name="confidenceLevel">The share of values to hold.</param>
    /// <param name="deviations">The deviation of each target in the training rows; what never varied there has no errors, and needs
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
    /// Errors that an interval of <paramref name="confidenceLevel"/> needs: with fewer, even the largest is not large enough.
    /// </summary>
    public static int ErrorsFor(double confidenceLevel) => (int)Math.Ceiling(2 / (1 - confidenceLevel) - 1 - 1e-9);

    private static float Quantile(float[] errors, double confidenceLevel)
    {
        if (errors.Length == 0)
            return 0;
        Array.Sort(errors);
        // With too few errors even the largest is not far enough out; the end is then not moved inwards of where the network has it.
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
