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
            + BaselineStream.StateLengthOf(model.Baselines, model.Layout.Targets);

    /// <summary>Takes the next row; see <see cref="SeriesEncoder.Encode"/>.</summary>
    public void Step(ReadOnlySpan<float> row, ReadOnlySpan<float> future, ReadOnlySpan<float> calendar, ReadOnlySpan<float> statics)
    {
        foreach (ForecastNetworkStream network in _networks)
            network.Step(row, future, calendar, statics);
        _baselines?.Add(row);
    }

    /// <summary>The forecast of value <paramref name="index"/> of H·D, before calibration.</summary>
    public ForecastOutput this[int index]
    {
        get
        {
            if (_networks.Length == 1 && _baselines is null)
                return _networks[0][index];
            double point = 0, lower = 0, upper = 0, spread = 0, share = 1.0 / _networks.Length;
            foreach (ForecastNetworkStream network in _networks)
            {
                ForecastOutput output = network[index];
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
    /// Writes the forecast after the last row: the points, the lower and the upper ends of the calibrated intervals, H·D each. An interval
    /// always holds its point, even where calibration alone would not let it.
    /// </summary>
    public void CopyForecastTo(Span<float> destination)
    {
        int values = _model.Layout.Values, targets = _model.Layout.Targets;
        ForecastIntervals intervals = _model.Intervals;
        for (int d = 0; d < targets; d++)
        {
            double factor = intervals.Powers.Length == 0 ? 1 : intervals.FactorOf(d, ChangeOf(d));
            for (int i = d; i < values; i += targets)
            {
                ForecastOutput output = this[i];
                double unit = output.Spread * factor;
                destination[i] = (float)output.Point;
                destination[values + i] = (float)Math.Min(output.Lower + unit * intervals.Lower[i], output.Point);
                destination[2 * values + i] = (float)Math.Max(output.Upper + unit * intervals.Upper[i], output.Point);
            }
        }
    }

    /// <summary>
    /// Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers: of each network, then of the baselines.
    /// </summary>
    public void CopyStateTo(Span<float> destination)
    {
        foreach (ForecastNetworkStream network in _networks)
        {
            network.CopyStateTo(destination[..network.StateLength]);
            destination = destination[network.StateLength..];
        }
        _baselines?.CopyStateTo(destination);
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote, of this or another stream of the same model.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        foreach (ForecastNetworkStream network in _networks)
        {
            network.CopyStateFrom(source[..network.StateLength]);
            source = source[network.StateLength..];
        }
        _baselines?.CopyStateFrom(source);
    }
}
