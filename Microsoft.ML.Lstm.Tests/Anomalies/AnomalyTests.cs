using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Anomalies;

/// <summary>DetectAnomalyByLstm through ML.NET: alerts, scores, p-values, bounds.</summary>
[TestClass]
public sealed class AnomalyTests
{
    private const int Alert = 0, PValue = 2, Expected = 3, Upper = 4, Lower = 5;

    [TestMethod]
    public void WhatIsOffGetsAnAlertAndLittleElse()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(3000);
        int[] off = [2100, 2350, 2351, 2700];
        rows[2100].Value += 0.6f;
        rows[2350].Value -= 0.5f;
        rows[2351].Value -= 0.5f;
        rows[2700].Value -= 0.7f;
        LstmAnomalyTransformer model = Fit(ml, rows[..2000], options => (options.HiddenSize, options.NumberOfEpochs) = (24, 60));

        double[][] results = Transform(ml, model, rows[2000..]);
        int[] alerts = [.. Enumerable.Range(2000, 1000).Where(t => results[t - 2000][Alert] == 1)];
        foreach (int t in off)
            CollectionAssert.Contains(alerts, t);
        // At 99.9 percent expect one false alert in a thousand rows, and some after each anomaly, which spoils the next forecasts.
        Assert.IsLessThan(off.Length + 12, alerts.Length);
        foreach (double[] result in results)
        {
            bool isOutside = rows[2000 + Array.IndexOf(results, result)].Value is var value
                && (value > result[Upper] || value < result[Lower]);
            Assert.AreEqual(isOutside, result[Alert] == 1);
            Assert.IsInRange(0, 1, result[PValue]);
            Assert.IsInRange(result[Lower], result[Upper], result[Expected]);
        }
    }

    [TestMethod]
    public void AFailureThatComesSlowlyAndLastsIsFound()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(3000);
        // A little at a time, so that no row is far from its forecast.
        for (int t = 2500; t < 3000; t++)
            rows[t].Value += Math.Min(t - 2500, 300) * 0.02f;
        double[] Scores(float? weight)
        {
            LstmAnomalyTransformer model = Fit(ml, rows[..2000], options
                => (options.HiddenSize, options.NumberOfEpochs, options.UsualValueWeight) = (24, 20, weight));
            return [.. Transform(ml, model, rows[2000..]).Select(result => Math.Abs(result[1]))];
        }

        double[] alone = Scores(0), both = Scores(null);
        // Nothing is unusual in the series as it was.
        CollectionAssert.AreEqual(alone[..500], both[..500]);
        Assert.IsTrue(both.Zip(alone).All(score => score.First >= score.Second));
        Assert.IsGreaterThan(200, both.Zip(alone).Count(score => score.First > score.Second));
        Assert.IsGreaterThan(2 * both[..500].Max(), both[^24..].Max());
    }

    [TestMethod]
    [DataRow(ResidualSide.Above, 2010, 2020)]
    [DataRow(ResidualSide.Below, 2020, 2010)]
    public void OneSideIsEnough(ResidualSide side, int alert, int none)
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(2050);
        rows[2010].Value += 3;
        rows[2020].Value -= 3;
        double[][] results = Transform(ml, Fit(ml, rows[..2000], options => options.Side = side), rows[2000..]);
        Assert.AreEqual(1, results[alert - 2000][Alert]);
        Assert.AreEqual(0, results[none - 2000][Alert]);
        Assert.IsGreaterThan(0.9, results[none - 2000][PValue]);
        Assert.IsTrue(double.IsInfinity(results[5][side == ResidualSide.Above ? Lower : Upper]));
    }

    [TestMethod]
    public void ANoisierSeriesStopsToGiveAlerts()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(6000);
        var random = new Random(5);
        foreach (Reading row in rows.AsSpan(1500))
            row.Value += (float)(4 * (random.NextDouble() + random.NextDouble() - 1));
        int Alerts(int history)
        {
            double[][] results = Transform(ml, Fit(ml, rows[..1500], options => options.PValueHistoryLength = history), rows[1500..]);
            return results[^2000..].Count(result => result[Alert] == 1);
        }

        Assert.IsGreaterThan(100, Alerts(history: 0));
        Assert.IsLessThan(15, Alerts(history: 500));
    }

    [TestMethod]
    public void SchemaIsWhatWasPromisedWithNamesOfSlots()
    {
        var ml = new MLContext(1);
        IDataView data = ml.Data.LoadFromEnumerable(Reading.Wave(60));
        LstmAnomalyEstimator estimator = ml.Transforms.DetectAnomalyByLstm("Anomaly", "Value", windowSize: 12);
        SchemaShape promised = estimator.GetOutputSchema(data.Schema.ToShape());
        DataViewSchema delivered = estimator.Fit(data).Transform(data).Schema;
        CollectionAssert.AreEqual(promised.Select(column => column.Name).ToArray(), delivered.Select(column => column.Name).ToArray());
        DataViewSchema.Column column = delivered["Anomaly"];
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Double, 6), column.Type);
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        Assert.AreEqual("Alert, Raw Score, P-Value Score, Expected Value, Upper Bound, Lower Bound",
            string.Join(", ", names.DenseValues()));
        Assert.AreEqual(SchemaShape.Column.VectorKind.Vector, promised.Single(one => one.Name == "Anomaly").Kind);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(5)]
    public void AnEngineSaysTheSameAlsoAfterACheckpoint(int smoothing)
    {
        var ml = new MLContext(1);
        Reading[] a = Reading.Wave(200, shop: "a"), b = Reading.Wave(200, seed: 2, shop: "b", level: 5);
        Reading[] rows = [.. a.Zip(b).SelectMany(pair => new[] { pair.First, pair.Second })];
        rows[330].Value = float.NaN;
        rows[341].Value += 4;
        LstmAnomalyTransformer model = Fit(ml, rows[..300],
            options => (options.SmoothingWindow, options.SeriesColumnName, options.TimeColumnName) = (smoothing, "Shop", "Time"));
        double[][] expected = Transform(ml, model, rows[300..]);
        CollectionAssert.AreEqual(new[] { 0, double.NaN, double.NaN }, expected[30][..3]);
        Assert.IsTrue(double.IsFinite(expected[30][Expected]));

        using var stream = new MemoryStream();
        using (ForecastEngine<Reading, Verdict> engine = model.CreateForecastEngine<Reading, Verdict>(ml))
        {
            for (int t = 0; t < 45; t++)
                CollectionAssert.AreEqual(expected[t], engine.Predict(rows[300 + t]).Anomaly);
            engine.CheckPoint(ml, stream);
        }
        stream.Position = 0;
        ITransformer loaded = new MLContext(7).Model.Load(stream, out _);
        using ForecastEngine<Reading, Verdict> restored = loaded.CreateForecastEngine<Reading, Verdict>(ml);
        for (int t = 45; t < expected.Length; t++)
            CollectionAssert.AreEqual(expected[t], restored.Predict(rows[300 + t]).Anomaly);
    }

    [TestMethod]
    public void TheFirstRowOfANewSeriesHasNothingToBeComparedWith()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(80);
        double[] first = Transform(ml, Fit(ml, rows).WithoutHistory(), rows)[0];
        Assert.AreEqual(0, first[Alert]);
        Assert.IsTrue(first[1..].All(double.IsNaN));
    }

    [TestMethod]
    [DataRow(5, 1)]
    [DataRow(60, 12)]
    public void FewResidualsAreWarnedOf(int count, int residuals)
    {
        var ml = new MLContext(1);
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        Reading[] rows = Reading.Wave(count + 1);
        LstmAnomalyTransformer model = Fit(ml, rows[..count]);
        Assert.IsTrue(log.Exists(message =>
            message.Contains($"Only {residuals} validation rows could be compared", StringComparison.Ordinal)), string.Join('\n', log));
        Assert.IsFalse(log.Exists(message => message.Contains("Intervals", StringComparison.Ordinal)));
        using ForecastEngine<Reading, Verdict> engine = model.CreateForecastEngine<Reading, Verdict>(ml);
        // Without a value to compare the p-value is missing rather than 0, but there is an expected value.
        double[] expected = engine.Predict().Anomaly;
        CollectionAssert.AreEqual(new[] { 0, double.NaN, double.NaN }, expected[..3]);
        Assert.IsInRange(expected[5], expected[4], expected[3]);
        Assert.AreEqual(0, engine.Predict(rows[count]).Anomaly[Alert]);
    }

    [TestMethod]
    public void OptionsOutOfRangeAreRefused()
    {
        var ml = new MLContext(1);
        void AssertRefused(string option, Action<LstmAnomalyEstimator.Options> change)
        {
            var options = new LstmAnomalyEstimator.Options { InputColumnName = "Value" };
            change(options);
            Assert.AreEqual(option,
                Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ml.Transforms.DetectAnomalyByLstm(options)).ParamName);
        }

        AssertRefused("Confidence", options => options.Confidence = 100);
        AssertRefused("Confidence", options => options.Confidence = 0);
        AssertRefused("SmoothingWindow", options => options.SmoothingWindow = 0);
        AssertRefused("PValueHistoryLength", options => options.PValueHistoryLength = 99);
        AssertRefused("PValueHistoryLength", options => options.PValueHistoryLength = -1);
        AssertRefused("Side", options => options.Side = (ResidualSide)7);
        AssertRefused("OutputColumnName", options => options.OutputColumnName = "");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            Fit(ml, Reading.Wave(10), options => options.InputColumnName = "Shop")).Message,
            "target column 'Shop': expected Single, got String");
    }

    private static LstmAnomalyTransformer Fit(MLContext ml, IEnumerable<Reading> rows, Action<LstmAnomalyEstimator.Options>? change = null)
    {
        var options = new LstmAnomalyEstimator.Options
        {
            InputColumnName = "Value",
            WindowSize = 24,
            HiddenSize = 10,
            NumberOfEpochs = 10,
            Seed = 1
        };
        change?.Invoke(options);
        return ml.Transforms.DetectAnomalyByLstm(options).Fit(ml.Data.LoadFromEnumerable(rows));
    }

    private static double[][] Transform(MLContext ml, ITransformer model, IEnumerable<Reading> rows)
        => [.. ml.Data.CreateEnumerable<Verdict>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)
            .Select(verdict => verdict.Anomaly)];

    private sealed class Verdict
    {
        public double[] Anomaly { get; set; } = [];
    }
}
