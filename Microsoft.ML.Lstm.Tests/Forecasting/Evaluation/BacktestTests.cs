using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Forecasting.Evaluation;

[TestClass]
public sealed class BacktestTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void FoldsAreRefittedAndJudgedOnWhatFollows()
    {
        var estimator = new LastTrainingValueEstimator(_ml);
        BacktestResult result = _ml.Forecasting.Backtest(Line(10), estimator, "Value", "Forecast", numberOfFolds: 3, rowsPerFold: 2);

        CollectionAssert.AreEqual(new[] { "0 1 2", "0 1 2 3 4", "0 1 2 3 4 5 6" }, estimator.Fitted);
        CollectionAssert.AreEqual(new long[] { 3, 5, 7 }, result.Folds.Select(fold => fold.NumberOfTrainingRows).ToArray());
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, result.Folds.Select(fold => fold.Fold).ToArray());
        // The first fold forecasts 2 at row 3 for 4 and 5, at row 4 for 5 and 6; the last, at row 8, has only row 9 ahead.
        AssertFigures(result.Folds[0].Metrics.Overall, 4, 3);
        AssertFigures(result.Folds[1].Metrics.Overall, 4, 3);
        AssertFigures(result.Folds[2].Metrics.Overall, 3, 8 / 3.0);
        AssertFigures(result.Metrics.Overall, 11, 32 / 11.0);
        AssertFigures(result.Metrics.PerHorizon[0], 6, 15 / 6.0);
        AssertFigures(result.Metrics.Baselines[0].PerHorizon[0], 6, 1);
        AssertFigures(result.Metrics.Baselines[0].PerHorizon[1], 5, 2);
        AssertFigures(result.Metrics.Baselines[1].Overall, 11, 0);
        Assert.AreEqual(32 / 11.0, result.Metrics.Overall.MeanAbsoluteScaledError, 1e-12);
        CollectionAssert.AreEqual(new float[] { 3, 4, 5, 6 }, result.Folds[0].ScoredHoldOutSet.GetColumn<float>("Value").ToArray());
        CollectionAssert.AreEqual(new float[] { 7, 8, 9 }, result.Folds[2].ScoredHoldOutSet.GetColumn<float>("Value").ToArray());
        Assert.Contains("Fold 2: 7 training rows, 3 forecasts, MAE 2.6667", result.ToString());
    }

    [TestMethod]
    public void AWindowSlides()
    {
        var estimator = new LastTrainingValueEstimator(_ml);
        BacktestResult result = _ml.Forecasting.Backtest(Line(10), estimator,
            Options(new() { NumberOfFolds = 3, RowsPerFold = 2, MaximumTrainingRows = 2 }));
        CollectionAssert.AreEqual(new[] { "1 2", "3 4", "5 6" }, estimator.Fitted);
        AssertFigures(result.Metrics.Overall, 11, 32 / 11.0);
    }

    [TestMethod]
    public void OriginsDivideTheDataEvenlyUnlessToldOtherwise()
    {
        Assert.AreEqual("3 5 7 9", TrainingRows(new() { NumberOfFolds = 4 }, 12));
        Assert.AreEqual("7 8 9 10", TrainingRows(new() { NumberOfFolds = 4, MinimumTrainingRows = 7 }, 12));
        Assert.AreEqual("10", TrainingRows(new() { NumberOfFolds = 1, RowsPerFold = 1 }, 12));
        Assert.AreEqual("1", TrainingRows(new() { NumberOfFolds = 1 }, 3));

        string TrainingRows(BacktestOptions options, int rows)
            => string.Join(' ', _ml.Forecasting.Backtest(Line(rows), new LastTrainingValueEstimator(_ml),
                Options(options)).Folds.Select(fold => fold.NumberOfTrainingRows));
    }

    [TestMethod]
    public void OriginsAreCountedInEachSeriesFromItsEnd()
    {
        // a goes from 0 to 9, b, beside its end, from 100 to 104.
        ForecastPoint[] rows = [.. Enumerable.Range(0, 10)
            .SelectMany(t => t < 5 ? new[] { Point("a", t) } : [Point("b", 95 + t), Point("a", t)])];
        var estimator = new LastTrainingValueEstimator(_ml);
        BacktestResult result = _ml.Forecasting.Backtest(_ml.Data.LoadFromEnumerable(rows), estimator,
            Options(new() { NumberOfFolds = 3, RowsPerFold = 2, SeriesColumnName = "Series" }));

        // At the second origin b has no rows yet to train on.
        CollectionAssert.AreEqual(new[] { "0 1 2", "0 1 2 3 4", "0 1 2 3 4 100 5 101 6" }, estimator.Fitted);
        AssertFigures(result.Folds[1].Metrics.Overall, 4, 3);
        AssertFigures(result.Folds[2].Metrics.Overall, 6, 16 / 6.0);
        AssertFigures(result.Metrics.Baselines[0].PerHorizon[0], 8, 1);
    }

    [TestMethod]
    public void ForecastsAreJudgedByTimeAcrossGaps()
    {
        // The values are the hours; hour 5 is left out, between the second fold's training rows and those that follow.
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { 0, 1, 2, 3, 4, 6, 7, 8, 9, 10 }.Select(hour => Point("", hour)));
        BacktestResult result = _ml.Forecasting.Backtest(data, new LastTrainingValueEstimator(_ml), "Value", "Forecast",
            numberOfFolds: 3, rowsPerFold: 2, timeColumnName: "Time");

        // The first fold forecasts 2 at 3 for 4 and 5, at 4 for 5 and 6; the second 4 at 6 for 7 and 8, at 7 for 8 and 9;
        // the last 7 at 8 for 9 and 10, at 9 for 10.
        AssertFigures(result.Folds[0].Metrics.Overall, 2, 6 / 2.0);
        Assert.AreEqual(2, result.Folds[0].Metrics.NumberOfMissingActuals);
        AssertFigures(result.Folds[1].Metrics.Overall, 4, 16 / 4.0);
        AssertFigures(result.Folds[2].Metrics.Overall, 3, 8 / 3.0);
        AssertFigures(result.Metrics.Overall, 9, 30 / 9.0);
        AssertFigures(result.Metrics.Baselines[0].PerHorizon[0], 5, 1);
        AssertFigures(result.Metrics.Baselines[0].PerHorizon[1], 4, 2);
        AssertFigures(result.Metrics.Baselines[1].Overall, 9, 0);
        Assert.AreEqual(30 / 9.0, result.Metrics.Overall.MeanAbsoluteScaledError, 1e-12);
    }

    [TestMethod]
    public void AChainIsBacktested()
    {
        IEstimator<ITransformer> chain = _ml.Transforms.CopyColumns("Value", "Raw").Append(new LastTrainingValueEstimator(_ml));
        IDataView raw = _ml.Transforms.CopyColumns("Raw", "Value").Fit(Line(10)).Transform(Line(10));
        BacktestResult result = _ml.Forecasting.Backtest(raw, chain, "Value", "Forecast", numberOfFolds: 3, rowsPerFold: 2);
        AssertFigures(result.Metrics.Overall, 11, 32 / 11.0);
        Assert.IsInstanceOfType<TransformerChain<ITransformer>>(result.Folds[2].Model);
    }

    [TestMethod]
    public void TooFewRowsAreRefused()
    {
        Refused("The longest series has 5 rows, too few for 5 folds with 1 rows each, 1 training rows before the first and a row behind "
            + "the last: these are 7.", new(), 5);
        Refused("The longest series has 10 rows, too few for 2 folds with 4 rows each, 2 training rows before the first and a row behind "
            + "the last: these are 11.", new() { NumberOfFolds = 2, RowsPerFold = 4, MinimumTrainingRows = 2 }, 10);
        Refused("The longest series has 0 rows", new(), 0);

        void Refused(string message, BacktestOptions options, int rows) => StringAssert.StartsWith(
            Assert.ThrowsExactly<InvalidOperationException>(() =>
                _ml.Forecasting.Backtest(Line(rows), new LastTrainingValueEstimator(_ml), Options(options))).Message, message);
    }

    [TestMethod]
    public void WrongOptionsAreNamed()
    {
        Refused(nameof(BacktestOptions.NumberOfFolds), new() { NumberOfFolds = 0 });
        Refused(nameof(BacktestOptions.RowsPerFold), new() { RowsPerFold = 0 });
        Refused(nameof(BacktestOptions.MinimumTrainingRows), new() { MinimumTrainingRows = 0 });
        Refused(nameof(BacktestOptions.MaximumTrainingRows), new() { MinimumTrainingRows = 3, MaximumTrainingRows = 2 });
        Refused(nameof(BacktestOptions.Seasonality), new() { Seasonality = 0 });

        void Refused(string option, BacktestOptions options) => Assert.AreEqual(option,
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
                _ml.Forecasting.Backtest(Line(20), new LastTrainingValueEstimator(_ml), Options(options))).ParamName);
    }

    private static BacktestOptions Options(BacktestOptions options)
    {
        options.TargetColumnNames = ["Value"];
        return options;
    }

    private static ForecastPoint Point(string series, float value)
        => new() { Series = series, Value = value, Time = new DateTime(2024, 1, 1).AddHours(value) };

    private IDataView Line(int rows) => _ml.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(t => Point("", t)));

    private static void AssertFigures(ForecastFigures figures, long count, double absolute)
    {
        Assert.AreEqual(count, figures.NumberOfForecasts);
        Assert.AreEqual(absolute, figures.MeanAbsoluteError, 1e-12);
    }

    private sealed class ForecastPoint
    {
        public string Series { get; set; } = "";

        public DateTime Time { get; set; }

        public float Value { get; set; }
    }

    private sealed class PointForecast
    {
        [VectorType(2)]
        public float[] Forecast { get; set; } = [];
    }

    /// <summary>
    /// Forecasts, for two rows, that each series stays at its last value of the training data.
    /// </summary>
    private sealed class LastTrainingValueEstimator(MLContext ml) : IEstimator<ITransformer>
    {
        public List<string> Fitted { get; } = [];

        public ITransformer Fit(IDataView input)
        {
            ForecastPoint[] rows = [.. ml.Data.CreateEnumerable<ForecastPoint>(input, reuseRowObject: false)];
            Fitted.Add(string.Join(' ', rows.Select(row => row.Value)));
            var last = rows.GroupBy(row => row.Series).ToDictionary(group => group.Key, group => group.Last().Value);
            return Mapping(point => last[point.Series]).Fit(input);
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Mapping(_ => 0).GetOutputSchema(inputSchema);

        private IEstimator<ITransformer> Mapping(Func<ForecastPoint, float> forecast)
            => ml.Transforms.CustomMapping<ForecastPoint, PointForecast>(
            (point, result) => result.Forecast = [forecast(point), forecast(point)], contractName: null);
    }
}
