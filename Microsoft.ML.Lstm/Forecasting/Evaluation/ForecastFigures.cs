using Microsoft.ML.Lstm.Forecasting.Evaluation;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The accuracy of forecasts in figures. Each figure is a mean over all forecasts that it covers, of whichever series and target, and NaN
/// if it covers none.
/// </summary>
public sealed class ForecastFigures
{
    internal ForecastFigures(ForecastTally tally)
    {
        NumberOfForecasts = tally.Forecasts;
        MeanAbsoluteError = tally.AbsoluteErrors / tally.Forecasts;
        MeanSquaredError = tally.SquaredErrors / tally.Forecasts;
        SymmetricMeanAbsolutePercentageError = 200 * tally.RelativeErrors / tally.Forecasts;
        NumberOfScaledForecasts = tally.ScaledForecasts;
        MeanAbsoluteScaledError = tally.ScaledErrors / tally.ScaledForecasts;
        NumberOfIntervals = tally.Intervals;
        Coverage = (double)tally.Covered / tally.Intervals;
        MeanIntervalWidth = tally.Widths / tally.Intervals;
        LowerBoundPinballLoss = tally.LowerBoundLosses / tally.Intervals;
        UpperBoundPinballLoss = tally.UpperBoundLosses / tally.Intervals;
    }

    /// <summary>How many forecasts were compared with values: one for each row, step ahead and target.</summary>
    public long NumberOfForecasts { get; }

    /// <summary>MAE: the mean of |y − f|, with y the value and f the forecast.</summary>
    public double MeanAbsoluteError { get; }

    /// <summary>MSE: the mean of (y − f)².</summary>
    public double MeanSquaredError { get; }

    /// <summary>RMSE: the root of <see cref="MeanSquaredError"/>.</summary>
    public double RootMeanSquaredError => Math.Sqrt(MeanSquaredError);

    /// <summary>
    /// sMAPE in percent, 0 to 200: the mean of 200 |y − f| / (|y| + |f|), as in the M4 competition (Makridakis, Spiliotis and
    /// Assimakopoulos, International Journal of Forecasting 36, 2020); 0 where both are 0.
    /// </summary>
    public double SymmetricMeanAbsolutePercentageError { get; }

    /// <summary>
    /// How many forecasts <see cref="MeanAbsoluteScaledError"/> covers: the forecasts of series and targets whose scale is known and not 0.
    /// </summary>
    public long NumberOfScaledForecasts { get; }

    /// <summary>
    /// MASE: the mean of |y − f| / q (Hyndman and Koehler, International Journal of Forecasting 22, 2006), where q is the mean of |y(t)
    /// − y(t − m)| of the same series and target, and m is the number of rows (with a column of times: time steps) of a season: q is
    /// the mean absolute error of the naive or seasonal naive forecast one season ahead. It is taken over the training data where there is
    /// some, else over the evaluated data itself.
    /// </summary>
    public double MeanAbsoluteScaledError { get; }

    /// <summary>How many forecasts have both bounds: the figures of intervals cover these forecasts.</summary>
    public long NumberOfIntervals { get; }

    /// <summary>The share of intervals that hold the value, bounds included, 0 to 1. It should be the confidence level.</summary>
    public double Coverage { get; }

    /// <summary>The mean of u − l, with u the upper and l the lower bound.</summary>
    public double MeanIntervalWidth { get; }

    /// <summary>
    /// The pinball loss (Koenker and Bassett, Econometrica 46, 1978) of the lower bounds as quantiles of level p = (1 − confidence
    /// level) / 2: the mean of p (y − l) where y is at or above the bound l, else (1 − p)(l − y).
    /// </summary>
    public double LowerBoundPinballLoss { get; }

    /// <summary>The pinball loss of the upper bounds as quantiles of level (1 + confidence level) / 2.</summary>
    public double UpperBoundPinballLoss { get; }

    /// <summary>The pinball loss of the forecasts as medians: half of <see cref="MeanAbsoluteError"/>.</summary>
    public double MedianPinballLoss => MeanAbsoluteError / 2;
}
