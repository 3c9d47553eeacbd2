using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Forecasts one series whose rows arrive one at a time: the mean of the model's networks, mixed with its baselines. The cost of a row does
/// not depend on how many came before. Any number of streams may share networks; each serves one caller at a time.
/// </summary>
internal sealed class ForecastStream
{
    private readonly ForecastModel _model;
    private readonly ForecastNetworkStream[] _networks;
    private readonly BaselineStream? _baselines;
    private readonly AdaptiveWidth? _width;

    /// <param name="model">The model.</param>
    /// <param name="networks">The model's networks, ready to run: those of <see cref="ForecastModel.Pack()"/>.</param>
    /// <param name="series">The number of the series, from 1; 0 for one that is not in the training data.</param>
    /// <param name="theta">For a model with baselines, what fits the theta method: streams of one caller share it. Null for one of the
    /// stream's own.</param>
    /// <param name="keptSteps">How many steps are kept to be explained; 0 for none.</param>
    public ForecastStream(ForecastModel model, SequenceNetwork[] networks, int series, ThetaMethod? theta = null, int keptSteps = 0)
    {
        _model = model;
        _networks = [.. model.Networks.Zip(networks, (one, packed) => new ForecastNetworkStream(one, packed, series, keptSteps))];
        if (model.Baselines is { } mixture)
            _baselines = new BaselineStream(mixture, model.Layout.Targets, model.Layout.Horizon, theta ?? mixture.NewTheta());
        if (model.Intervals.Adaptation is { } adaptation)
            _width = new AdaptiveWidth(adaptation, model.Layout);
    }

    /// <summary>
    /// Whether there is a forecast: after the first row or, of a series whose level the training data does not tell, after the first row
    /// with a value.
    /// </summary>
    public bool HasForecast => Array.TrueForAll(_networks, static network => network.HasForecast);

    /// <summary>Whether steps are kept to be explained, and there have been some.</summary>
    public bool HasHistory => Array.TrueForAll(_networks, static network => network.History is { IsEmpty: false });

    /// <summary>The streams of the networks.</summary>
    public IReadOnlyList<ForecastNetworkStream> Networks => _networks;

    /// <summary>How many numbers the state has.</summary>
    public int StateLength => (int)StateLengthOf(_model);

    /// <summary>How many numbers the state has with a model.</summary>
    public static long StateLengthOf(ForecastModel model)
        => model.Networks.Sum(one => ForecastNetworkStream.StateLengthOf(one.Network, one.Layout))
            + BaselineStream.StateLengthOf(model.Baselines, model.Layout.Targets)
            + (model.Intervals.Adaptation is null ? 0 : AdaptiveWidth.StateLengthOf(model.Layout));

    /// <summary>Takes the next row; see <see cref="SeriesEncoder.Encode"/>.</summary>
    public void Step(ReadOnlySpan<float> row, ReadOnlySpan<float> future, ReadOnlySpan<float> calendar, ReadOnlySpan<float> statics)
    {
        foreach (ForecastNetworkStream network in _networks)
            network.Step(row, future, calendar, statics);
        _baselines?.Add(row);
        _width?.Step(row, this);
    }

    /// <summary>The forecast of value <paramref name="index"/> of H·D, before calibration.</summary>
    public ForecastOutput this[int index]
    {
        get
        {
            if (_networks.Length == 1 && _baselines is null)
                return _networks[0][index];
            double point = 0, lower = 0, upper = 0, spread = 0;
            for (int i = 0; i < _networks.Length; i++)
            {
                double share = _model.ShareOf(i);
                ForecastOutput output = _networks[i][index];
                (point, spread) = (point + share * output.Point, spread + share * output.Spread);
                (lower, upper) = (lower + share * output.Lower, upper + share * output.Upper);
            }
            // An interval of the networks goes along with its point.
            double moved = _baselines is null ? 0 : _baselines.Mix(index, point) - point;
            return new ForecastOutput(point + moved, lower + moved, upper + moved, spread);
        }
    }

    /// <summary>The share that the networks have in value <paramref name="index"/> of H·D, and the rest, of baselines.</summary>
    public double NetworkShareOf(int index, out double rest)
    {
        rest = _baselines?.Mix(index, 0) ?? 0;
        return _baselines is null ? 1 : _baselines.Mix(index, 1) - rest;
    }

    /// <inheritdoc cref="SeriesEncoder.ChangeOf"/>
    public double ChangeOf(int target) => _networks[0].ChangeOf(target);

    /// <summary>
    /// The ends of the calibrated interval of value <paramref name="index"/> of H·D. It always holds its point, even where calibration
    /// alone would not let it.
    /// </summary>
    public (float Lower, float Upper) IntervalOf(int index) => IntervalOf(index, this[index], UnitOf(index % _model.Layout.Targets));

    /// <summary>
    /// Writes the forecast after the last row: the points, the lower and the upper ends of the calibrated intervals, H·D each.
    /// </summary>
    public void CopyForecastTo(Span<float> destination)
    {
        int values = _model.Layout.Values, targets = _model.Layout.Targets;
        for (int d = 0; d < targets; d++)
        {
            double unit = UnitOf(d);
            for (int i = d; i < values; i += targets)
            {
                ForecastOutput output = this[i];
                destination[i] = (float)output.Point;
                (destination[values + i], destination[2 * values + i]) = IntervalOf(i, output, unit);
            }
        }
    }

    /// <summary>
    /// Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers: of each network, of the baselines, then of
    /// the width of intervals.
    /// </summary>
    public void CopyStateTo(Span<float> destination)
    {
        foreach (ForecastNetworkStream network in _networks)
        {
            network.CopyStateTo(destination[..network.StateLength]);
            destination = destination[network.StateLength..];
        }
        if (_baselines is not null)
        {
            int length = (int)BaselineStream.StateLengthOf(_model.Baselines, _model.Layout.Targets);
            _baselines.CopyStateTo(destination[..length]);
            destination = destination[length..];
        }
        _width?.CopyStateTo(destination);
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote, of this or another stream of the same model.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        foreach (ForecastNetworkStream network in _networks)
        {
            network.CopyStateFrom(source[..network.StateLength]);
            source = source[network.StateLength..];
        }
        if (_baselines is not null)
        {
            int length = (int)BaselineStream.StateLengthOf(_model.Baselines, _model.Layout.Targets);
            _baselines.CopyStateFrom(source[..length]);
            source = source[length..];
        }
        _width?.CopyStateFrom(source);
    }

    /// <summary>The unit of a target's errors, in spreads of the forecast.</summary>
    private double UnitOf(int target)
        => _model.Intervals.Powers.Length == 0 ? 1 : _model.Intervals.FactorOf(target, ChangeOf(target));

    private (float Lower, float Upper) IntervalOf(int index, ForecastOutput output, double unit)
    {
        ForecastIntervals intervals = _model.Intervals;
        double spreads = output.Spread * unit, width = _width?.Of(index % _model.Layout.Targets) ?? 1;
        double lower = Math.Min(output.Lower + spreads * intervals.Lower[index], output.Point);
        double upper = Math.Max(output.Upper + spreads * intervals.Upper[index], output.Point);
        // Without a sum more, so that intervals that stay as calibrated have the bits of earlier versions and of exported graphs.
        return width == 1 ? ((float)lower, (float)upper)
            : ((float)(output.Point + width * (lower - output.Point)), (float)(output.Point + width * (upper - output.Point)));
    }
}

/// <summary>
/// The widths of one series' intervals, as multiples of what calibration found, one for each target. A width is controlled by the values
/// that come: ln w ← ln w + η·(m − α), where m is the share of the compared intervals that missed the value and α the share that may miss
/// it (quantile tracking of Angelopoulos, Candès and Tibshirani 2023, after the adaptive conformal inference of Gibbs and Candès 2021).
/// Over n values the share of misses differs from α by no more than the change of ln w / (n·η), whatever the values are.
/// </summary>
internal sealed class AdaptiveWidth
{
    // An interval becomes at most four times as wide, or as narrow.
    private static readonly double MostLogarithm = Math.Log(ForecastIntervals.MostFactor);

    private readonly WidthAdaptation _adaptation;
    private readonly int _targets;
    private readonly int[] _steps;
    private readonly float[] _logarithms;
    // Of each compared step h, a ring of the ends of the last h forecasts [h x D x 2]; an upper end below the lower one where there is
    // none.
    private readonly float[][] _ends;
    private readonly int[] _positions;
    private int _rows;

    /// <param name="adaptation">How widths follow.</param>
    /// <param name="layout">The layout of the forecasts.</param>
    public AdaptiveWidth(WidthAdaptation adaptation, ForecastLayout layout)
    {
        (_adaptation, _targets) = (adaptation, layout.Targets);
        _steps = WidthAdaptation.StepsOf(layout.Horizon);
        _logarithms = new float[_targets];
        _ends = [.. _steps.Select(step => new float[step * _targets * 2])];
        _positions = new int[_steps.Length];
        foreach (float[] ends in _ends)
            Clear(ends);
    }

    /// <summary>How many numbers the state has.</summary>
    public static long StateLengthOf(ForecastLayout layout)
        => 1 + layout.Targets + WidthAdaptation.StepsOf(layout.Horizon).Sum(step => 1 + 2L * step * layout.Targets);

    /// <summary>The state of a series after <paramref name="rows"/> rows that training had.</summary>
    public static float[] StateAfterTraining(WidthAdaptation adaptation, ForecastLayout layout, int rows)
    {
        float[] state = new float[StateLengthOf(layout)];
        var width = new AdaptiveWidth(adaptation, layout) { _rows = Math.Min(rows, adaptation.FirstRow) };
        width.CopyStateTo(state);
        return state;
    }

    /// <summary>Whether the numbers of a state can be those of a width, as saved ones need not be.</summary>
    public static bool IsValidState(WidthAdaptation adaptation, ForecastLayout layout, ReadOnlySpan<float> state)
    {
        if (!(state[0] >= 0 && state[0] <= adaptation.FirstRow && float.IsInteger(state[0])))
            return false;
        if (!(Math.Abs(TensorPrimitives.MaxMagnitude(state.Slice(1, layout.Targets))) <= (float)MostLogarithm))
            return false;
        state = state[(1 + layout.Targets)..];
        foreach (int step in WidthAdaptation.StepsOf(layout.Horizon))
        {
            if (!(state[0] >= 0 && state[0] < step && float.IsInteger(state[0])))
                return false;
            state = state[(1 + 2 * step * layout.Targets)..];
        }
        return true;
    }

    /// <summary>How many times as wide as calibrated the intervals of a target are.</summary>
    public double Of(int target) => _logarithms[target] == 0 ? 1 : Math.Exp(_logarithms[target]);

    /// <summary>Compares the intervals with the next row, and keeps those of the forecast after it.</summary>
    /// <param name="row">The targets are the first numbers; NaN or infinite where one is missing.</param>
    /// <param name="stream">The forecast after the row, whose intervals have the widths of this.</param>
    public void Step(ReadOnlySpan<float> row, ForecastStream stream)
    {
        if (_rows < _adaptation.FirstRow)
        {
            _rows++;
            return;
        }
        Compare(row);
        Keep(stream);
    }

    /// <summary>Writes the state.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        destination[0] = _rows;
        for (int d = 0; d < _targets; d++)
            destination[1 + d] = _logarithms[d];
        destination = destination[(1 + _targets)..];
        for (int i = 0; i < _steps.Length; i++)
        {
            destination[0] = _positions[i];
            _ends[i].CopyTo(destination[1..]);
            destination = destination[(1 + _ends[i].Length)..];
        }
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        _rows = (int)source[0];
        for (int d = 0; d < _targets; d++)
            _logarithms[d] = source[1 + d];
        source = source[(1 + _targets)..];
        for (int i = 0; i < _steps.Length; i++)
        {
            _positions[i] = (int)source[0];
            source.Slice(1, _ends[i].Length).CopyTo(_ends[i]);
            source = source[(1 + _ends[i].Length)..];
        }
    }

    private void Compare(ReadOnlySpan<float> row)
    {
        for (int d = 0; d < _targets; d++)
        {
            if (!float.IsFinite(row[d]))
                continue;
            int compared = 0, missed = 0;
            for (int i = 0; i < _steps.Length; i++)
            {
                // The oldest forecast in the ring is that of this row.
                int at = 2 * (_positions[i] * _targets + d);
                (float lower, float upper) = (_ends[i][at], _ends[i][at + 1]);
                if (upper < lower)
                    continue;
                compared++;
                missed += row[d] >= lower && row[d] <= upper ? 0 : 1;
            }
            if (compared > 0)
            {
                double excess = (double)missed / compared - (1 - _adaptation.ConfidenceLevel);
                _logarithms[d] = (float)Math.Clamp(_logarithms[d] + _adaptation.Rate * excess, -MostLogarithm, MostLogarithm);
            }
        }
    }

    private void Keep(ForecastStream stream)
    {
        for (int i = 0; i < _steps.Length; i++)
        {
            Span<float> ends = _ends[i].AsSpan(2 * _positions[i] * _targets, 2 * _targets);
            for (int d = 0; d < _targets && stream.HasForecast; d++)
                (ends[2 * d], ends[2 * d + 1]) = stream.IntervalOf((_steps[i] - 1) * _targets + d);
            // Ends are saved, and have to be finite.
            if (!stream.HasForecast || !TensorPrimitives.IsFiniteAll<float>(ends))
                Clear(ends);
            _positions[i] = (_positions[i] + 1) % _steps[i];
        }
    }

    private static void Clear(Span<float> ends)
    {
        for (int at = 0; at < ends.Length; at += 2)
            (ends[at], ends[at + 1]) = (1, 0);
    }
}
