using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>
/// A simple forecast that is a weighted sum of the last values: the last value, a season ago, smoothed exponentially, with a season that
/// is the mean of several, and with a trend. The weights sum to 1.
/// </summary>
/// <param name="Season">The period; 1 for none.</param>
/// <param name="Cycles">How many seasons are averaged.</param>
/// <param name="Smoothing">The share of each value's distance in the level: 1 for the last value alone. Of seasonal forecasts from two
/// seasons on, how the values are smoothed that the mean season lacks; 0 for the mean season alone.</param>
/// <param name="Slope">How much of the trend goes on: 0 for none, 0.5 as in the theta method, 1 as in the drift forecast.</param>
internal readonly record struct LagForecast(int Season, int Cycles, double Smoothing, double Slope)
{
    private const int MostCycles = 3;

    /// <summary>The theta method's forecast, which no weights of lags give: a feature of its own (<see cref="ThetaInputs"/>).</summary>
    public static readonly LagForecast Theta = new(0, 0, 0, 0);

    private static readonly double[] Smoothings = [1, 0.6, 0.35, 0.2, 0.1];
    private static readonly double[] SeasonalSmoothings = [0, 0.1, 0.3, 0.6];
    private static readonly double[] Slopes = [0, 0.5, 1];

    /// <summary>The forecast of the value a season ago; with a period of 1, of the last value.</summary>
    public static LagForecast Naive(int season) => new(season, Cycles: 1, Smoothing: 1, Slope: 0);

    /// <summary>The forecasts that some lags suffice for, the simplest first.</summary>
    /// <param name="lags">How many of the last values there are.</param>
    /// <param name="seasons">The periods.</param>
    public static IEnumerable<LagForecast> For(int lags, IReadOnlyList<int> seasons)
    {
        foreach (double slope in Slopes)
        {
            if (slope > 0 && lags == 1)
                yield break;
            foreach (double smoothing in Smoothings)
            {
                if (smoothing == 1 || lags > 1)
                    yield return new LagForecast(1, 1, smoothing, slope);
            }
            foreach (int season in seasons.Where(period => period > 1 && period <= lags))
            {
                if (slope == 0 || lags > season)
                    yield return new LagForecast(season, 1, 1, slope);
                for (int cycles = 2; cycles <= Math.Min(MostCycles, lags / season); cycles++)
                {
                    foreach (double smoothing in SeasonalSmoothings)
                        yield return new LagForecast(season, cycles, smoothing, slope);
                }
            }
        }
    }

    /// <summary>The forecast in words.</summary>
    public string Describe()
    {
        if (this == Theta)
            return "the theta method";
        string level = Season == 1 ? Smoothing == 1 ? "the last value" : "exponential smoothing"
            : Cycles == 1 ? $"the value {Season} rows ago"
            : $"the mean of {Cycles} seasons of {Season} rows{(Smoothing > 0 ? " and exponential smoothing" : "")}";
        return Slope == 0 ? level : level + (Slope < 1 ? " with half of the trend" : " with the trend");
    }

    /// <summary>Writes the weights of the last values, the latest first.</summary>
    /// <param name="ahead">How many steps ahead.</param>
    /// <param name="weights">Receives the weights.</param>
    public void CopyWeightsTo(int ahead, Span<double> weights)
    {
        weights.Clear();
        if (Season == 1)
            Smooth(weights);
        else
        {
            for (int cycle = 0; cycle < Cycles; cycle++)
                weights[(Season - ahead % Season) % Season + cycle * Season] += 1.0 / Cycles;
            if (Smoothing > 0 && Cycles > 1)
                AddLevel(weights[..(Cycles * Season)]);
        }
        if (Slope == 0)
            return;
        // A sum of values is as old as their mean: of a line it has to go on by that, too.
        double age = 0;
        for (int lag = 0; lag < weights.Length; lag++)
            age += weights[lag] * lag;
        // The trend is the change from the first of these values to the last or, of a seasonal series, from a season to a season.
        (int count, int before) = Season == 1 ? (1, weights.Length - 1) : Cycles == 1 ? (1, Season) : (Season, (Cycles - 1) * Season);
        double change = Slope * (ahead + age) / (count * before);
        for (int lag = 0; lag < count; lag++)
        {
            weights[lag] += change;
            weights[before + lag] -= change;
        }
    }

    private void Smooth(Span<double> weights)
    {
        double weight = 1, sum = 0;
        for (int lag = 0; lag < weights.Length; lag++, weight *= 1 - Smoothing)
            sum += weights[lag] = weight;
        TensorPrimitives.Divide(weights, sum, weights);
    }

    /// <summary>Adds what the values differ by from the mean season, smoothed.</summary>
    private void AddLevel(Span<double> weights)
    {
        double[] level = new double[weights.Length];
        Smooth(level);
        for (int lag = 0; lag < level.Length; lag++)
        {
            weights[lag] += level[lag];
            for (int cycle = 0; cycle < Cycles; cycle++)
                weights[lag % Season + cycle * Season] -= level[lag] / Cycles;
        }
    }
}
