namespace Microsoft.ML.Lstm;

/// <summary>The columns of forecasts and values, and how they are compared.</summary>
public class ForecastEvaluationOptions
{
    /// <summary>The confidence level of forecasts that say nothing of theirs.</summary>
    internal const float UsualConfidenceLevel = 0.95f;

    /// <summary>
    /// The D columns that were forecast, of <see cref="float"/>; at least one must be given, in the order in which they were forecast. NaN
    /// is a missing value. Default: none.
    /// </summary>
    public string[] TargetColumnNames = [];

    /// <summary>
    /// The column of forecasts: a vector of <see cref="float"/> with H values, or with H x D values (element h * D + d) if there are D
    /// targets. Element h of row t, both counted from 0, is the forecast of the target at row t + 1 + h of the same series or, with a
    /// <see cref="TimeColumnName"/>, 1 + h time steps after row t, made after row t. A <see cref="float"/> alone is a forecast of the next
    /// row. NaN is no forecast. Default: <c>Forecast</c>.
    /// </summary>
    public string ForecastColumnName = "Forecast";

    /// <summary>
    /// The column of lower bounds, of the same shape as the forecasts; <see langword="null"/> for forecasts without intervals. Default:
    /// <see langword="null"/>.
    /// </summary>
    public string? LowerBoundColumnName;

    /// <summary>
    /// The column of upper bounds, of the same shape as the forecasts; given if and only if the lower bounds are. Default:
    /// <see langword="null"/>.
    /// </summary>
    public string? UpperBoundColumnName;

    /// <summary>
    /// The share of values that the intervals are to hold, above 0 and below 1; the pinball losses of the bounds are measured at this
    /// level. <see langword="null"/>, the default: that of the forecaster, which a <see cref="LstmForecastingTransformer"/> writes into the
    /// annotations of its forecasts, or 0.95 for other forecasts.
    /// </summary>
    public float? ConfidenceLevel;

    /// <summary>
    /// The column that says which series a row belongs to, text or key. <see langword="null"/>, the default: the series column of the
    /// forecaster whose <c>Transform</c> gave the data, if there is one, else a single series; in a backtest always a single series, with a
    /// warning if the forecaster has a series column. The rows of a series are in the order of time; rows of different series can be mixed.
    /// The missing key and the empty text are series like others.
    /// </summary>
    public string? SeriesColumnName;

    /// <summary>
    /// How many rows, or with a <see cref="TimeColumnName"/> time steps, a season has, at least 1: 12 for the months of a year; 1 for no
    /// seasons. <see langword="null"/>, the default: chosen from the data (at present 1).
    /// </summary>
    public int? Seasonality;

    /// <summary>
    /// The column of times, <see cref="DateTime"/> or <see cref="DateTimeOffset"/>, ascending in each series. A forecast h steps ahead is
    /// compared with the row whose time is h time steps later; if there is no such row, it is a forecast of a missing value. The same holds
    /// for the baselines and the scale of MASE. <see langword="null"/> to compare with the h-th row that follows, which is the wrong row
    /// where the data leaves out steps. Default: <see langword="null"/>.
    /// </summary>
    /// <remarks>
    /// The time step is the forecaster's, which a <see cref="LstmForecastingTransformer"/> writes into the annotations of its
    /// forecasts. If that does not fill gaps (<see cref="SeriesEstimatorOptions.FillGaps"/>), as for data without weekends, each row is one
    /// step after the row before. For forecasts without these annotations, such as those of other models, the time step is the usual one
    /// between rows of the evaluated and the training data, and gaps have steps. A time between two steps counts as the nearest step after
    /// the row before. Rows with the default time, which rows without a time have, are left out. Warnings name both.
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
        if (ConfidenceLevel is not (null or (> 0 and < 1)))
            throw new ArgumentOutOfRangeException(nameof(ConfidenceLevel), ConfidenceLevel,
                "The confidence level must be above 0 and below 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(SettledSeasonality, 1, nameof(Seasonality));
    }
}
