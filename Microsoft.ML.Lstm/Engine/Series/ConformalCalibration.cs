namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Calibrates intervals by split conformal prediction, so that they hold a share 1 − α of the values that the network was not trained
/// on. Each end is moved, in units of the forecast's spread, by the error of rank ⌈(n + 1)(1 − α/2)⌉ of n, so that a share of α/2
/// of the errors lies beyond it. Where the network gives quantiles, this is conformalized quantile regression (Romano, Patterson and
/// Candès 2019).
/// </summary>
/// <remarks>
/// Where the network gives no quantiles, two things more are done. The unit of errors is the spread times a power of how much the series
/// has changed lately, if that makes the errors likelier (locally weighted conformal prediction; Lei et al. 2018, section 5.2): many series
/// have quiet stretches and others. And where few rows validate, errors of training rows count too, all of them together as much as a
/// hundred others, since a few errors tell little about the tails. Of these only the shape counts: they are as much larger as the errors
/// of the validation rows are larger, which the network was not fitted to.
/// </remarks>
internal sealed class ConformalCalibration(ForecastLayout layout)
{
    // What all errors of the training rows count together, in errors of validation rows.
    private const double WeightOfLearned = 100;

    // From so many errors of validation rows on, those of training rows hardly matter.
    private const int EnoughErrors = 2000;
    private const int FewestLearned = 5;

    // The ratio of the errors of validation and training rows counts as if so many more errors had said that there is no difference.
    private const double WeightOfNoRatio = 10;

    // What a power must gain in the logarithm of the likelihood.
    private const double LeastGain = 2;
    private const int FewestOfLikelihood = 3;
    private const double LeastError = 1e-30;

    private static readonly double[] Powers = [0, 0.5, 1];

    private readonly ForecastErrors _heldOut = new(layout);
    private readonly ForecastErrors _learned = new(layout);
    private readonly bool _hasQuantiles = layout.Loss == ForecastLoss.Quantile;

    /// <summary>How many forecasts are kept.</summary>
    public int Count => _heldOut.Count;

    /// <summary>Whether errors of the training rows make a difference, if so many forecasts are made of validation rows.</summary>
    public bool NeedsLearned(long heldOut) => !_hasQuantiles && heldOut < EnoughErrors;

    /// <summary>Adds the errors of a forecast.</summary>
    /// <param name="forecast">The forecast.</param>
    /// <param name="values">The values that followed, NaN where one is missing; fewer than H·D where the series ends.</param>
    public void Add(ForecastStream forecast, ReadOnlySpan<float> values) => _heldOut.Add(forecast, values);

    /// <summary>Adds the errors of a forecast of rows that the network was trained on.</summary>
    /// <param name="forecast">The forecast.</param>
    /// <param name="values">As of <see cref="Add"/>.</param>
    public void AddLearned(ForecastStream forecast, ReadOnlySpan<float> values) => _learned.Add(forecast, values);

    /// <summary>
    /// The intervals, the fewest errors that any interval is calibrated by, and how many steps ahead have errors. A step without errors has
    /// the interval of the step before.
    /// </summary>
    /// <param name="confidenceLevel">The share of values to hold.</param>
    /// <param name="deviations">The deviation of each target in the training rows; a target that never varied has no errors and needs
    /// none.</param>
    public (ForecastIntervals Intervals, int Errors, int StepsWithErrors) Calibrate(double confidenceLevel, ReadOnlySpan<float> deviations)
    {
        int targets = layout.Targets;
        var intervals = new ForecastIntervals(new float[layout.Values], new float[layout.Values])
        {
            UsualChanges = new float[targets],
            Powers = new float[targets],
        };
        for (int d = 0; d < targets && !_hasQuantiles; d++)
        {
            intervals.UsualChanges[d] = UsualChange(d);
            intervals.Powers[d] = intervals.UsualChanges[d] > 0 ? (float)Power(d, intervals) : 0;
        }
        int fewest = int.MaxValue, steps = 0;
        for (int i = 0; i < layout.Values; i++)
        {
            (float[] lower, float[] upper, float[] weights, int count) = ErrorsOf(i, intervals);
            if (deviations[i % targets] > 0)
                fewest = Math.Min(fewest, count);
            int before = i - targets;
            intervals.Lower[i] = count == 0 && before >= 0 ? intervals.Lower[before] : -Quantile(lower, weights, confidenceLevel);
            intervals.Upper[i] = count == 0 && before >= 0 ? intervals.Upper[before] : Quantile(upper, weights, confidenceLevel);
            if (count > 0)
                steps = i / targets + 1;
        }
        if (!intervals.Powers.AsSpan().ContainsAnyExcept(0f))
            intervals = intervals with { UsualChanges = [], Powers = [] };
        return (intervals, fewest, steps);
    }

    /// <summary>
    /// How many errors an interval of <paramref name="confidenceLevel"/> needs: of fewer errors even the largest is too small.
    /// </summary>
    public static int ErrorsFor(double confidenceLevel) => (int)Math.Ceiling(2 / (1 - confidenceLevel) - 1 - 1e-9);

    private float UsualChange(int target)
    {
        double sum = 0;
        long count = 0;
        foreach (ForecastErrors errors in new[] { _heldOut, _learned })
        {
            for (int forecast = 0; forecast < errors.Count; forecast++, count++)
                sum += errors.Change(forecast, target);
        }
        return (float)(sum / Math.Max(1, count));
    }

    /// <summary>
    /// The power of the change that makes the errors likeliest: as if they had a Laplace distribution, whose scale goes with that power.
    /// </summary>
    private double Power(int target, ForecastIntervals intervals)
    {
        (double best, double least) = (0, double.PositiveInfinity);
        foreach (double power in Powers)
        {
            double loss = (power > 0 ? LeastGain : 0) + Loss(_heldOut) + Loss(_learned);
            if (loss < least)
                (best, least) = (power, loss);

            // In the mean of the steps ahead, which have nearly the same errors.
            double Loss(ForecastErrors errors)
            {
                double[] factors = new double[errors.Count];
                for (int forecast = 0; forecast < factors.Length; forecast++)
                    factors[forecast] = intervals.FactorOf(target, errors.Change(forecast, target), power);
                double all = 0;
                for (int i = target; i < layout.Values; i += layout.Targets)
                {
                    double sum = 0, logarithms = 0;
                    int count = 0;
                    for (int forecast = 0; forecast < factors.Length; forecast++)
                    {
                        if (!float.IsFinite(errors.Above(forecast, i)))
                            continue;
                        sum += Math.Abs(errors.Above(forecast, i)) / factors[forecast];
                        logarithms += Math.Log(factors[forecast]);
                        count++;
                    }
                    if (count >= FewestOfLikelihood)
                        all += count * Math.Log(Math.Max(sum / count, LeastError)) + logarithms;
                }
                return all / layout.Horizon;
            }
        }
        return best;
    }

    /// <summary>The errors of a value of H·D beyond either end with their weights, and how many are of validation rows.</summary>
    private (float[] Lower, float[] Upper, float[] Weights, int Count) ErrorsOf(int index, ForecastIntervals intervals)
    {
        List<float> lower = [], upper = [];
        Take(_heldOut);
        int count = upper.Count;
        Take(_learned);
        int learned = upper.Count - count;
        double size = SizeOf(upper[..count]), sizeOfLearned = SizeOf(upper[count..]);
        if (_hasQuantiles || learned < FewestLearned || count == 0 || !(sizeOfLearned > 0))
        {
            lower.RemoveRange(count, learned);
            upper.RemoveRange(count, learned);
            learned = 0;
        }
        double ratio = Math.Max(1, (count * size / sizeOfLearned + WeightOfNoRatio) / (count + WeightOfNoRatio));
        float[] weights = new float[upper.Count];
        weights.AsSpan(0, count).Fill(1);
        weights.AsSpan(count).Fill((float)Math.Min(1, WeightOfLearned / Math.Max(1, learned)));
        for (int i = count; i < weights.Length; i++)
            (lower[i], upper[i]) = ((float)(lower[i] * ratio), (float)(upper[i] * ratio));
        return ([.. lower], [.. upper], weights, count);

        void Take(ForecastErrors errors)
        {
            int target = index % layout.Targets;
            for (int forecast = 0; forecast < errors.Count; forecast++)
            {
                float below = errors.Below(forecast, index), above = errors.Above(forecast, index);
                if (!float.IsFinite(below) || !float.IsFinite(above))
                    continue;
                double factor = intervals.FactorOf(target, errors.Change(forecast, target));
                lower.Add((float)(below / factor));
                upper.Add((float)(above / factor));
            }
        }
    }

    // Of heavy tails the mean of the roots is finite too.
    private static double SizeOf(List<float> errors)
    {
        double sum = 0;
        foreach (float error in errors)
            sum += Math.Sqrt(Math.Abs(error));
        return errors.Count == 0 ? 0 : sum / errors.Count * (sum / errors.Count);
    }

    /// <summary>
    /// The error whose weight, with the weights of all smaller errors, is the share wanted of all weights and the one of a further error
    /// (Tibshirani et al. 2019).
    /// </summary>
    private static float Quantile(float[] errors, float[] weights, double confidenceLevel)
    {
        if (errors.Length == 0)
            return 0;
        weights = [.. weights];
        Array.Sort(errors, weights);
        double all = 1, sum = 0;
        foreach (float weight in weights)
            all += weight;
        double least = all * (1 + confidenceLevel) / 2 - 1e-9 * all;
        for (int i = 0; i < errors.Length; i++)
        {
            sum += weights[i];
            if (sum >= least)
                return errors[i];
        }
        // Of too few errors even the largest is too small: then the end is at least not moved inwards.
        return Math.Max(0, errors[^1]);
    }
}

/// <summary>The errors of forecasts, for calibration: how far values lie beyond the ends of the intervals that the network gives.</summary>
/// <param name="layout">The layout of the forecasts.</param>
internal sealed class ForecastErrors(ForecastLayout layout)
{
    // The most errors that are kept. Beyond that only every second forecast is kept, then every fourth, and so on.
    private const int MaxErrors = 1 << 22;

    private readonly List<float> _lower = [];
    private readonly List<float> _upper = [];
    private readonly List<float> _changes = [];
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
        for (int d = 0; d < layout.Targets; d++)
            _changes.Add((float)forecast.ChangeOf(d));
        if (Count < _maxForecasts)
            return;
        Halve(_lower, layout.Values);
        Halve(_upper, layout.Values);
        Halve(_changes, layout.Targets);
        _every *= 2;
    }

    /// <summary>How far value <paramref name="index"/> of H·D lies below the lower end, in units of the spread; NaN where it is
    /// missing.</summary>
    public float Below(int forecast, int index) => _lower[forecast * layout.Values + index];

    /// <summary>How far value <paramref name="index"/> of H·D lies above the upper end, in units of the spread; NaN where it is
    /// missing.</summary>
    public float Above(int forecast, int index) => _upper[forecast * layout.Values + index];

    /// <summary>How much a target has changed from row to row lately: <see cref="SeriesEncoder.ChangeOf"/>.</summary>
    public float Change(int forecast, int target) => _changes[forecast * layout.Targets + target];

    private static void Halve(List<float> all, int size)
    {
        int kept = 0;
        for (int forecast = 0; forecast * size < all.Count; forecast += 2, kept++)
        {
            for (int i = 0; i < size; i++)
                all[kept * size + i] = all[forecast * size + i];
        }
        all.RemoveRange(kept * size, all.Count - kept * size);
    }
}
