using Microsoft.ML.Lstm.Tests.Anomalies;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Series that never vary in the training data are forecast as their constant value.</summary>
[TestClass]
public sealed class ConstantTargetTests
{
    public static IEnumerable<object[]> Scalings => Enum.GetValues<SeriesScaling>().Select(scaling => new object[] { scaling });

    public static IEnumerable<object[]> Cases =>
        from scaling in Enum.GetValues<SeriesScaling>()
        from loss in Enum.GetValues<ForecastLoss>()
        select new object[] { scaling, loss };

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void OneOtherValueIsOneAlert(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        foreach (float level in new[] { 50f, 0, -3e-5f, 1e7f })
        {
            LstmAnomalyTransformer model = DetectorRun.Fit(ml, Constant(level, 300), options => options.Scaling = scaling);
            foreach (float blip in level == 0 ? new[] { 1e-6f, 1, -1e6f } : [level * 1.02f, level * 1.0002f, level * 20, -level])
            {
                Reading[] rows = Constant(level, 300);
                rows[100].Value = blip;
                double[][] results = DetectorRun.Transform(ml, model, rows);
                CollectionAssert.AreEqual(new[] { 100 }, DetectorRun.Alerts(results), $"{blip} among {level}");
                Assert.IsTrue(results.All(result => result[DetectorRun.Expected] == level), $"{blip} among {level}");
                Assert.IsTrue(results.All(result => double.IsFinite(result[DetectorRun.Score])));
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Scalings))]
    public void ASeriesThatNeverVariedAmongOthersThatDoIsTheSame(SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        Reading[] rows = [.. Reading.Wave(200, shop: "wave", level: 50, scale: 10), .. Constant(50, 200, "still")];
        LstmAnomalyTransformer model = DetectorRun.Fit(ml, rows,
            options => (options.SeriesColumnName, options.Scaling) = ("Shop", scaling));
        if (scaling == SeriesScaling.None)
            return;
        Reading[] still = Constant(50, 200, "still");
        still[100].Value = 51;
        double[][] results = DetectorRun.Transform(ml, model, still);
        CollectionAssert.AreEqual(new[] { 100 }, DetectorRun.Alerts(results));
        Assert.IsTrue(results.All(result => result[DetectorRun.Expected] == 50));
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void WhatItAlwaysWasIsForecast(SeriesScaling scaling, ForecastLoss loss)
    {
        var ml = new MLContext(1);
        foreach (float level in new[] { 50f, 0 })
        {
            var log = new List<string>();
            void Listen(object? sender, LoggingEventArgs entry) => log.Add(entry.Message);
            ml.Log += Listen;
            LstmForecastingTransformer model = ForecastRun.Fit(ml, Constant(level, 100),
                options => (options.Scaling, options.LossFunction) = (scaling, loss));
            ml.Log -= Listen;
            Assert.IsTrue(log.Exists(message => message.Contains("The target column 'Value' never varies", StringComparison.Ordinal)),
                string.Join('\n', log));
            Reading[] rows = Constant(level, 100);
            rows[40].Value = level + 7;
            foreach (ReadingForecast forecast in ForecastRun.Transform(ml, model, rows))
                Assert.IsTrue(forecast.Forecast.Concat(forecast.Lower).Concat(forecast.Upper).All(value => value == level));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void WhenItBeginsToVaryItIsMeasuredByWhatItDoes(SeriesScaling scaling, ForecastLoss loss)
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, Constant(0, 100),
            options => (options.Scaling, options.LossFunction) = (scaling, loss));
        Reading[] rows = Reading.Wave(200, level: 1000, scale: 10);
        ReadingForecast last = ForecastRun.Transform(ml, model, rows)[^1];
        for (int h = 0; h < ForecastRun.Horizon; h++)
        {
            // All that was learned is its level.
            Assert.AreEqual(1000, last.Forecast[h], 15);
            Assert.IsInRange(last.Lower[h], last.Upper[h], last.Forecast[h]);
        }
    }

    [TestMethod]
    public void ATargetThatNeverVariesLacksNoErrorsForIntervals()
    {
        (MLContext ml, List<string> warnings) = SeriesRun.Listen();
        Reading[] rows = Reading.Wave(400);
        foreach (Reading row in rows)
            row.Other = 7;
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows, options => options.TargetColumnNames = ["Value", "Other"]);
        SeriesRun.AssertOne(warnings, "The target column 'Other' never varies");
        SeriesRun.AssertNone(warnings, "Intervals");
        ReadingForecast last = ForecastRun.Transform(ml, model, rows[..1])[0];
        Assert.IsLessThan(last.Upper[0], last.Lower[0]);
        Assert.AreEqual(7, last.Lower[1]);
        Assert.AreEqual(7, last.Upper[1]);
    }

    [TestMethod]
    public void ATargetThatIsNeverThereIsNamed()
    {
        var ml = new MLContext(1);
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        Reading[] rows = Reading.Wave(100);
        foreach (Reading row in rows)
            row.Other = float.NaN;
        ForecastRun.Fit(ml, rows, options => options.TargetColumnNames = ["Value", "Other"]);
        Assert.IsTrue(log.Exists(message =>
            message.Contains("The target column 'Other' has no value in the training rows", StringComparison.Ordinal)),
            string.Join('\n', log));
    }

    private static Reading[] Constant(float level, int rows, string shop = "") =>
        [.. Enumerable.Range(0, rows).Select(_ => new Reading { Shop = shop, Value = level })];
}
