namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>
/// What the theta method forecasts of one series, row by row, as inputs of a network: it smooths a series by what that series itself needs,
/// which weights of lags that all series share can't do.
/// </summary>
internal sealed class ThetaInputs
{
    // Fits one series at a time, so that all streams of a thread can share it.
    [ThreadStatic]
    private static (int Season, ThetaMethod Method) _theta;

    private readonly int _season;
    private readonly BaselineHistory[] _histories;
    private readonly BaselineForecasts[] _forecasts;

    /// <param name="season">The rows of a season; 1 for none.</param>
    /// <param name="targets">D: the first numbers of a row.</param>
    /// <param name="horizon">H: how many steps ahead forecasts go.</param>
    public ThetaInputs(int season, int targets, int horizon)
    {
        _season = season;
        _histories = [.. Enumerable.Range(0, targets).Select(_ => new BaselineHistory(season))];
        _forecasts = [.. Enumerable.Range(0, targets).Select(_ => new BaselineForecasts(season, horizon))];
    }

    /// <summary>How many numbers the state has; 0 where there are no such inputs.</summary>
    public static long StateLengthOf(int? season, int targets) => season is { } rows ? targets * BaselineHistory.StateLengthOf(rows) : 0;

    /// <summary>Whether the numbers of a state can be those of these inputs, as saved ones need not be.</summary>
    public static bool IsValidState(int? season, int targets, ReadOnlySpan<float> state)
    {
        for (int d = 0; d < targets && season is { } rows; d++)
        {
            int length = (int)BaselineHistory.StateLengthOf(rows);
            if (!BaselineHistory.IsValidState(state.Slice(d * length, length)))
                return false;
        }
        return true;
    }

    /// <summary>Takes the targets of the next row, the first numbers in it; NaN or infinite where one is missing.</summary>
    public void Add(ReadOnlySpan<float> row)
    {
        if (_theta.Method is null || _theta.Season != _season)
            _theta = (_season, BaselineHistory.NewTheta(_season));
        for (int d = 0; d < _histories.Length; d++)
        {
            _histories[d].Add(row[d]);
            _histories[d].Forecast(_theta.Method, _forecasts[d]);
        }
    }

    /// <summary>The forecast of value <paramref name="index"/> of H·D; NaN before the first value.</summary>
    public double this[int index] => _forecasts[index % _forecasts.Length].OrLast(Baseline.Theta, index / _forecasts.Length + 1);

    /// <summary>Writes the state: of each target, what <see cref="BaselineHistory.CopyStateTo"/> writes.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        int length = destination.Length / _histories.Length;
        for (int d = 0; d < _histories.Length; d++)
            _histories[d].CopyStateTo(destination.Slice(d * length, length));
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        int length = source.Length / _histories.Length;
        for (int d = 0; d < _histories.Length; d++)
            _histories[d].CopyStateFrom(source.Slice(d * length, length));
    }
}
