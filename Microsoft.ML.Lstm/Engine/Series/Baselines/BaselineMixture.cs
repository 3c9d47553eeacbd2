using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>What a network's forecasts are mixed with.</summary>
/// <param name="Seasonality">m: how many rows a season has, 1 for no seasons.</param>
/// <param name="Weights">The weight of each <see cref="Baseline"/>, 0 or more; the network has what is missing to 1.</param>
internal sealed record BaselineMixture(int Seasonality, double[] Weights)
{
    // Far above the seasons that are found, yet far too few rows for a state to be too long.
    private const int LongestSeason = 1 << 20;

    /// <summary>The weight of the network.</summary>
    [JsonIgnore]
    public double NetworkWeight => Math.Max(0, 1 - Weights.Sum());

    /// <summary>Whether the numbers are in their ranges, as saved ones need not be.</summary>
    [JsonIgnore]
    public bool IsValid => Seasonality is >= 1 and <= LongestSeason
        && Weights.Length == Enum.GetValues<Baseline>().Length
        && Array.TrueForAll(Weights, weight => weight is >= 0 and <= 1)
        && Weights.Sum() is > 0 and < 1 + 1e-6;

    /// <summary>
    /// Whether forecasts of a series' first rows are of another kind than later ones: the theta method knows that there are seasons only
    /// from where enough of them show it.
    /// </summary>
    [JsonIgnore]
    public bool BeginsOtherwise => Seasonality > 1 && Weights[(int)Baseline.Theta] > 0;

    public ThetaMethod NewTheta() => BaselineHistory.NewTheta(Seasonality);
}

/// <summary>Mixes the forecasts of a network for one series with baselines, row by row.</summary>
internal sealed class BaselineStream
{
    private static readonly Baseline[] All = Enum.GetValues<Baseline>();

    private readonly BaselineMixture _mixture;
    private readonly BaselineHistory[] _histories;
    private readonly BaselineForecasts[] _forecasts;
    private readonly ThetaMethod? _theta;
    private readonly int _stateLength;
    private bool _isFresh;

    /// <param name="mixture">The weights.</param>
    /// <param name="targets">D: the first numbers of a row.</param>
    /// <param name="horizon">H: how many steps ahead forecasts go.</param>
    /// <param name="theta">Fits the theta method and exponential smoothing, where they have a weight.</param>
    public BaselineStream(BaselineMixture mixture, int targets, int horizon, ThetaMethod theta)
    {
        _mixture = mixture;
        _histories = [.. Enumerable.Range(0, targets).Select(_ => new BaselineHistory(mixture.Seasonality))];
        _forecasts = [.. Enumerable.Range(0, targets).Select(_ => new BaselineForecasts(mixture.Seasonality, horizon))];
        _theta = mixture.Weights[(int)Baseline.Theta] + mixture.Weights[(int)Baseline.ExponentialSmoothing] > 0 ? theta : null;
        _stateLength = (int)BaselineHistory.StateLengthOf(mixture.Seasonality);
    }

    /// <summary>How many numbers the state has; 0 where there are no baselines.</summary>
    public static long StateLengthOf(BaselineMixture? mixture, int targets)
        => mixture is null ? 0 : targets * BaselineHistory.StateLengthOf(mixture.Seasonality);

    /// <summary>Whether the numbers of a state can be those of a stream, as saved ones need not be.</summary>
    public static bool IsValidState(BaselineMixture? mixture, int targets, ReadOnlySpan<float> state)
    {
        for (int d = 0; d < targets && mixture is not null; d++)
        {
            int length = (int)BaselineHistory.StateLengthOf(mixture.Seasonality);
            if (!BaselineHistory.IsValidState(state.Slice(d * length, length)))
                return false;
        }
        return true;
    }

    /// <summary>Takes the targets of the next row, the first numbers in it; NaN or infinite where one is missing.</summary>
    public void Add(ReadOnlySpan<float> row)
    {
        for (int d = 0; d < _histories.Length; d++)
            _histories[d].Add(row[d]);
        _isFresh = false;
    }

    /// <summary>
    /// Mixes a network's forecast of value <paramref name="index"/> of H·D with the baselines'. A baseline whose history does not suffice
    /// is replaced by the last value; before the first value there is the network alone.
    /// </summary>
    public double Mix(int index, double network)
    {
        if (!_isFresh)
        {
            for (int d = 0; d < _histories.Length; d++)
                _histories[d].Forecast(_theta, _forecasts[d]);
            _isFresh = true;
        }
        BaselineForecasts forecasts = _forecasts[index % _forecasts.Length];
        if (double.IsNaN(forecasts.Last))
            return network;
        double mixed = _mixture.NetworkWeight * network;
        foreach (Baseline baseline in All)
        {
            if (_mixture.Weights[(int)baseline] > 0)
                mixed += _mixture.Weights[(int)baseline] * forecasts.OrLast(baseline, index / _forecasts.Length + 1);
        }
        return mixed;
    }

    /// <summary>Writes the state: of each target, what <see cref="BaselineHistory.CopyStateTo"/> writes.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        for (int d = 0; d < _histories.Length; d++)
            _histories[d].CopyStateTo(destination.Slice(d * _stateLength, _stateLength));
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        for (int d = 0; d < _histories.Length; d++)
            _histories[d].CopyStateFrom(source.Slice(d * _stateLength, _stateLength));
        _isFresh = false;
    }
}
