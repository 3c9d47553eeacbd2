using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>Creates a <see cref="LstmForecastingEstimator"/>, which forecasts a series.</summary>
    /// <param name="catalog">The <see cref="ForecastingCatalog"/>.</param>
    /// <param name="outputColumnName">The column to add: after each row the forecast of the next values, a vector of <see cref="float"/> as
    /// long as the horizon.</param>
    /// <param name="inputColumnName">The column to forecast, <see cref="float"/>, the rows in the order of time.</param>
    /// <param name="windowSize">How many steps back the network learns to look, 1 to 100000.</param>
    /// <param name="horizon">How many steps ahead to forecast, 1 to 10000.</param>
    /// <param name="confidenceLevel">The share of values that the interval between the bounds is to hold, above 0 and below 1.</param>
    /// <param name="confidenceLowerBoundColumn">The column that receives the lower ends of the intervals; <see langword="null"/> for
    /// none.</param>
    /// <param name="confidenceUpperBoundColumn">The column that receives the upper ends of the intervals; <see langword="null"/> for
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
        int windowSize = SeriesEstimatorOptions.DefaultWindowSize,
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
        => new(catalog.GetHostEnvironment(), options);

    /// <summary>
    /// Makes an engine of a model: it takes one observation at a time and says what comes next, and can be saved with all that it has seen.
    /// It begins with what the model knows, the series up to the end of the training data or of a checkpoint.
    /// </summary>
    /// <typeparam name="TSource">The observations: a property or field for each column that the model reads.</typeparam>
    /// <typeparam name="TPrediction">What the engine answers: a property or field for each column of interest, one of the forecast's own
    /// among them.</typeparam>
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
    /// <param name="options">The options, such as how many series beside those of the model the engine keeps.</param>
    /// <exception cref="ArgumentException">There is no such transformer in the model, or <typeparamref name="TPrediction"/> has none of its
    /// columns.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or <typeparamref name="TSource"/> lacks a column that
    /// the model reads.</exception>
    public static ForecastEngine<TSource, TPrediction> CreateForecastEngine<TSource, TPrediction>(this ITransformer transformer,
        MLContext ml, ForecastEngineOptions options)
        where TSource : class
        where TPrediction : class, new()
        => new(ml, transformer, options);
}
