using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Engine.Standalone;

/// <summary>Forecasters and detectors without ML.NET give what an engine gives, to the last bit.</summary>
[TestClass]
public sealed class SeriesPredictorTests
{
    private const string Shop = "a";

    [TestMethod]
    public void ForecastsAreTheEnginesToTheLastBit()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(100, shop: Shop), others = Reading.Wave(70, seed: 2, shop: "b", level: 5);
        Reading[] training = [.. rows[..70].Concat(others[..60]).OrderBy(row => row.Time)];
        SeriesTransformer model = SeriesRun.Fit(ml, SeriesRun.Forecaster, training, options =>
        {
            options.SeriesColumnName = "Shop";
            options.TimeColumnName = "Time";
            options.KnownCovariateColumnNames = ["Promotion"];
            var forecasting = (LstmForecastingEstimator.Options)options;
            (forecasting.LowerBoundColumnName, forecasting.UpperBoundColumnName) = ("Lower", "Upper");
        });
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        SeriesPredictor predictor = Load(ml, model, training);

        CollectionAssert.AreEqual(new[] { "Value", "Promotion" }, predictor.ColumnNames.ToArray());
        Assert.IsTrue(predictor.HasTimes);
        CollectionAssert.IsSubsetOf(new[] { Shop, "b" }, predictor.SeriesNames.ToArray());
        // What the model knows, then rows with one left out and one without a value, and a series that is new.
        Assert.IsNotNull(predictor.Forecast(series: "b"));
        AssertSame(engine.Predict("b"), predictor.Forecast(series: "b"));
        foreach (Reading row in rows[70..].Where((_, i) => i is not (7 or 8)))
        {
            row.Value = row == rows[80] ? float.NaN : row.Value;
            Observe(row, Shop);
        }
        foreach (Reading row in Reading.Wave(10, seed: 3, shop: "new"))
            Observe(row, "new");
        SeriesForecast shorter = predictor.Forecast(horizon: 1, series: "new")!;
        Assert.AreEqual(1, shorter.Steps);
        Assert.AreEqual(predictor.Forecast(series: "new")![1], shorter[1]);

        Assert.IsNull(predictor.Forecast(series: "none"));
        Assert.ThrowsExactly<ArgumentException>(() => predictor.Observe([1, 0], rows[3].Time, Shop));
        Assert.ThrowsExactly<ArgumentException>(() => predictor.Observe([1, 0], series: Shop));
        Assert.ThrowsExactly<ArgumentException>(() => predictor.Observe([1], DateTime.MaxValue, Shop));
        Assert.ThrowsExactly<ArgumentException>(
            () => predictor.Observe(new Dictionary<string, float> { ["Valeu"] = 1 }, DateTime.MaxValue, Shop));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => predictor.Forecast(horizon: predictor.Horizon + 1, series: Shop));

        void Observe(Reading row, string series)
        {
            ReadingForecast expected = engine.Predict(row);
            if (float.IsNaN(row.Value))
                predictor.Observe(new Dictionary<string, float> { ["Promotion"] = row.Promotion }, row.Time, series);
            else
                predictor.Observe([row.Value, row.Promotion], row.Time, series);
            AssertSame(expected, predictor.Forecast(series: series));
        }
    }

    [TestMethod]
    public void OneSeriesWithoutTimesNeedsNoNames()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(80);
        SeriesTransformer model = SeriesRun.Fit(ml, SeriesRun.Forecaster, rows[..60]);
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        SeriesPredictor predictor = Load(ml, model, rows);
        Assert.IsFalse(predictor.HasTimes);
        Assert.IsFalse(predictor.IsDetector);
        Assert.IsNull(predictor.Confidence);
        foreach (Reading row in rows[60..])
        {
            ReadingForecast expected = engine.Predict(row);
            Assert.IsNull(predictor.Observe([row.Value]));
            AssertSame(expected, predictor.Forecast());
        }
        Assert.ThrowsExactly<NotSupportedException>(() => SequencePredictor.Load(Saved(ml, model, rows)));
        // A file may begin within a stream.
        var within = new MemoryStream([1, 2, 3, .. Saved(ml, model, rows).ToArray()]) { Position = 3 };
        CollectionAssert.AreEqual(Load(ml, model, rows).Forecast()!.Values.ToArray(),
            SeriesPredictor.Load(within).Forecast()!.Values.ToArray());
    }

    /// <summary>The value of a skipped row may come late, as in an engine.</summary>
    [TestMethod]
    public void RowsThatAreSkippedLeaveTheSeriesWhereItIs()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(90, shop: Shop);
        SeriesTransformer model = SeriesRun.Fit(ml, SeriesRun.Forecaster, rows[..70], options =>
        {
            options.SeriesColumnName = "Shop";
            options.TimeColumnName = "Time";
            options.MissingValues = MissingValueHandling.SkipRow;
        });
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        SeriesPredictor predictor = Load(ml, model, rows);
        float late = rows[75].Value;
        rows[75].Value = rows[80].Value = rows[81].Value = float.NaN;
        foreach (Reading row in rows[70..])
        {
            Observe(row);
            if (row != rows[75])
                continue;
            row.Value = late;
            Observe(row);
        }

        void Observe(Reading row)
        {
            ReadingForecast expected = engine.Predict(row);
            predictor.Observe([row.Value], row.Time, Shop);
            AssertSame(expected, predictor.Forecast(series: Shop));
        }
    }

    [TestMethod]
    public void NamesAndTimesThatTheModelCannotHaveAreRefused()
    {
        var ml = new MLContext(1);
        Reading[] rows = [.. Reading.Wave(60, shop: Shop), .. Reading.Wave(60, seed: 2, shop: "b", level: 5)];
        SeriesPredictor one = Load(ml, SeriesRun.Fit(ml, SeriesRun.Forecaster, rows[..60]), rows);
        SeriesPredictor two = Load(ml, SeriesRun.Fit(ml, SeriesRun.Forecaster, rows,
            options => (options.SeriesColumnName, options.TimeColumnName) = ("Shop", "Time")), rows);
        DateTimeOffset next = rows[59].Time.AddHours(1);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => one.Observe([1], series: Shop)).Message,
            "The model has one series, without a name; found 'a'.");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => two.Observe([1], next)).Message,
            "The model has several series: give the name that is in the column 'Shop'.");
        Assert.AreEqual("series", Assert.ThrowsExactly<ArgumentException>(() => one.Forecast(series: Shop)).ParamName);
        Assert.AreEqual("series", Assert.ThrowsExactly<ArgumentException>(() => two.Forecast()).ParamName);
        Assert.AreEqual("time", Assert.ThrowsExactly<ArgumentException>(() => one.Observe([1], next)).ParamName);
        Assert.AreEqual("time", Assert.ThrowsExactly<ArgumentException>(() => two.Observe([1], series: "new")).ParamName);
        // What is refused leaves no series behind.
        CollectionAssert.AreEquivalent(new[] { "" }, one.SeriesNames.ToArray());
        CollectionAssert.AreEquivalent(new[] { Shop, "b" }, two.SeriesNames.ToArray());
    }

    /// <summary>With gaps, missing values, a failure, a new series, and what was known of the series when the model was saved.</summary>
    [TestMethod]
    [DataRow(0)]
    [DataRow(300)]
    public void AlertsAndScoresAreTheEnginesToTheLastBit(int history)
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(140, shop: Shop), others = Reading.Wave(70, seed: 2, shop: "b", level: 5);
        Reading[] training = [.. rows[..70].Concat(others[..60]).OrderBy(row => row.Time)];
        SeriesTransformer model = SeriesRun.Fit(ml, SeriesRun.Detector, training, options =>
        {
            options.SeriesColumnName = "Shop";
            options.TimeColumnName = "Time";
            options.KnownCovariateColumnNames = ["Promotion"];
            var detection = (LstmAnomalyEstimator.Options)options;
            (detection.PValueHistoryLength, detection.Confidence) = (history, 90);
        });
        // Some rows are observed before the model is saved.
        var saved = new MemoryStream();
        using (ForecastEngine<Reading, ReadingVerdict> first = model.CreateForecastEngine<Reading, ReadingVerdict>(ml))
        {
            foreach (Reading row in rows[70..80])
                first.Predict(row);
            first.CheckPoint(ml, saved);
        }
        saved.Position = 0;
        SeriesPredictor predictor = SeriesPredictor.Load(saved);
        saved.Position = 0;
        using ForecastEngine<Reading, ReadingVerdict> engine
            = ml.Model.Load(saved, out _).CreateForecastEngine<Reading, ReadingVerdict>(ml);
        Assert.IsTrue(predictor.IsDetector);
        Assert.AreEqual(90, predictor.Confidence);
        int alerts = 0;
        foreach ((int i, Reading row) in rows[80..].Where((_, i) => i is not (7 or 8)).Index())
        {
            row.Value = i == 12 ? float.NaN : row.Value + (i is > 20 and < 24 ? 50 : 0);
            alerts += Observe(row, Shop) ? 1 : 0;
        }
        foreach (Reading row in Reading.Wave(10, seed: 3, shop: "new"))
            Observe(row, "new");
        foreach (Reading row in others[60..])
            Observe(row, "b");
        Assert.IsGreaterThan(0, alerts);
        Assert.IsLessThan(40, alerts);

        double[] next = engine.Predict(Shop).Anomaly;
        SeriesForecast expected = predictor.Forecast(series: Shop)!;
        CollectionAssert.AreEqual(new[] { (float)next[3], (float)next[4], (float)next[5] },
            new[] { expected[1], expected.UpperBounds[0], expected.LowerBounds[0] });

        bool Observe(Reading row, string series)
        {
            SeriesDetection found = predictor.Observe([row.Value, row.Promotion], row.Time, series)!.Value;
            CollectionAssert.AreEqual(engine.Predict(row).Anomaly, new[]
            {
                found.IsAlert ? 1 : 0, found.Score, found.PValue, found.ExpectedValue, found.UpperBound, found.LowerBound,
            });
            return found.IsAlert;
        }
    }

    private static void AssertSame(ReadingForecast expected, SeriesForecast? actual)
    {
        CollectionAssert.AreEqual(expected.Forecast, actual is null ? [] : actual.Values.ToArray());
        CollectionAssert.AreEqual(expected.Lower, actual is null ? [] : actual.LowerBounds.ToArray());
        CollectionAssert.AreEqual(expected.Upper, actual is null ? [] : actual.UpperBounds.ToArray());
    }

    private static SeriesPredictor Load(MLContext ml, ITransformer model, Reading[] rows)
        => SeriesPredictor.Load(Saved(ml, model, rows));

    private static MemoryStream Saved(MLContext ml, ITransformer model, Reading[] rows)
    {
        var stream = new MemoryStream();
        ml.Model.Save(model, ml.Data.LoadFromEnumerable(rows).Schema, stream);
        stream.Position = 0;
        return stream;
    }
}
