namespace Microsoft.ML.Lstm;

/// <summary>The columns of forecasts and values, and how they are compared.</summary>
public class ForecastEvaluationOptions
{
    /// <summary>The columns that were forecast, D of them, of <see cref="float"/>; at least one. NaN is a missing value.</summary>
    public string[] TargetColumnNames = [];

    /// <summary>
    /// The column of forecasts: a vector of <see cref="float"/> with H values, or with H x D (element h * D + d) if there are D
    /// targets; element h of row t, counted from 0, is the forecast of the target at row t + 1 + h of the same series, made after
    /// row t; with a <see cref="TimeColumnName"/> at 1 + h time steps after row t. A <see cref="float"/> alone is a forecast of the next
    /// row. NaN is no forecast.
    /// </summary>
    public string ForecastColumnName = "Forecast";

    /// <summary>
    /// The column of lower bounds, of the same shape as the forecasts; <see langword="null"/> for forecasts without intervals.
    /// </summary>
    public string? LowerBoundColumnName;

    /// <summary>The column of upper bounds, of the same shape as the forecasts; given if and only if the lower bounds are.</summary>
    public string? UpperBoundColumnName;

    /// <summary>
    /// The share of values that the intervals are to hold, above 0 and below 1; the pinball losses of the bounds are measured at this
    /// level.
    /// </summary>
    public float ConfidenceLevel = 0.95f;

    /// <summary>
    /// The column that says which series a row belongs to, text or a key. <see langword="null"/> for that of the forecaster whose
    /// <c>Transform</c> gave the data, if it has one and the columns are there, or else if all rows are one series; a backtest always
    /// takes them for one then, with a warning where the forecaster does not. The rows of a series are in the order of time; those of
    /// different series can be mixed. The missing key and the empty text are a series like others.
    /// </summary>
    public string? SeriesColumnName;

    /// <summary>
    /// The rows (with a <see cref="TimeColumnName"/> the time steps) of a season, at least 1, such as 12 for months of a year; 1 if
    /// there are no seasons. <see langword="null"/>, the default: chosen from the data (at present 1).
    /// </summary>
    public int? Seasonality;

    /// <summary>
    /// The column of times, <see cref="DateTime"/> or <see cref="DateTimeOffset"/>; each later than the one before it in its series.
    /// A forecast h steps ahead is then compared with the row whose time is h time steps later, and is a forecast of a missing value where
    /// no row is; so it is with the baselines and the scale of MASE. <see langword="null"/> to compare with the h-th row that follows,
    /// which where the data leaves out steps is the wrong row: without times nobody can know. Default: <see langword="null"/>.
    /// </summary>
    /// <remarks>
    /// The time step is the one that the forecaster learned, which the forecasts of <see cref="LstmForecastingTransformer"/> have among
    /// their annotations. If it was not to fill gaps (<see cref="SeriesEstimatorOptions.FillGaps"/>), as for data that has no weekends, its
    /// rows follow each other, and are compared so. For forecasts that say nothing of this, as those of other
    /// models, it is the usual step between rows of the evaluated and the training data, and each gap has steps. A time between two
    /// steps is taken for the nearest one behind the row before. Rows with the default time, which data without one gets, are left out.
    /// Both are warned of.
    /// </remarks>
    public string? TimeColumnName;

    internal ForecastEvaluationOptions OfSeries(string column)
    {
        var copy = (ForecastEvaluationOptions)MemberwiseClone();
        copy.SeriesColumnName = column;
        return copy;
    }

    internal int SettledSeasonality => Seasonality ?? 1;

    internal bool HasBounds => LowerBoundColumnName is not null;

    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">Names are missing.</exception>
    internal virtual void Check()
    {
        if (TargetColumnNames is not { Length: > 0 })
            throw new ArgumentException("There is no target column.", nameof(TargetColumnNames));
        foreach (string name in TargetColumnNames)
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(TargetColumnNames));
        ArgumentException.ThrowIfNullOrEmpty(ForecastColumnName);
        if (TimeColumnName is "")
            throw new ArgumentException("The name of the time column is empty; null is for none.", nameof(TimeColumnName));
        if (LowerBoundColumnName is null != UpperBoundColumnName is null)
        {
            (string given, string missing) = HasBounds ? ("lower", nameof(UpperBoundColumnName)) : ("upper", nameof(LowerBoundColumnName));
            throw new ArgumentException(
                $"There is a column of {given} bounds, '{LowerBoundColumnName ?? UpperBoundColumnName}', but none of the bounds on the "
                + "other side.", missing);
        }
        if (!(ConfidenceLevel is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(ConfidenceLevel), ConfidenceLevel,
                "The confidence level must be above 0 and below 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(SettledSeasonality, 1, nameof(Seasonality));
    }
}
