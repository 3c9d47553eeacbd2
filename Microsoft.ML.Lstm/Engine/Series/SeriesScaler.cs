namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Gives the level and scale by which the values of a series are measured at present: by the training data or, where that does not tell or
/// no longer holds, by the last values of the series itself.
/// </summary>
/// <remarks>
/// A window of n values that is measured by itself has the scale √((Σ(x − x̄)² + c²) / (n + 1)) too, with c the change over the
/// horizon within the window. A few values tell little about c, so it is clamped between the change in the training data and that change in
/// proportion to the size of the window's values. The more values there are, the less c may differ from their own change, as a series may
/// vary little for its height. A window in which nearly all values are the same has that value as its level, and no scale. Everything is in
/// the unit of the values: with values times a power of two the result is the same, to the last bit.
/// </remarks>
internal readonly struct SeriesScaler
{
    /// <summary>
    /// How many values a window needs for its size to be compared with the training data, and for its own change to count.
    /// </summary>
    public const int EnoughForSize = 8;

    /// <summary>With a loss that ignores outliers, one value in so many may differ in a window that counts as constant.</summary>
    public const int ValuesOfOneApart = 16;

    // How many values after zeros begin a new history in a series that was not in the training data: a single one may be an outlier, or a
    // rare sale.
    private const int ValuesOfBeginning = 3;

    /// <summary>A window with values more than this many times as large as in the training data is of another size.</summary>
    public const float LargerSize = 4;

    /// <summary>Values that differ less than this, relative to their size, are the same: a float has 24 bits.</summary>
    public const double Resolution = 1.0 / (1 << 22);

    private readonly ForecastLayout _layout;
    private readonly RowScaling _scaling;
    private readonly int _unit;
    private readonly int _pooled;

    /// <param name="layout">The layout of the rows.</param>
    /// <param name="scaling">The units found in the training data.</param>
    /// <param name="series">The number of the series, from 1; 0 for one that is not in the training data.</param>
    /// <param name="target">The target.</param>
    public SeriesScaler(ForecastLayout layout, RowScaling scaling, int series, int target)
    {
        _layout = layout;
        _scaling = scaling;
        // Without scaling by series, the network is to see the height of a series, so the unit is measured over all data.
        _pooled = target;
        _unit = layout.Scaling == SeriesScaling.None ? target : series * layout.Targets + target;
        IsConstant = layout.WindowDecides && scaling.Deviations[_unit] == 0 && (series > 0 || layout.Scaling == SeriesScaling.None);
        IsKnown = !layout.WindowDecides || IsConstant || layout.Scaling == SeriesScaling.None || (series > 0 && scaling.Changes[_unit] > 0);
    }

    /// <summary>The place of the series' unit in the scaling.</summary>
    public int Unit => _unit;

    /// <summary>The place of the unit that limits the change of a window which measures itself.</summary>
    public int UnitOfOwn => IsKnown ? _unit : _pooled;

    /// <summary>Whether the training data gives the level and scale of the series.</summary>
    public bool IsKnown { get; }

    /// <summary>Whether the series has a single value in the training data.</summary>
    public bool IsConstant { get; }

    /// <summary>Whether two values are the same except for rounding.</summary>
    public static bool IsSame(double value, double other) => Math.Abs(value - other) <= Resolution * Math.Abs(other);

    /// <summary>
    /// After how many values behind a window of zeros the history begins again; 0 for never, as where the training data has windows of
    /// zeros.
    /// </summary>
    public int ForgetsZerosAfter
        => IsConstant ? 0
            : !IsKnown ? ValuesOfBeginning
            : _layout.WindowDecides && _layout.Scaling is SeriesScaling.LastValue or SeriesScaling.Window && _scaling.Sizes[_unit] > 0 ? 1
            : 0;

    /// <summary>The level and scale at present.</summary>
    /// <param name="last">The last value; before the first value, the level in the training data.</param>
    /// <param name="values">The last values, at most W, the latest first.</param>
    public (float Level, float Scale) Of(float last, ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            return (last, IsConstant ? 0
                : IsKnown && _layout.Scaling is SeriesScaling.LastValue or SeriesScaling.Window ? _scaling.Changes[_unit]
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
    /// Level and scale by the window's own values; the change of <paramref name="unit"/> in the training data limits their change.
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
        // Over the horizon, or over as many values as the window has.
        for (int i = 1; i < values.Length; i++)
        {
            double moved = (double)values[Math.Max(i - _layout.Horizon, 0)] - values[i];
            sum += moved * moved;
        }
        // Over a cycle as long as the horizon nothing changes.
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

    /// <summary>The root mean square of a unit's values in the training data.</summary>
    public double SizeOf(int unit)
    {
        double level = _scaling.Levels[unit], deviation = _scaling.Deviations[unit];
        return Math.Sqrt(level * level + deviation * deviation);
    }

    // Smaller than half of the smallest window in the training data or, where the scale does not follow the window anyway, several times as
    // large as its mean: anything between is measured as in training.
    private bool IsOfAnotherSize(ReadOnlySpan<float> values)
    {
        double least = _layout.WindowDecides ? _scaling.Sizes[_unit] / 2.0 : 0;
        if (!(least > 0 && values.Length >= LeastLength(_layout.WindowSize)))
            return false;
        double square = MeanSquareOf(values), largest = LargerSize * SizeOf(_unit);
        return square < least * least || (_layout.Scaling == SeriesScaling.LastValue && square > largest * largest);
    }

    /// <summary>How many values a window needs for its size to count.</summary>
    public static int LeastLength(int windowSize) => Math.Min(windowSize, EnoughForSize);

    /// <summary>Whether nearly all values of a long enough window are the same.</summary>
    private bool IsConstantSoFar(ReadOnlySpan<float> values, out float value)
    {
        value = values[0];
        if (values.Length < LeastLength(_layout.WindowSize))
            return false;
        // Crossing out pairs of different values leaves the majority value, if there is one (Boyer and Moore).
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
