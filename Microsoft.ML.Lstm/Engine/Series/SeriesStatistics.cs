using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Finds the units of the numbers in the training rows: level, deviation, change and size of each target, and the scale of covariates.
/// </summary>
internal sealed class SeriesStatistics
{
    // A smaller deviation, relative to the level, is rounding.
    private const double SmallestRelativeDeviation = 1e-7;

    // A series with fewer values than this, or than a quarter of the window, is measured by its own last values: the deviation of few
    // values means nothing.
    private const int EnoughValues = 24;

    private readonly ForecastData _data;
    private readonly int _targets;
    private readonly float[] _levels;
    private readonly float[] _deviations;
    private readonly float[] _changes;
    private readonly float[] _sizes;

    private SeriesStatistics(ForecastData data)
    {
        _data = data;
        _targets = data.Layout.Targets;
        _levels = new float[(data.Rows.Count + 1) * _targets];
        (_deviations, _changes, _sizes) = (new float[_levels.Length], new float[_levels.Length], new float[_levels.Length]);
    }

    /// <summary>The units of the training rows of <paramref name="data"/>.</summary>
    public static RowScaling Of(ForecastData data)
    {
        var units = new SeriesStatistics(data);
        for (int d = 0; d < data.Layout.Targets; d++)
            units.MeasureTarget(d);
        int firstCovariate = data.Layout.Targets, columns = data.Layout.RowSize;
        AffineScaler[] scalers = [.. Enumerable.Range(firstCovariate, columns - firstCovariate).Select(units.ScalerOf)];
        var covariates = new AffineScaler(
            [.. scalers.Select(scaler => scaler.Offset[0])], [.. scalers.Select(scaler => scaler.Scale[0])]);
        return new RowScaling(
            covariates, units.ScalerOfStatics(), units._levels, units._deviations, units._changes, units._sizes);
    }

    private void MeasureTarget(int target)
    {
        Measure(Enumerable.Range(0, _data.Rows.Count), target, out _);
        _sizes[target] = StepOf(target);
        int seriesWithValues = Enumerable.Range(0, _data.Rows.Count).Count(i => HasValue(i, target));
        int enough = Math.Clamp(_data.Layout.WindowSize / 4, 2, EnoughValues);
        for (int i = 0; i < _data.Rows.Count; i++)
        {
            int at = _data.Rows[i].Series * _targets + target;
            Measure([i], at, out long count);
            if (count == 0)
                _levels[at] = _levels[target];
            if (count == 0 || (count < enough && seriesWithValues > 1))
            {
                // A change of 0 beside a deviation above 0 marks a series that the training data does not tell.
                (_deviations[at], _changes[at]) = (_deviations[target] > 0 ? _deviations[target] : 1, 0);
            }
            else if (_changes[at] > 0)
            {
                _sizes[at] = LeastSize(i, target);
            }
        }
    }

    private bool HasValue(int series, int target)
    {
        for (int t = 0; t < _data.TrainingRows[series]; t++)
        {
            if (float.IsFinite(_data.Rows[series][t][target]))
                return true;
        }
        return false;
    }

    /// <summary>Measures level, deviation and change of a target over some series.</summary>
    private void Measure(IEnumerable<int> series, int at, out long count)
    {
        int target = at % _targets;
        double sum = 0, squares = 0, changeSquares = 0;
        long changeCount = 0;
        count = 0;
        float shift = float.NaN;
        foreach (int i in series)
        {
            for (int t = 0; t < _data.TrainingRows[i]; t++)
            {
                float value = _data.Rows[i][t][target];
                if (!float.IsFinite(value))
                    continue;
                shift = float.IsNaN(shift) ? value : shift;
                double x = (double)value - shift;
                (sum, squares, count) = (sum + x, squares + x * x, count + 1);
                // Over the horizon, or to the end of the series.
                int later = Math.Min(t + _data.Layout.Horizon, _data.TrainingRows[i] - 1);
                double change = later > t ? (double)_data.Rows[i][later][target] - value : double.NaN;
                if (double.IsFinite(change))
                    (changeSquares, changeCount) = (changeSquares + change * change, changeCount + 1);
            }
        }
        if (count == 0)
            return;
        double mean = sum / count;
        _levels[at] = (float)(shift + mean);
        _deviations[at] = UnitOf(Math.Sqrt(Math.Max(0, squares / count - mean * mean)), _levels[at]);
        _changes[at] = changeCount > 0 && _deviations[at] > 0 ? UnitOf(Math.Sqrt(changeSquares / changeCount), _levels[at]) : 0;
        // Over a cycle as long as the horizon nothing changes.
        if (_changes[at] == 0)
            _changes[at] = _deviations[at];
    }

    /// <summary>The root mean squared change of a target from row to row.</summary>
    private float StepOf(int target)
    {
        double squares = 0;
        long count = 0;
        for (int i = 0; i < _data.Rows.Count; i++)
        {
            for (int t = 1; t < _data.TrainingRows[i]; t++)
            {
                double change = (double)_data.Rows[i][t][target] - _data.Rows[i][t - 1][target];
                if (double.IsFinite(change))
                    (squares, count) = (squares + change * change, count + 1);
            }
        }
        return count > 0 ? UnitOf(Math.Sqrt(squares / count), _levels[target]) : 0;
    }

    // 0 for values that never change.
    private static float UnitOf(double deviation, float level)
        => deviation > SmallestRelativeDeviation * Math.Abs(level) && float.IsFinite((float)(1 / deviation))
            ? (float)Math.Min(deviation, float.MaxValue)
            : 0;

    /// <summary>The least root mean square of a window in a series.</summary>
    private float LeastSize(int series, int target)
    {
        int size = _data.Layout.WindowSize;
        var squares = new List<double>();
        for (int t = 0; t < _data.TrainingRows[series]; t++)
        {
            double value = _data.Rows[series][t][target];
            if (double.IsFinite(value))
                squares.Add(value * value);
            else if (squares.Count > 0)
                squares.Add(squares[^1]);
        }
        // The sum over a window is the sum over the end of one block plus the sum over the beginning of the next. Differences of running
        // sums would give a window of zeros a size by rounding.
        double[] ends = new double[squares.Count];
        for (int i = squares.Count - 1; i >= 0; i--)
            ends[i] = squares[i] + (i + 1 < squares.Count && (i + 1) % size > 0 ? ends[i + 1] : 0);
        double least = double.PositiveInfinity, beginning = 0;
        for (int i = 0; i < squares.Count; i++)
        {
            beginning = squares[i] + (i % size > 0 ? beginning : 0);
            int first = Math.Max(0, i - size + 1), length = i - first + 1;
            if (length >= SeriesScaler.LeastLength(size))
                least = Math.Min(least, ((first / size < i / size ? ends[first] : 0) + beginning) / length);
        }
        return double.IsFinite(least) ? (float)Math.Sqrt(least) : 0;
    }

    private AffineScaler ScalerOf(int column)
    {
        float[][] values = [.. _data.Rows.Select((rows, i) =>
            Enumerable.Range(0, _data.TrainingRows[i]).Select(t => rows[t][column]).Where(float.IsFinite).ToArray())];
        AffineScaler scaler = AffineScaler.Standardize(1, values);
        // A covariate that is always missing does not vary.
        return values.All(some => some.Length == 0) ? new AffineScaler([0], [0]) : scaler;
    }

    /// <summary>The scaler of the static features, over the series that have something to learn.</summary>
    private AffineScaler ScalerOfStatics()
        => AffineScaler.Standardize(_data.Rows[0].Statics.Length,
            _data.Rows.Where((_, i) => _data.TrainingRows[i] > 1).Select(rows => rows.Statics));
}

/// <summary>The units of the numbers in a series' rows, which <see cref="SeriesStatistics"/> finds in the training data.</summary>
/// <param name="Covariates">The scaler of the covariates, [P + K]; a covariate that never varied has the scale 0.</param>
/// <param name="Statics">The scaler of the static features, [S], likewise.</param>
/// <param name="Levels">The mean of each target, [(series + 1) x D]: over all data first, then in each series.</param>
/// <param name="Deviations">The deviation of each target, likewise; 0 for a target that never varied.</param>
/// <param name="Changes">The root mean squared change of each target over the horizon, likewise; 0 beside a deviation above 0 marks a
/// series with too few values in the training data to be measured by them.</param>
/// <param name="Sizes">Over all data, the root mean squared change of each target from row to row; then for each series the least root mean
/// square of a window. 0 where there is none, and in models of version 0.1.0.</param>
internal sealed record RowScaling(
    AffineScaler Covariates, AffineScaler Statics, float[] Levels, float[] Deviations, float[] Changes, float[] Sizes);
