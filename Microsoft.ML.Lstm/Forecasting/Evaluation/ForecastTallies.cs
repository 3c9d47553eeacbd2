namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>A <see cref="ForecastTally"/> for each method (the evaluated forecasts, then the baselines), step ahead and target.</summary>
internal sealed class ForecastTallies
{
    private readonly int _targets;
    private readonly ForecastTally[] _tallies;

    public ForecastTallies(int methods, int horizon, int targets)
    {
        Horizon = horizon;
        _targets = targets;
        _tallies = new ForecastTally[methods * horizon * targets];
        for (int i = 0; i < _tallies.Length; i++)
            _tallies[i] = new();
    }

    public int Horizon { get; }

    /// <summary>How many forecasts could not be compared, as the value is missing.</summary>
    public long MissingActuals { get; set; }

    /// <summary>How many values have no forecast, although there was a row to make one at.</summary>
    public long MissingForecasts { get; set; }

    public int Count => _tallies.Length;

    public ForecastTally this[int index] => _tallies[index];

    public bool IsEmpty => Enumerable.Range(0, Horizon * _targets).All(i => _tallies[i].Forecasts == 0);

    public int IndexOf(int method, int step, int target) => (method * Horizon + step) * _targets + target;

    /// <summary>Adds the tallies of the same methods, steps and targets, scaled errors included.</summary>
    public void Add(ForecastTallies other)
    {
        MissingActuals += other.MissingActuals;
        MissingForecasts += other.MissingForecasts;
        for (int i = 0; i < _tallies.Length; i++)
            _tallies[i].Add(other._tallies[i]);
    }

    /// <summary>Adds the errors of a series, a sum for each tally, in units of the scale of each target.</summary>
    public void AddScaled(ReadOnlySpan<ErrorSum> series, ReadOnlySpan<double> scales)
    {
        for (int i = 0; i < _tallies.Length; i++)
            _tallies[i].AddScaled(series[i], scales[i % _targets]);
    }

    public ForecastMetrics ToMetrics(string[] targetNames, string[] baselineNames) => new(
        Accuracy("forecast", 0, targetNames),
        [.. baselineNames.Select((name, i) => Accuracy(name, i + 1, targetNames))],
        MissingForecasts, MissingActuals);

    private ForecastAccuracy Accuracy(string name, int method, string[] targetNames)
    {
        int[] all = [.. Enumerable.Range(0, _targets)];
        return new(name, Figures(method, all), PerHorizon(method, all),
            [.. targetNames.Select((target, d) => new ForecastAccuracy(target, Figures(method, [d]), PerHorizon(method, [d]), []))]);
    }

    private ForecastFigures[] PerHorizon(int method, int[] targets)
        => [.. Enumerable.Range(0, Horizon).Select(step => Pool(targets.Select(d => this[IndexOf(method, step, d)])))];

    private ForecastFigures Figures(int method, int[] targets) => Pool(
        from step in Enumerable.Range(0, Horizon)
        from d in targets
        select this[IndexOf(method, step, d)]);

    private static ForecastFigures Pool(IEnumerable<ForecastTally> tallies)
    {
        var sum = new ForecastTally();
        foreach (ForecastTally tally in tallies)
            sum.Add(tally);
        return new(sum);
    }
}
