using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// What the values of a series are measured by at present, a level and a scale: what the training data says of the series or, where it
/// says nothing that holds, what its own last values say.
/// </summary>
/// <remarks>
/// By its own values a window of n has the scale √((Σ(x − x̄)² + c²) / (n + 1)) too, c being the change over the horizon in the window
/// itself. Few values say little of it, so it is kept between the change in the training data and what that is, relative to the size of the
/// values, for the size of this window; the more values there are, the nearer to their own change, for a series may vary little for its
/// height. A window of one value but for a rare other one has no scale, and that value is its level. All of it is in the unit of the
/// values: times a power of two it is the same, to the last bit.
/// </remarks>
internal readonly struct SeriesScaler
{
    // Rows from which on a window is compared in size with those of the training data, and is believed how far it moves.
    private const int EnoughForSize = 8;

    // Where forecasts are medians, as many values in so many may be apart from all others, which are the same.
    private const int ValuesOfOneApart = 16;

    // Values behind zeros that begin a window of their own in a series that the training data does not have: one alone may be an outlier
    // or a rare sale.
    private const int ValuesOfBeginning = 3;

    // How many times the size of the training data is another one.
    private const double LargerSize = 4;

    // What is nearer than this to a value, relative to it, is that value: a float has 24 bits.
    private const double Resolution = 1.0 / (1 << 22);

    private readonly ForecastLayout _layout;
    private readonly RowScaling _scaling;
    private readonly int _unit;
    private readonly int _pooled;

    /// <param name="layout">The layout of the rows.</param>
    /// <param name="scaling">What the training data says.</param>
    /// <param name="series">The series, counted from 1; 0 for one that the training data does not have.</param>
    /// <param name="target">The target.</param>
    public SeriesScaler(ForecastLayout layout, RowScaling scaling, int series, int target)
    {
        _layout = layout;
        _scaling = scaling;
        // Of all data where the height of a series is to be seen, else of the series.
        _pooled = target;
        _unit = layout.Scaling == SeriesScaling.None ? target : series * layout.Targets + target;
        IsConstant = layout.WindowDecides && scaling.Deviations[_unit] == 0 && (series > 0 || layout.Scaling == SeriesScaling.None);
        IsKnown = !layout.WindowDecides || IsConstant || layout.Scaling == SeriesScaling.None || (series > 0 && scaling.Changes[_unit] > 0);
    }

    /// <summary>Whether the training data says what to measure the series by.</summary>
    public bool IsKnown { get; }

    /// <summary>Whether the training data has nothing but one value of the series.</summary>
    public bool IsConstant { get; }

    /// <summary>Whether two values are the same but for rounding.</summary>
    public static bool IsSame(double value, double other) => Math.Abs(value - other) <= Resolution * Math.Abs(other);

    /// <summary>
    /// After how many values behind a window of zeros these say nothing any more, so that the values are a window of their own: where the
    /// training data has no such window. 0 for never.
    /// </summary>
    public int ForgetsZerosAfter => IsConstant ? 0
        : !IsKnown ? ValuesOfBeginning
        : _layout.WindowDecides && _layout.Scaling is SeriesScaling.LastValue or SeriesScaling.Window && _scaling.Sizes[_unit] > 0 ? 1 : 0;

    /// <summary>The level and the scale.</summary>
    /// <param name="last">The last value; before the first one the level in the training data.</param>
    /// <param name="values">The last values, at most W, the latest first.</param>
    public (float Level, float Scale) Of(float last, ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            return (last, IsConstant
                ? 0
                : _layout.Scaling is SeriesScaling.LastValue or SeriesScaling.Window && IsKnown
                ? _scaling.Changes[_unit]
                : _scaling.Deviations[_unit]);
        if (IsConstant)
            return IsMostly(values, _scaling.Levels[_unit]) ? (_scaling.Levels[_unit], 0) : OfOwn(last, values, _unit);
        if (!IsKnown)
            return IsConstantSoFar(values, out float value) ? (value, 0) : OfOwn(last, values, _pooled);
        if (_layout.Scaling is SeriesScaling.LastValue or SeriesScaling.Window && IsOfAnotherSize(values))
            return OfOwn(last, values, _unit);
        return _layout.Scaling switch
        {
            SeriesScaling.LastValue => (last, _scaling.Changes[_unit]),
            SeriesScaling.Window => OfWindow(values, _scaling.Changes[_unit]),
            _ => (_scaling.Levels[_unit], _scaling.Deviations[_unit]),
        };
    }

    private static (float Level, float Scale) OfWindow(ReadOnlySpan<float> values, double change)
    {
        float mean = MeanOf(values);
        return (mean, ScaleOf(SquaresOf(values, mean, change * change) / (values.Length + 1)));
    }

    /// <summary>
    /// Level and scale by nothing but the window; what is expected of values of its size is what <paramref name="unit"/> had.
    /// </summary>
    private (float Level, float Scale) OfOwn(float last, ReadOnlySpan<float> values, int unit)
    {
        float mean = MeanOf(values);
        double squares = SquaresOf(values, mean, 0), change = OwnChange(values, squares, unit);
        return _layout.Scaling == SeriesScaling.LastValue
            ? (last, ScaleOf(change * change))
            : (mean, ScaleOf((squares + change * change) / (values.Length + 1)));
    }

    private double OwnChange(ReadOnlySpan<float> values, double squares, int unit)
    {
        double sum = 0;
        // Over the horizon or, where the window is too short for that, as far as it goes.
        for (int i = 1; i < values.Length; i++)
        {
            double moved = (double)values[Math.Max(i - _layout.Horizon, 0)] - values[i];
            sum += moved * moved;
        }
        // A cycle as long as the horizon comes back to where it was.
        double own = sum > 0 ? Math.Sqrt(sum / (values.Length - 1)) : Math.Sqrt(squares / values.Length);
        double expected = _scaling.Changes[unit], size = SizeOf(unit);
        if (!(expected > 0 && size > 0))
            return own;
        double relative = expected * (Math.Sqrt(MeanSquareOf(values)) / size);
        double change = Math.Clamp(own, Math.Min(expected, relative), Math.Max(expected, relative));
        if (values.Length < LeastLength(_layout.WindowSize))
            return change;
        double doubt = 1 + (double)EnoughForSize / values.Length;
        return Math.Clamp(change, own / doubt, own * doubt);
    }

    private double SizeOf(int unit)
    {
        double level = _scaling.Levels[unit], deviation = _scaling.Deviations[unit];
        return Math.Sqrt(level * level + deviation * deviation);
    }

    // Half of the least size that a window had in the training data and, where the scale does not go by the window anyway, several times
    // the mean one: what varies as usual is measured as in training.
    private bool IsOfAnotherSize(ReadOnlySpan<float> values)
    {
        double least = _layout.WindowDecides ? _scaling.Sizes[_unit] / 2.0 : 0;
        if (!(least > 0 && values.Length >= LeastLength(_layout.WindowSize)))
            return false;
        double square = MeanSquareOf(values), largest = LargerSize * SizeOf(_unit);
        return square < least * least || (_layout.Scaling == SeriesScaling.LastValue && square > largest * largest);
    }

    /// <summary>Values from which on the size of a window counts.</summary>
    public static int LeastLength(int windowSize) => Math.Min(windowSize, EnoughForSize);

    /// <summary>Whether a window of enough values has one value, but for few.</summary>
    private bool IsConstantSoFar(ReadOnlySpan<float> values, out float value)
    {
        value = values[0];
        if (values.Length < LeastLength(_layout.WindowSize))
            return false;
        // The value of most, if there is one, is left when pairs of different ones are crossed out (Boyer and Moore).
        int left = 0;
        foreach (float one in values)
        {
            if (left == 0)
                value = one;
            left += one == value ? 1 : -1;
        }
        int apart = ForecastLossDescription.Of(_layout.Loss).IgnoresOutliers ? Math.Max(1, values.Length / ValuesOfOneApart) : 1;
        return values.Length - values.Count(value) <= apart;
    }

    private static bool IsMostly(ReadOnlySpan<float> values, float level)
    {
        int count = 0;
        foreach (float value in values)
            count += IsSame(value, level) ? 1 : 0;
        return 2 * count >= values.Length;
    }

    private static float MeanOf(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += value;
        return (float)(sum / values.Length);
    }

    private static double SquaresOf(ReadOnlySpan<float> values, float mean, double squares)
    {
        foreach (float value in values)
            squares += ((double)value - mean) * ((double)value - mean);
        return squares;
    }

    private static double MeanSquareOf(ReadOnlySpan<float> values)
    {
        double squares = 0;
        foreach (float value in values)
            squares += (double)value * value;
        return squares / values.Length;
    }

    private static float ScaleOf(double square) => (float)Math.Min(Math.Sqrt(square), float.MaxValue);
}
