using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>Fits a forecaster on more and more of the past, and evaluates its forecasts of the rows that follow.</summary>
internal sealed class Backtester
{
    private readonly IHostEnvironment _environment;
    private readonly IDataView _data;
    private readonly IEstimator<ITransformer> _estimator;
    private readonly BacktestOptions _options;
    private readonly SeriesRowCounts _rowCounts;
    private readonly int _rowsPerFold;

    private Backtester(IHostEnvironment environment, IDataView data, IEstimator<ITransformer> estimator, BacktestOptions options)
    {
        _environment = environment;
        _data = data;
        _estimator = estimator;
        _options = options;
        _rowCounts = SeriesRowCounts.Count(data, HistoryColumns.FindSeries(environment, data.Schema, options.SeriesColumnName));
        _rowsPerFold = RowsPerFold();
    }

    public static BacktestResult Run(IHostEnvironment environment, IDataView data, IEstimator<ITransformer> estimator,
        BacktestOptions options)
    {
        options.Check();
        return Communicator.Together(options.Communicator, () => RunHere(environment, data, estimator, options));
    }

    private static BacktestResult RunHere(IHostEnvironment environment, IDataView data, IEstimator<ITransformer> estimator,
        BacktestOptions options)
    {
        var backtester = new Backtester(environment, data, estimator, options);
        var folds = new BacktestFold[options.NumberOfFolds];
        ITransformer?[] models = options.Communicator is { Size: > 1 } ranks ? backtester.FitInTurn(ranks)
            : new ITransformer?[folds.Length];
        ForecastTallies? pooled = null;
        for (int fold = 0; fold < folds.Length; fold++)
        {
            (folds[fold], ForecastTallies tallies) = backtester.RunFold(fold, models[fold]);
            if (pooled is null)
                pooled = tallies;
            else if (pooled.Horizon == tallies.Horizon)
                pooled.Add(tallies);
            else
                throw environment.Process(new InvalidOperationException(
                    $"The model of fold {fold} forecasts {tallies.Horizon} rows ahead, those before it {pooled.Horizon}."));
        }
        return new BacktestResult(folds, ForecastEvaluator.ToMetrics(pooled!, options));
    }

    /// <summary>The models of all folds, each fitted on one of the ranks; the others get it as it is saved.</summary>
    private ITransformer[] FitInTurn(Communicator ranks)
    {
        var catalog = new ModelOperationsCatalog(_environment);
        var own = new Dictionary<int, ITransformer>();
        byte[][] saved = ranks.TakeTurns(_options.NumberOfFolds, fold =>
        {
            own[fold] = _estimator.Fit(TrainingRows(OriginsOf(fold)));
            using var stream = new MemoryStream();
            catalog.Save(own[fold], _data.Schema, stream);
            return stream.ToArray();
        });
        return [.. saved.Select((bytes, fold) => own.GetValueOrDefault(fold) ?? catalog.Load(new MemoryStream(bytes), out _))];
    }

    /// <summary>Evaluates a fold, with its model, or with one that is fitted now.</summary>
    private (BacktestFold Fold, ForecastTallies Tallies) RunFold(int fold, ITransformer? model)
    {
        long[] origins = OriginsOf(fold);
        IDataView train = TrainingRows(origins);
        model ??= _estimator.Fit(train);
        int horizon = new EvaluatedColumns(_environment, model.GetOutputSchema(_data.Schema), _options).Horizon;
        IDataView scored = model.Transform(Rows(origins, origin => origin, origin => origin + _rowsPerFold + horizon));

        if (fold == 0 && Communicator.IsFirst(_options.Communicator) && _options.SeriesColumnName is null
            && SeriesDataView.SeriesColumnOf(scored) is { } series)
            HostWarning.Write(_environment, "Backtest",
                $"The forecaster tells series apart by column '{series}', but all rows are taken for one series. Give it as "
                + $"{nameof(_options.SeriesColumnName)}.");

        ForecastTallies tallies = new ForecastEvaluator(_environment, _options, scored, model.Transform(train)).Tally(_rowsPerFold);
        return (new BacktestFold(fold, train.GetRowCount()!.Value, model, ForecastEvaluator.ToMetrics(tallies, _options), scored), tallies);
    }

    private SeriesRangeDataView TrainingRows(long[] origins)
        => Rows(origins, origin => Math.Max(0, origin - (_options.MaximumTrainingRows ?? origin)), origin => origin);

    private long[] OriginsOf(int fold) => Array.ConvertAll(_rowCounts.OfSeries, count => Origin(count, fold));

    /// <summary>The rows of each series between two positions, given its origin; none of a series with too few rows to train on.</summary>
    private SeriesRangeDataView Rows(long[] origins, Func<long, long> first, Func<long, long> end)
    {
        RowRange[] ranges = Array.ConvertAll(origins, origin
            => origin < _options.MinimumTrainingRows ? new RowRange(0, 0) : new RowRange(first(origin), end(origin)));
        return new SeriesRangeDataView(_data, _rowCounts, ranges);
    }

    // The last row is held back: it can be forecast, but nothing follows it to compare its own forecasts with.
    private long Origin(long count, int fold) => count - 1 - (long)(_options.NumberOfFolds - fold) * _rowsPerFold;

    private int RowsPerFold()
    {
        long longest = _rowCounts.OfSeries.DefaultIfEmpty().Max() - 1;
        int folds = _options.NumberOfFolds, minimum = _options.MinimumTrainingRows;
        long rows = _options.RowsPerFold ?? Math.Clamp(Math.Min(longest / (folds + 1), (longest - minimum) / folds), 1, int.MaxValue);
        if (longest - folds * rows < minimum)
            throw _environment.Process(new InvalidOperationException(
                $"The longest series has {longest + 1} rows, too few for {folds} folds with {rows} rows each, {minimum} training rows "
                + $"before the first and a row behind the last: these are {folds * rows + minimum + 1}."));
        return (int)rows;
    }
}
