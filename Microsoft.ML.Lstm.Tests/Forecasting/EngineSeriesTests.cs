using Microsoft.ML.Lstm.Tests.Series;
using static Microsoft.ML.Lstm.Tests.Series.SeriesRun;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>An engine keeps each series that it meets, up to a limit, until it is asked to forget it.</summary>
[TestClass]
public sealed class EngineSeriesTests
{
    [TestMethod]
    public void AnEngineOfForecastsHasALimitAndForgets() => CheckLimit<ReadingForecast>(Forecaster);

    [TestMethod]
    public void AnEngineOfADetectorHasALimitAndForgets() => CheckLimit<ReadingVerdict>(Detector);

    [TestMethod]
    public void ACheckpointHasNoForgottenSeries()
    {
        var ml = new MLContext(1);
        SeriesTransformer model = Fit(ml, Forecaster, TwoShops(80), options => options.SeriesColumnName = "Shop");
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        engine.Predict(new Reading { Shop = "new", Value = 3 });
        engine.Forget("a");
        using var stream = new MemoryStream();
        engine.CheckPoint(ml, stream);
        stream.Position = 0;
        using ForecastEngine<Reading, ReadingForecast> restored = ml.Model.Load(stream, out _)
            .CreateForecastEngine<Reading, ReadingForecast>(ml);
        CollectionAssert.AreEquivalent(new[] { "b", "new" }, restored.SeriesNames.ToArray());
        CollectionAssert.AreEqual(engine.Predict("new").Forecast, restored.Predict("new").Forecast);
        CollectionAssert.AreEqual(engine.Predict("b").Forecast, restored.Predict("b").Forecast);
    }

    [TestMethod]
    public void ADisposedEngineAndWrongOptionsAreRefused()
    {
        var ml = new MLContext(1);
        SeriesTransformer model = Fit(ml, Forecaster, Reading.Wave(60));
        ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        Assert.ThrowsExactly<ArgumentNullException>(() => engine.Forget(null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => engine.Predict((string)null!));
        engine.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => engine.Forget("a"));
        Assert.ThrowsExactly<ObjectDisposedException>(() => engine.Predict("a"));
        Assert.ThrowsExactly<ObjectDisposedException>(() => engine.SeriesNames);
        Assert.ThrowsExactly<ArgumentNullException>(() => model.CreateForecastEngine<Reading, ReadingForecast>(ml, null!));
        Assert.AreEqual("MaximumNewSeries", Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => model.CreateForecastEngine<Reading, ReadingForecast>(ml, new ForecastEngineOptions { MaximumNewSeries = -1 })).ParamName);
    }

    [TestMethod]
    public void AnObservationThatIsRefusedLeavesNoTrace()
    {
        var ml = new MLContext(1);
        Reading[] rows = [.. TwoShops(80).OrderBy(row => row.Time)];
        void Change(SeriesEstimatorOptions options) => (options.SeriesColumnName, options.TimeColumnName) = ("Shop", "Time");
        Reading late = rows[0], next = rows[140];
        Assert.AreNotEqual(late.Shop, (next = rows[140].Shop == late.Shop ? rows[141] : rows[140]).Shop);

        using ForecastEngine<Reading, ReadingForecast> forecasts = Fit(ml, Forecaster, rows[..140], Change)
            .CreateForecastEngine<Reading, ReadingForecast>(ml, new ForecastEngineOptions { MaximumNewSeries = 0 });
        float[] forecast = forecasts.Predict(next).Forecast;
        Assert.ThrowsExactly<InvalidOperationException>(() => forecasts.Predict(late));
        CollectionAssert.AreEqual(forecast, forecasts.Predict().Forecast);
        Assert.ThrowsExactly<InvalidOperationException>(() => forecasts.Predict(new Reading { Shop = "new", Time = next.Time }));
        CollectionAssert.AreEqual(forecast, forecasts.Predict().Forecast);

        using ForecastEngine<Reading, ReadingVerdict> verdicts = Fit(ml, Detector, rows[..140], Change)
            .CreateForecastEngine<Reading, ReadingVerdict>(ml);
        double[] verdict = verdicts.Predict(next).Anomaly;
        Assert.ThrowsExactly<InvalidOperationException>(() => verdicts.Predict(late));
        CollectionAssert.AreEqual(verdict, verdicts.Predict().Anomaly);
    }

    [TestMethod]
    public void RowsAheadOfAnotherSeriesOrFromTheObservationOnAreRefused()
    {
        var ml = new MLContext(1);
        Reading[] rows = [.. TwoShops(80).OrderBy(row => row.Time)];
        SeriesTransformer model = Fit(ml, Forecaster, rows[..120], options =>
        {
            options.SeriesColumnName = "Shop";
            options.TimeColumnName = "Time";
            options.KnownCovariateColumnNames = ["Promotion"];
        });
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        Reading[] mine = [.. rows[120..].Where(row => row.Shop == "a")];
        StringAssert.Contains(Refused(rows[120..].Where(row => row.Shop == "b")),
            "A row ahead is of series 'b', but the observation of 'a'.");
        StringAssert.Contains(Refused(mine),
            $"A row ahead has the time {mine[0].Time:yyyy-MM-dd HH:mm:ss}, which does not come after {mine[0].Time:yyyy-MM-dd HH:mm:ss}.");
        StringAssert.Contains(Refused(mine[1..].Reverse()), "in the order of time");

        // A refused observation leaves no trace, nor do its future rows.
        float[] expected = engine.Predict(mine[0], mine[1..]).Forecast;
        using ForecastEngine<Reading, ReadingForecast> other = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        CollectionAssert.AreEqual(expected,
            other.Predict(mine[0], mine[1..].Select(row => new Reading { Promotion = row.Promotion })).Forecast);

        string Refused(IEnumerable<Reading> future) =>
            Assert.ThrowsExactly<InvalidOperationException>(() => engine.Predict(mine[0], future)).Message;
    }

    [TestMethod]
    public void ForecastsOfSeveralSeriesAreEvaluatedByTheForecastersColumn()
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = [.. TwoShops(120).OrderBy(row => row.Time)];
        IDataView train = ml.Data.LoadFromEnumerable(rows[..160]), test = ml.Data.LoadFromEnumerable(rows[160..]);
        IEstimator<SeriesTransformer> estimator = Estimator(ml, Forecaster,
            options => (options.SeriesColumnName, options.TimeColumnName) = ("Shop", "Time"));
        IDataView forecasts = estimator.Fit(train).Transform(test);
        double expected = Error(forecasts, "Shop", train), mixed = Error(ml.Data.Cache(forecasts), null, null);
        Assert.AreEqual(expected, Error(forecasts, null, train));
        Assert.AreEqual(expected, Error(forecasts, null, null));
        Assert.AreEqual(expected, Error(ml.Transforms.CopyColumns("Copy", "Value").Fit(forecasts).Transform(forecasts), null, null));
        Assert.IsGreaterThan(3 * expected, mixed);

        const string Warning =
            "The forecaster tells series apart by column 'Shop', but all rows are taken for one series. Give it as SeriesColumnName.";
        IDataView all = ml.Data.LoadFromEnumerable(rows);
        ml.Forecasting.Backtest(all, estimator, "Value", "Forecast", numberOfFolds: 2, seriesColumnName: "Shop");
        AssertNone(warnings, Warning);
        ml.Forecasting.Backtest(all, estimator, "Value", "Forecast", numberOfFolds: 2);
        AssertOne(warnings, Warning);

        double Error(IDataView data, string? series, IDataView? before)
            => ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", seriesColumnName: series,
                trainingData: before).Overall.MeanAbsoluteError;
    }

    private static void CheckLimit<T>(string kind)
        where T : class, new()
    {
        var ml = new MLContext(1);
        SeriesTransformer model = Fit(ml, kind, TwoShops(80), options => options.SeriesColumnName = "Shop");
        using ForecastEngine<Reading, T> engine = model.CreateForecastEngine<Reading, T>(ml,
            new ForecastEngineOptions { MaximumNewSeries = 3 });
        void Observe(string shop) => engine.Predict(new Reading { Shop = shop, Value = 1 });

        foreach (string shop in new[] { "a", "c1", "c2", "c3", "b", "c2", "a" })
            Observe(shop);
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => Observe("c4")).Message;
        StringAssert.Contains(message,
            "The engine has met 3 series that the model did not know, its MaximumNewSeries, so there is no room for 'c4'. Forget series "
            + "that are over, or allow more.");
        Assert.IsFalse(engine.Forget("c4"));
        Assert.IsTrue(engine.Forget("c1"));
        Assert.IsFalse(engine.Forget("c1"));
        Observe("c4");
        Assert.ThrowsExactly<InvalidOperationException>(() => Observe("c1"));
        // Forgetting a series of the training data makes no room, since it does not count; it begins again.
        Assert.IsTrue(engine.Forget("a"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => engine.Predict("a"));
        Observe("a");
        Assert.ThrowsExactly<InvalidOperationException>(() => Observe("c1"));
        CollectionAssert.AreEquivalent(new[] { "a", "b", "c2", "c3", "c4" }, engine.SeriesNames.ToArray());
        using ForecastEngine<Reading, T> none = model.CreateForecastEngine<Reading, T>(ml,
            new ForecastEngineOptions { MaximumNewSeries = 0 });
        none.Predict(new Reading { Shop = "b", Value = 1 });
        Assert.ThrowsExactly<InvalidOperationException>(() => none.Predict(new Reading { Shop = "c", Value = 1 }));
    }

    private static Reading[] TwoShops(int rows) => [.. Reading.Wave(rows, shop: "a"), .. Reading.Wave(rows, seed: 2, shop: "b", level: 9)];
}
