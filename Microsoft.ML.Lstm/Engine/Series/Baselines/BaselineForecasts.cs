namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>What the baselines forecast after a row, which <see cref="BaselineHistory.Forecast"/> finds, for any step ahead.</summary>
/// <param name="seasonality">m: how many rows a season has, at least 1.</param>
/// <param name="horizon">H: the most steps ahead that are asked for.</param>
internal sealed class BaselineForecasts(int seasonality, int horizon)
{
    /// <summary>The last value; NaN where there is none.</summary>
    public double Last { get; set; }

    /// <summary>The mean change from row to row; NaN where there are no two values.</summary>
    public double Drift { get; set; }

    /// <summary>How many rows without a value there are behind the last value.</summary>
    public long RowsSinceLast { get; set; }

    /// <summary>The values of the last season, NaN where there was none, from the place of the first step ahead on: all, or those of H
    /// steps.</summary>
    public double[] Season { get; } = new double[Math.Min(seasonality, horizon)];

    /// <summary>The level of exponential smoothing.</summary>
    public double Level { get; set; }

    /// <summary>The theta method's forecast of the first step ahead, without its season.</summary>
    public double ThetaLevel { get; set; }

    /// <summary>What each further step adds to <see cref="ThetaLevel"/>.</summary>
    public double ThetaSlope { get; set; }

    /// <summary>The factors, 1 for none, by which the theta method's season multiplies, like <see cref="Season"/>.</summary>
    public double[] ThetaFactors { get; } = new double[Math.Min(seasonality, horizon)];

    /// <summary>What the theta method's season adds, 0 for nothing, likewise.</summary>
    public double[] ThetaTerms { get; } = new double[Math.Min(seasonality, horizon)];

    /// <summary>
    /// The forecast <paramref name="ahead"/> steps ahead, from 1 to H; NaN where the history does not suffice for the baseline.
    /// </summary>
    public double this[Baseline baseline, int ahead]
    {
        get
        {
            int place = (ahead - 1) % seasonality;
            return baseline switch
            {
                Baseline.Naive => Last,
                Baseline.Drift => Last + (RowsSinceLast + ahead) * Drift,
                Baseline.SeasonalNaive => Season[place],
                Baseline.ExponentialSmoothing => Level,
                _ => (ThetaLevel + (ahead - 1) * ThetaSlope) * ThetaFactors[place] + ThetaTerms[place],
            };
        }
    }

    /// <summary>
    /// The forecast or, where the history does not suffice for the baseline, the last value; within the range of <see cref="float"/>.
    /// </summary>
    public double OrLast(Baseline baseline, int ahead)
    {
        double forecast = this[baseline, ahead];
        return double.IsNaN(forecast) ? Last : Math.Clamp(forecast, float.MinValue, float.MaxValue);
    }
}
