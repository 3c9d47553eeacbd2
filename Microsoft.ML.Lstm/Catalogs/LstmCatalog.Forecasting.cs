using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Forecasting.Evaluation;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>Creates a <see cref="LstmForecastingEstimator"/>, which forecasts a series.</summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="outputColumnName">The column to add: after each row the forecast of the next values, a vector of <see cref="float"/> as
    /// long as the horizon.</param>
    /// <param name="inputColumnName">The column to forecast, <see cref="float"/>, the rows in the order of time.</param>
    /// <param name="windowSize">How many steps back the network learns to look, 1 to 100000; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <param name="horizon">How many steps ahead to forecast, 1 to 10000.</param>
    /// <param name="confidenceLevel">The share of values that the interval between the bounds is to hold, above 0 and below 1.</param>
    /// <param name="confidenceLowerBoundColumn">The column that receives the lower bounds of the intervals; <see langword="null"/> for
    /// none.</param>
    /// <param name="confidenceUpperBoundColumn">The column that receives the upper bounds of the intervals; <see langword="null"/> for
    /// none.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var model = ml.Forecasting.ForecastByLstm("Forecast", "Sales", windowSize: 60, horizon: 7,
    ///     confidenceLowerBoundColumn: "Lower", confidenceUpperBoundColumn: "Upper").Fit(history);
    /// using var engine = model.CreateForecastEngine&lt;Day, SalesForecast&gt;(ml);
    /// SalesForecast nextWeek = engine.Predict();
    /// </code>
    /// </example>
    public static LstmForecastingEstimator ForecastByLstm(this ForecastingCatalog catalog, string outputColumnName, string inputColumnName,
        int? windowSize = null,
        int horizon = 1,
        double confidenceLevel = LstmForecastingEstimator.Options.DefaultConfidenceLevel,
        string? confidenceLowerBoundColumn = null,
        string? confidenceUpperBoundColumn = null)
        => catalog.ForecastByLstm(new LstmForecastingEstimator.Options
        {
            OutputColumnName = outputColumnName,
            TargetColumnNames = [inputColumnName],
            WindowSize = windowSize,
            Horizon = horizon,
            ConfidenceLevel = confidenceLevel,
            LowerBoundColumnName = confidenceLowerBoundColumn,
            UpperBoundColumnName = confidenceUpperBoundColumn,
        });

    /// <summary>
    /// Creates a <see cref="LstmForecastingEstimator"/> with all its options, which forecasts one or many series, with covariates if there
    /// are any.
    /// </summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the estimator.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var estimator = ml.Forecasting.ForecastByLstm(new()
    /// {
    ///     TargetColumnNames = ["Sales"],
    ///     SeriesColumnName = "Shop",
    ///     TimeColumnName = "Day",
    ///     KnownCovariateColumnNames = ["Price", "IsHoliday"],
    ///     Horizon = 14,
    ///     LowerBoundColumnName = "Lower",
    ///     UpperBoundColumnName = "Upper",
    /// });
    /// </code>
    /// </example>
    public static LstmForecastingEstimator ForecastByLstm(this ForecastingCatalog catalog, LstmForecastingEstimator.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Creates an engine from a model: it takes one observation at a time and forecasts what comes next, and it can be saved with all that
    /// it has seen. It begins with the state of the model: each series up to the end of the training data or of a checkpoint.
    /// </summary>
    /// <typeparam name="TSource">The observations: a property or field for each column that the model reads.</typeparam>
    /// <typeparam name="TPrediction">The forecasts: a property or field for each column of interest, with at least one of the model's
    /// output columns.</typeparam>
    /// <param name="transformer">A model with a transformer of this package for series in it, alone or in a chain of others that map row to
    /// row.</param>
    /// <param name="ml">The context.</param>
    /// <returns>The engine, for one thread at a time. Disposing it does not dispose <paramref name="transformer"/>.</returns>
    /// <exception cref="ArgumentException">There is no such transformer in the model, or <typeparamref name="TPrediction"/> has none of its
    /// columns.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><typeparamref name="TSource"/> lacks a column that the model reads.</exception>
    public static ForecastEngine<TSource, TPrediction> CreateForecastEngine<TSource, TPrediction>(this ITransformer transformer,
        MLContext ml)
        where TSource : class
        where TPrediction : class, new()
        => new(ml, transformer, new ForecastEngineOptions());

    /// <inheritdoc cref="CreateForecastEngine{TSource, TPrediction}(ITransformer, MLContext)"/>
    /// <param name="transformer">A model with a transformer of this package for series in it, alone or in a chain of others that map row
    /// to row.</param>
    /// <param name="ml">The context.</param>
    /// <param name="options">The options, such as how many series the engine keeps that the model does not know.</param>
    /// <exception cref="ArgumentException">There is no such transformer in the model, or <typeparamref name="TPrediction"/> has none of its
    /// columns.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or <typeparamref name="TSource"/> lacks a column that
    /// the model reads.</exception>
    public static ForecastEngine<TSource, TPrediction> CreateForecastEngine<TSource, TPrediction>(this ITransformer transformer,
        MLContext ml, ForecastEngineOptions options)
        where TSource : class
        where TPrediction : class, new()
        => new(ml, transformer, options);

    /// <summary>Evaluates the forecasts of one target against the actual values, and against simple forecasts.</summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="data">Rows in the order of time, each with the forecasts that were made after it, by any model.</param>
    /// <param name="targetColumnName">The column that was forecast, of <see cref="float"/>; NaN is a missing value.</param>
    /// <param name="forecastColumnName">The column of forecasts, a vector of H <see cref="float"/>: element h of row t, counted from 0, is
    /// the forecast for row t + 1 + h of the same series. NaN is no forecast.</param>
    /// <param name="lowerBoundColumnName">The column of the forecasts' lower bounds, of the same shape; <see langword="null"/> if there are
    /// none.</param>
    /// <param name="upperBoundColumnName">The column of upper bounds; given if and only if the lower bounds are.</param>
    /// <param name="confidenceLevel">The share of actual values that the intervals are meant to cover, above 0 and below 1;
    /// <see langword="null"/> for that of the forecaster, or 0.95 for the forecasts of other models.</param>
    /// <param name="seriesColumnName">The column that says which series a row belongs to, text or key; <see langword="null"/> for the
    /// series column of the forecaster whose <c>Transform</c> gave the data, if it has one, else for a single series.</param>
    /// <param name="seasonality">The rows (with a time column the time steps) of a season, at least 1; 1 if there are no seasons;
    /// <see langword="null"/>: chosen from the data.</param>
    /// <param name="trainingData">The rows directly before <paramref name="data"/>, with the same target, series and time columns, from
    /// which MASE takes its scale and baselines their history; <see langword="null"/> to take both from the evaluated rows.</param>
    /// <param name="timeColumnName">The column of times, <see cref="DateTime"/> or <see cref="DateTimeOffset"/>: a forecast h steps ahead,
    /// a baseline's too, is then compared with the row whose time is h time steps later; see
    /// <see cref="ForecastEvaluationOptions.TimeColumnName"/>. <see langword="null"/> to compare with the h-th row that follows, which is
    /// the wrong row where the data leaves out steps.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or an argument is out of its
    /// range.</exception>
    /// <exception cref="ArgumentException">One bound is given without the other.</exception>
    /// <exception cref="InvalidOperationException">There is no forecast to evaluate: no rows, or no forecast of an existing row. Or a row
    /// is no later than the row before it in its series, which may be a row of the training data.</exception>
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
        float? confidenceLevel = null,
        string? seriesColumnName = null,
        int? seasonality = null,
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

    /// <summary>Evaluates the forecasts of one or several targets against the actual values, and against simple forecasts.</summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="data">Rows in the order of time, each with the forecasts that were made after it; forecasts of any model.</param>
    /// <param name="options">The columns of forecasts and of actual values.</param>
    /// <param name="trainingData">The rows directly before <paramref name="data"/>, with the same target, series and time columns, from
    /// which MASE takes its scale and baselines their history; <see langword="null"/> to take both from the evaluated rows.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/>, <paramref name="data"/> or <paramref name="options"/> is
    /// <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or an option is out of its
    /// range.</exception>
    /// <exception cref="ArgumentException">There is no target column, or one bound without the other.</exception>
    /// <exception cref="InvalidOperationException">There is no forecast to evaluate: no rows, or no forecast of an existing row. Or a row
    /// is no later than the row before it in its series, which may be a row of the training data.</exception>
    public static ForecastMetrics EvaluateForecast(this ForecastingCatalog catalog, IDataView data, ForecastEvaluationOptions options,
        IDataView? trainingData = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        return ForecastEvaluator.Evaluate(catalog.GetEnvironment(), data, options, trainingData);
    }

    /// <summary>
    /// Backtests a forecaster of one target: fits it on the rows before an origin, evaluates its forecasts of the rows that follow, moves
    /// the origin on and fits it anew.
    /// </summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="data">Rows in the order of time.</param>
    /// <param name="estimator">The forecaster to fit, or a chain of estimators with one. Its model adds the column of forecasts to rows
    /// that follow the rows it was fitted on, and keeps the target, series and time columns.</param>
    /// <param name="targetColumnName">The column to forecast, of <see cref="float"/>, as the model gives it; NaN is a missing
    /// value.</param>
    /// <param name="forecastColumnName">The column of forecasts, a vector of H values: element h of row t, counted from 0, is the forecast
    /// for row t + 1 + h of the same series.</param>
    /// <param name="numberOfFolds">How many times a model is fitted, at least 1.</param>
    /// <param name="rowsPerFold">The rows of a series from one origin to the next, at least 1; <see langword="null"/> to divide the longest
    /// series evenly.</param>
    /// <param name="lowerBoundColumnName">The column of the forecasts' lower bounds; <see langword="null"/> if there are none.</param>
    /// <param name="upperBoundColumnName">The column of upper bounds; given if and only if the lower bounds are.</param>
    /// <param name="confidenceLevel">The share of actual values that the intervals are meant to cover, above 0 and below 1;
    /// <see langword="null"/> for that of the forecaster, or 0.95 for the forecasts of other models.</param>
    /// <param name="seriesColumnName">The column that says which series a row belongs to, text or key; <see langword="null"/> for a single
    /// series.</param>
    /// <param name="seasonality">The rows (with a time column the time steps) of a season, at least 1; 1 if there are no seasons;
    /// <see langword="null"/>: chosen from the data.</param>
    /// <param name="timeColumnName">The column of times, <see cref="DateTime"/> or <see cref="DateTimeOffset"/>: a forecast h steps ahead,
    /// a baseline's too, is then compared with the row whose time is h time steps later; see
    /// <see cref="ForecastEvaluationOptions.TimeColumnName"/>. <see langword="null"/> to compare with the h-th row that follows, which is
    /// the wrong row where the data leaves out steps.</param>
    /// <returns>The models and metrics of the folds, and the metrics of all folds together.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or an argument is out of its
    /// range.</exception>
    /// <exception cref="ArgumentException">One bound is given without the other.</exception>
    /// <exception cref="InvalidOperationException">There are too few rows, or a fold has no forecast to evaluate, or a row is no later than
    /// the row before it in its series.</exception>
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
        float? confidenceLevel = null,
        string? seriesColumnName = null,
        int? seasonality = null,
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
    /// Backtests a forecaster: fits it on the rows before an origin, evaluates its forecasts of the rows that follow, moves the origin on
    /// and fits it anew.
    /// </summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="data">Rows in the order of time.</param>
    /// <param name="estimator">The forecaster to fit, or a chain of estimators with one. Its model adds the column of forecasts to rows
    /// that follow the rows it was fitted on, and keeps the target, series and time columns.</param>
    /// <param name="options">The origins, and the columns of forecasts and of actual values.</param>
    /// <returns>The models and metrics of the folds, and the metrics of all folds together.</returns>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or an option is out of its
    /// range.</exception>
    /// <exception cref="ArgumentException">There is no target column, or one bound without the other.</exception>
    /// <exception cref="InvalidOperationException">There are too few rows, or a fold has no forecast to evaluate, or a row is no later than
    /// the row before it in its series.</exception>
    public static BacktestResult Backtest(this ForecastingCatalog catalog, IDataView data, IEstimator<ITransformer> estimator,
        BacktestOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(estimator);
        ArgumentNullException.ThrowIfNull(options);
        return Backtester.Run(catalog.GetEnvironment(), data, estimator, options);
    }
}
