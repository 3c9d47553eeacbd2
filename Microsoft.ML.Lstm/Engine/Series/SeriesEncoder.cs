using System.Numerics;
using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Encodes the rows of one series, one after the other, as the features of the network's steps, and gives the level and scale by which the
/// outputs after each step are read: forecast = level + scale·output. It uses the rows up to the present one and known covariates only.
/// </summary>
/// <remarks>
/// The features are, in this order:
/// <list type="number">
/// <item>the last L values of each target, the latest first, as (value − level)/scale; 0 before the first value, and without a scale
/// (with <see cref="ForecastLayout.ReadsChange"/>, the last change instead);</item>
/// <item>the past covariates;</item>
/// <item>the known covariates of this row and of the next H rows;</item>
/// <item>the features of the calendar;</item>
/// <item>with <see cref="ForecastLayout.ThetaSeason"/>, the theta method's forecasts of the H·D values, (forecast − level)/scale;</item>
/// <item>if values may be missing, for each target and past covariate 1 if it is missing, else 0.</item>
/// </list>
/// A missing value is replaced by the one before it. The history of a series whose level the training data does not tell begins with its
/// first value. It begins again behind a window of zeros, where training had no such window: at the first value that is not zero, or, for a
/// series that was not in the training data, at the third. The scale of a window of n values is √((Σ(x − x̄)² + c²) / (n + 1)),
/// with c the change over the horizon in the training data, so that neither the first values nor a flat stretch is blown up. Without such a
/// c, <see cref="SeriesScaler"/> finds one.
/// </remarks>
internal sealed class SeriesEncoder
{
    // Every finite number is a valid value, so it must not become infinite here or in later products.
    private const double Largest = 1e18;

    /// <summary>The values whose changes are the latest; fewer where the history is shorter.</summary>
    public const int LatestValues = 25;

    // Larger than most windows, so that the history seldom has to grow.
    private const int FirstCapacity = 256;

    private readonly ForecastLayout _layout;
    private readonly RowScaling _scaling;

    // [D x capacity], the latest value first. It grows with the rows, since a window may be far longer than a series.
    private float[] _history;
    private int _capacity;
    private readonly float[] _last;
    private readonly float[] _levels;
    private readonly float[] _scales;
    private readonly int[] _counts;
    private readonly SeriesScaler[] _scalers;
    private readonly ReadOnlyMemory<float> _start;
    private ThetaInputs? _theta;

    /// <param name="layout">The layout of the features.</param>
    /// <param name="scaling">The units found in the training data.</param>
    /// <param name="series">The number of the series, from 1; 0 for one that is not in the training data.</param>
    public SeriesEncoder(ForecastLayout layout, RowScaling scaling, int series)
    {
        _layout = layout;
        _scaling = scaling;
        _start = scaling.Levels.AsMemory(series * layout.Targets, layout.Targets);
        _capacity = Math.Min(layout.History, FirstCapacity);
        _history = new float[layout.Targets * _capacity];
        _last = new float[layout.RowSize];
        _levels = new float[layout.Targets];
        _scales = new float[layout.Targets];
        _counts = new int[layout.Targets];
        _scalers = [.. Enumerable.Range(0, layout.Targets).Select(target => new SeriesScaler(layout, scaling, series, target))];
        Reset();
    }

    /// <summary>How many rows there have been, at most <see cref="ForecastLayout.History"/>.</summary>
    public int Count { get; private set; }

    /// <summary>The last value of each target [D].</summary>
    public ReadOnlySpan<float> Values => _last.AsSpan(0, _layout.Targets);

    /// <summary>How many values of each target [D] the history has.</summary>
    public ReadOnlySpan<int> Counts => _counts;

    /// <summary>Whether there is a level for any target.</summary>
    public bool IsMeasured
    {
        get
        {
            for (int d = 0; d < _counts.Length; d++)
            {
                if (_scalers[d].IsKnown || _counts[d] > 0)
                    return true;
            }
            return false;
        }
    }

    /// <summary>The level of each target [D] after the last row.</summary>
    public ReadOnlySpan<float> Levels => _levels;

    /// <summary>The scale of each target [D] after the last row.</summary>
    public ReadOnlySpan<float> Scales => _scales;

    /// <summary>How many numbers the state has.</summary>
    public int StateLength => (int)StateLengthOf(_layout);

    /// <summary>How many numbers the state has with a layout.</summary>
    public static long StateLengthOf(ForecastLayout layout)
        => 1 + (long)layout.Targets * layout.History + layout.RowSize + (layout.WindowDecides ? layout.Targets : 0)
            + ThetaInputs.StateLengthOf(layout.ThetaSeason, layout.Targets);

    /// <summary>Forgets all rows.</summary>
    public void Reset()
    {
        Count = 0;
        Array.Clear(_counts);
        Array.Clear(_history);
        _theta = _layout.ThetaSeason is { } season ? new ThetaInputs(season, _layout.Targets, _layout.Horizon) : null;
        _start.Span.CopyTo(_last);
        _scaling.Covariates.Offset.CopyTo(_last.AsSpan(_layout.Targets));
        Measure();
    }

    /// <summary>
    /// Writes lags as features, (value − level)/scale; 0 where there is no value, and without a scale.
    /// </summary>
    /// <param name="values">The last values, the latest first, at most L.</param>
    /// <param name="level">The level at present.</param>
    /// <param name="scale">The scale at present.</param>
    /// <param name="features">Receives L features.</param>
    public static void MeasureLags(ReadOnlySpan<float> values, float level, float scale, Span<float> features)
    {
        int count = scale > 0 ? values.Length : 0;
        features[count..].Clear();
        int lag = 0;
        Vector<double> levels = new(level), scales = new(scale), largest = new(Largest);
        for (; lag <= count - Vector<float>.Count; lag += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(values[lag..]), out Vector<double> low, out Vector<double> high);
            low = Vector.Min(Vector.Max((low - levels) / scales, -largest), largest);
            high = Vector.Min(Vector.Max((high - levels) / scales, -largest), largest);
            Vector.Narrow(low, high).CopyTo(features[lag..]);
        }
        for (; lag < count; lag++)
            features[lag] = Measured(values[lag] - (double)level, scale);
    }

    /// <summary>Encodes the next row.</summary>
    /// <param name="row">Targets, past covariates and known covariates; NaN or infinite where one is missing.</param>
    /// <param name="future">The known covariates of the next rows, row by row; where there are fewer than H rows, or a value is missing,
    /// the values of the row before are repeated.</param>
    /// <param name="calendar">The features of the calendar.</param>
    /// <param name="features">Receives F features.</param>
    public void Encode(ReadOnlySpan<float> row, ReadOnlySpan<float> future, ReadOnlySpan<float> calendar, Span<float> features)
    {
        EncodeBehindLags(row, future, calendar, features[_layout.LagFeatures..]);
        for (int d = 0, lags = _layout.Lags; d * lags < _layout.LagFeatures; d++)
            MeasureLags(HistoryOf(d)[..Math.Min(_counts[d], lags)], _levels[d], _scales[d], features.Slice(d * lags, lags));
    }

    /// <summary>Encodes the next row as <see cref="Encode"/> does, without the features that are lags.</summary>
    public void EncodeBehindLags(ReadOnlySpan<float> row, ReadOnlySpan<float> future, ReadOnlySpan<float> calendar, Span<float> features)
    {
        int targets = _layout.Targets, known = _layout.KnownCovariates, indicators = _layout.Indicators;
        for (int i = 0; i < row.Length; i++)
        {
            bool isMissing = !float.IsFinite(row[i]);
            if (!isMissing)
                _last[i] = row[i];
            if (i < indicators)
                features[features.Length - indicators + i] = isMissing ? 1 : 0;
        }
        Count = Math.Min(Count + 1, _layout.History);
        Reserve(Count);
        for (int d = 0; d < targets; d++)
        {
            if (!_scalers[d].IsKnown && _counts[d] == 0 && !float.IsFinite(row[d]))
                continue;
            Span<float> history = HistoryOf(d);
            if (_last[d] != 0 && _counts[d] >= _layout.WindowSize)
                ForgetZeros(d, history[.._layout.WindowSize]);
            history[..^1].CopyTo(history[1..]);
            history[0] = _last[d];
            _counts[d] = Math.Min(_counts[d] + 1, _layout.History);
        }
        Measure();

        int at = 0;
        for (int d = 0; d < targets && _layout.ReadsChange; d++)
            features[at++] = _counts[d] > 0 ? Change(d) : 0;
        for (int i = targets; i < row.Length; i++)
            features[at++] = Covariate(i - targets, _last[i]);
        for (int h = 0; h < _layout.Horizon; h++)
        {
            for (int k = 0; k < known; k++, at++)
            {
                bool isKnown = h * known + k < future.Length && float.IsFinite(future[h * known + k]);
                features[at] = isKnown ? Covariate(_layout.PastCovariates + k, future[h * known + k]) : features[at - known];
            }
        }
        calendar.CopyTo(features[at..]);
        if (_theta is null)
            return;
        _theta.Add(row);
        at += calendar.Length;
        for (int i = 0; i < _layout.Values; i++)
        {
            int d = i % targets;
            double difference = _theta[i] - _levels[d];
            features[at + i] = _scales[d] > 0 && double.IsFinite(difference) ? Measured(difference, _scales[d]) : 0;
        }
    }

    /// <summary>
    /// How much a target has changed from row to row lately: the mean absolute change over the last rows, in units of the scale; 0 before
    /// the second value, and without a scale.
    /// </summary>
    public double ChangeOf(int target)
    {
        ReadOnlySpan<float> history = HistoryOf(target)[..Math.Min(_counts[target], LatestValues)];
        double sum = 0;
        for (int i = 1; i < history.Length; i++)
            sum += Math.Abs((double)history[i - 1] - history[i]);
        return _scales[target] > 0 ? sum / Math.Max(1, history.Length - 1) / _scales[target] : 0;
    }

    /// <summary>Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        destination[0] = Count;
        Span<float> histories = destination.Slice(1, _layout.Targets * _layout.History);
        histories.Clear();
        for (int d = 0; d < _layout.Targets; d++)
            HistoryOf(d).CopyTo(histories[(d * _layout.History)..]);
        _last.CopyTo(destination[(1 + histories.Length)..]);
        for (int d = 0; _layout.WindowDecides && d < _counts.Length; d++)
            destination[1 + histories.Length + _last.Length + d] = _counts[d];
        _theta?.CopyStateTo(destination[(StateLength - ThetaLength)..StateLength]);
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        Count = (int)source[0];
        Reserve(Count);
        ReadOnlySpan<float> histories = source.Slice(1, _layout.Targets * _layout.History);
        for (int d = 0; d < _layout.Targets; d++)
            histories.Slice(d * _layout.History, _capacity).CopyTo(HistoryOf(d));
        source.Slice(1 + histories.Length, _last.Length).CopyTo(_last);
        ReadOnlySpan<float> counts = source[(1 + histories.Length + _last.Length)..];
        for (int d = 0; d < _counts.Length; d++)
            _counts[d] = _layout.WindowDecides ? (int)Math.Clamp(counts[d], 0, Count) : Count;
        _theta?.CopyStateFrom(source[(StateLength - ThetaLength)..StateLength]);
        Measure();
    }

    /// <summary>Begins the history of a target again at the values that follow a window of zeros, once there are enough of them.</summary>
    private void ForgetZeros(int target, ReadOnlySpan<float> window)
    {
        int before = _scalers[target].ForgetsZerosAfter - 1;
        if (before >= 0 && before < window.Length && !window[..before].Contains(0f) && !window[before..].ContainsAnyExcept(0f))
            _counts[target] = before;
    }

    private int ThetaLength => (int)ThetaInputs.StateLengthOf(_layout.ThetaSeason, _layout.Targets);

    private Span<float> HistoryOf(int target) => _history.AsSpan(target * _capacity, _capacity);

    private void Reserve(int rows)
    {
        if (rows <= _capacity)
            return;
        int capacity = (int)Math.Min(_layout.History, Math.Max(rows, 2L * _capacity));
        float[] history = new float[_layout.Targets * capacity];
        for (int d = 0; d < _layout.Targets; d++)
            HistoryOf(d).CopyTo(history.AsSpan(d * capacity));
        (_history, _capacity) = (history, capacity);
    }

    private float Covariate(int index, float value)
        => (float)Math.Clamp(((double)value - _scaling.Covariates.Offset[index]) * _scaling.Covariates.Scale[index], -Largest, Largest);

    /// <summary>
    /// The last change of a target, divided by its scale. Since the scale is a change over the horizon, it is brought to a change from row
    /// to row by the ratio of the two over all data.
    /// </summary>
    private float Change(int target)
    {
        Span<float> history = HistoryOf(target);
        double change = history[0] - (double)history[Math.Min(1, _counts[target] - 1)];
        double step = _scaling.Sizes[target], ratio = step > 0 ? _scaling.Changes[target] / step : 1;
        return _scales[target] > 0 ? Measured(change * ratio, _scales[target]) : 0;
    }

    private static float Measured(double difference, float scale) => (float)Math.Clamp(difference / scale, -Largest, Largest);

    private void Measure()
    {
        for (int d = 0; d < _layout.Targets; d++)
            (_levels[d], _scales[d]) = _scalers[d].Of(_last[d], HistoryOf(d)[..Math.Min(_counts[d], _layout.WindowSize)]);
    }
}
