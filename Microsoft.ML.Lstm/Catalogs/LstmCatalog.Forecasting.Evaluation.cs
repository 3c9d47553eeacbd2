using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Forecasting.Evaluation;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>Compares the forecasts of one target with what came true, and with simple forecasts.</summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="data">Rows in the order of time, each with the forecasts that were made after it; forecasts of any model, whose column
    /// is of a <see cref="float"/> vector.</param>
    /// <param name="targetColumnName">The column that was forecast, of <see cref="float"/>; NaN is a missing value.</param>
    /// <param name="forecastColumnName">The column of forecasts, a vector of H values: element h of row t, counted from 0, is the forecast
    /// for row t + 1 + h of the same series. NaN is no forecast.</param>
    /// <param name="lowerBoundColumnName">The column of the forecasts' lower bounds, of the same shape; <see langword="null"/> if there are
    /// none.</param>
    /// <param name="upperBoundColumnName">The column of upper bounds; given if and only if the lower bounds are.</param>
    /// <param name="confidenceLevel">How much of what comes true the intervals mean to cover, above 0 and below 1.</param>
    /// <param name="seriesColumnName"> The column that says which series a row belongs to, text or a key; <see langword="null"/> for that
    /// of the forecaster whose <c>Transform</c> gave the data, if it has one, or else if all rows are one series. </param>
    /// <param name="seasonality">The rows (with a time column the time steps) of a season, at least 1; 1 if there are no seasons.</param>
    /// <param name="trainingData"> The rows directly before those of <paramref name="data"/>, of the same target, series and time columns,
    /// from which MASE takes its scale and baselines their history; <see langword="null"/> to take both from the evaluated rows. </param>
    /// <param name="timeColumnName"> The column of times, <see cref="DateTime"/> or <see cref="DateTimeOffset"/>: a forecast h steps ahead
    /// is then compared with the row whose time is h time steps later, as are those of the baselines; see
    /// <see cref="ForecastEvaluationOptions.TimeColumnName"/>. <see langword="null"/> to compare with the h-th row that follows, which is
    /// the wrong one where the data leaves out steps. </param>
    /// <returns>The figures.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or an argument is out of its
    /// range.</exception>
    /// <exception cref="ArgumentException">One bound is given without the other.</exception>
    /// <exception cref="InvalidOperationException"> There is no forecast to judge: no rows, or no forecast of a row that is there. Or a
    /// row's time is no later than that of the row before it in its series, those of the training data included. </exception>
    /// <example>
    /// <code>
    /// ForecastMetrics metrics = ml.Forecasting.EvaluateForecast(model.Transform(test), "Sales", "Forecast",
    ///     seasonality: 12, trainingData: train, timeColumnName: "Month");
    /// Console.WriteLine(metrics);
    /// </code>
    /// </example>
    public static ForecastMetrics EvaluateForecast(this ForecastingCatalog catalog, IDataView data, string targetColumnName,
        string forecastColumnName,
        string? lowerBoundColumnName = null,
        string? upperBoundColumnName = null,
        float confidenceLevel = 0.95f,
        string? seriesColumnName = null,
        int seasonality = 1,
        IDataView? trainingData = null,
        string? timeColumnName = null)
        => catalog.EvaluateForecast(data, new ForecastEvaluationOptions
        {
            TargetColumnNames = [targetColumnName],
            ForecastColumnName = forecastColumnName,
            LowerBoundColumnName = lowerBoundColumnName,
            UpperBoundColumnName = upperBoundColumnName,
            ConfidenceLevel = confidenceLevel,
            SeriesColumnName = seriesColumnName,
            Seasonality = seasonality,
            TimeColumnName = timeColumnName,
        }, trainingData);

    /// <summary>Compares the forecasts of one or several targets with what came true, and with simple forecasts.</summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="data">Rows in the order of time, each with the forecasts that were made after it; forecasts of any model.</param>
    /// <param name="options">Where forecasts and what came true are found.</param>
    /// <param name="trainingData"> The rows directly before those of <paramref name="data"/>, of the same target, series and time columns,
    /// from which MASE takes its scale and baselines their history; <see langword="null"/> to take both from the evaluated rows. </param>
    /// <returns>The figures.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or an option is out of its
    /// range.</exception>
    /// <exception cref="ArgumentException">There is no target column, or one bound without the other.</exception>
    /// <exception cref="InvalidOperationException"> There is no forecast to judge: no rows, or no forecast of a row that is there. Or a
    /// row's time is no later than that of the row before it in its series, those of the training data included. </exception>
    public static ForecastMetrics EvaluateForecast(this ForecastingCatalog catalog, IDataView data, ForecastEvaluationOptions options,
        IDataView? trainingData = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        return ForecastEvaluator.Evaluate(catalog.GetHostEnvironment(), data, options, trainingData);
    }

    /// <summary>
    /// Replays the past: fits a forecaster of one target on the rows before an origin and judges its forecasts of what followed,
    /// then moves the origin on and fits it anew.
    /// </summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="data">Rows in the order of time.</param>
    /// <param name="estimator"> What to fit, a chain of estimators too. Its model adds the column of forecasts to rows that follow those it
    /// was fitted on, and keeps the target, series and time columns. </param>
    /// <param name="targetColumnName">The column to forecast, of <see cref="float"/>, as the model gives it; NaN is a missing
    /// value.</param>
    /// <param name="forecastColumnName">The column of forecasts, a vector of H values: element h of row t, counted from 0, is the forecast
    /// for row t + 1 + h of the same series.</param>
    /// <param name="numberOfFolds">How many times a model is fitted, at least 1.</param>
    /// <param name="rowsPerFold">The rows of a series from one origin to the next, at least 1; <see langword="null"/> to divide the longest
    /// series evenly.</param>
    /// <param name="lowerBoundColumnName">The column of the forecasts' lower bounds; <see langword="null"/> if there are none.</param>
    /// <param name="upperBoundColumnName">The column of upper bounds; given if and only if the lower bounds are.</param>
    /// <param name="confidenceLevel">How much of what comes true the intervals mean to cover, above 0 and below 1.</param>
    /// <param name="seriesColumnName">The column that says which series a row belongs to, text or a key; <see langword="null"/> if all rows
    /// are one series.</param>
    /// <param name="seasonality">The rows (with a time column the time steps) of a season, at least 1; 1 if there are no seasons.</param>
    /// <param name="timeColumnName"> The column of times, <see cref="DateTime"/> or <see cref="DateTimeOffset"/>: a forecast h steps ahead
    /// is then compared with the row whose time is h time steps later, as are those of the baselines; see
    /// <see cref="ForecastEvaluationOptions.TimeColumnName"/>. <see langword="null"/> to compare with the h-th row that follows, which is
    /// the wrong one where the data leaves out steps. </param>
    /// <returns>The models and figures of the folds, and the figures of all of them together.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or an argument is out of its
    /// range.</exception>
    /// <exception cref="ArgumentException">One bound is given without the other.</exception>
    /// <exception cref="InvalidOperationException"> There are too few rows, or a fold has no forecast to judge. Or a row's time is no later
    /// than that of the row before it in its series. </exception>
    /// <example>
    /// <code>
    /// BacktestResult result = ml.Forecasting.Backtest(data, pipeline, "Sales", "Forecast",
    ///     numberOfFolds: 4, rowsPerFold: 12, seasonality: 12, timeColumnName: "Month");
    /// Console.WriteLine(result);
    /// </code>
    /// </example>
    public static BacktestResult Backtest(this ForecastingCatalog catalog, IDataView data, IEstimator<ITransformer> estimator,
        string targetColumnName, string forecastColumnName,
        int numberOfFolds = 5,
        int? rowsPerFold = null,
        string? lowerBoundColumnName = null,
        string? upperBoundColumnName = null,
        float confidenceLevel = 0.95f,
        string? seriesColumnName = null,
        int seasonality = 1,
        string? timeColumnName = null)
        => catalog.Backtest(data, estimator, new BacktestOptions
        {
            TargetColumnNames = [targetColumnName],
            ForecastColumnName = forecastColumnName,
            NumberOfFolds = numberOfFolds,
            RowsPerFold = rowsPerFold,
            LowerBoundColumnName = lowerBoundColumnName,
            UpperBoundColumnName = upperBoundColumnName,
            ConfidenceLevel = confidenceLevel,
            SeriesColumnName = seriesColumnName,
            Seasonality = seasonality,
            TimeColumnName = timeColumnName,
        });

    /// <summary>
    /// Replays the past: fits a forecaster on the rows before an origin and judges its forecasts of what followed, then moves
    /// the origin on and fits it anew.
    /// </summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="data">Rows in the order of time.</param>
    /// <param name="estimator"> What to fit, a chain of estimators too. Its model adds the column of forecasts to rows that follow those it
    /// was fitted on, and keeps the target, series and time columns. </param>
    /// <param name="options">Where the origins are, and where forecasts and what came true are found.</param>
    /// <returns>The models and figures of the folds, and the figures of all of them together.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or an option is out of its
    /// range.</exception>
    /// <exception cref="ArgumentException">There is no target column, or one bound without the other.</exception>
    /// <exception cref="InvalidOperationException"> There are too few rows, or a fold has no forecast to judge. Or a row's time is no later
    /// than that of the row before it in its series. </exception>
    public static BacktestResult Backtest(this ForecastingCatalog catalog, IDataView data, IEstimator<ITransformer> estimator,
        BacktestOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(estimator);
        ArgumentNullException.ThrowIfNull(options);
        return Backtester.Run(catalog.GetHostEnvironment(), data, estimator, options);
    }
}
