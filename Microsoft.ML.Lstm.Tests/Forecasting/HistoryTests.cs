using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Series;
using static Microsoft.ML.Lstm.Tests.Series.SeriesRun;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Rows that a forecaster reads without being trained on them.</summary>
[TestClass]
public sealed class HistoryTests
{
    private const int Known = 80, More = 17;

    private readonly MLContext _ml;
    private readonly List<string> _warnings;

    public HistoryTests() => (_ml, _warnings) = Listen();

    [TestMethod]
    public void AForecasterReadsMoreRowsAsAnEngineObservesThem()
    {
        Reading[] a = Reading.Wave(Known + More, shop: "a", level: 5), b = Reading.Wave(Known + More, seed: 2, shop: "b", level: 500);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, [.. a[..Known], .. b[..Known]],
            options => (options.SeriesColumnName, options.TimeColumnName) = ("Shop", "Time"));
        Reading[] rest = [.. a[Known..].Zip(b[Known..]).SelectMany(pair => new[] { pair.First, pair.Second })];

        LstmForecastingTransformer read = model.WithHistory(View(rest));
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(_ml);
        foreach (Reading row in rest)
            engine.Predict(row);
        float[] expected = [.. engine.Predict("a").Forecast, .. engine.Predict("b").Forecast];
        CollectionAssert.AreEqual(expected, Forecasts(read));
        CollectionAssert.AreNotEqual(expected, Forecasts(model));
        Assert.AreEqual(a[^1].Time.AddHours(1), read.Forecast().GetColumn<DateTime>("Time").First());
        CollectionAssert.AreEqual(expected, Forecasts(model.WithoutHistory().WithHistory(View([.. a, .. b]))));
        CollectionAssert.AreEqual(expected, Forecasts(Reload(read)));

        float[] onlyA = Forecasts(model.WithHistory(View(a[Known..])));
        CollectionAssert.AreEqual(expected[..ForecastRun.Horizon], onlyA[..ForecastRun.Horizon]);
        CollectionAssert.AreEqual(Forecasts(model)[ForecastRun.Horizon..], onlyA[ForecastRun.Horizon..]);
        CollectionAssert.AreEqual(Forecasts(model), Forecasts(model.WithHistory(View([]))));
    }

    [TestMethod]
    [DataRow(false, true, 0)]
    [DataRow(true, true, 0)]
    [DataRow(true, true, 3)]
    [DataRow(true, false, 3)]
    public void RowsWithoutValuesAtTheEndAreWhatTheyAreInTraining(bool hasKnown, bool hasTimes, int observedLater)
    {
        Reading[] rows = Reading.Wave(Known + More);
        foreach (Reading row in rows[Known..])
            row.Value = float.NaN;
        if (observedLater > 0)
            rows[Known + observedLater].Value = 0.5f;
        IDataView data = View(rows);
        LstmForecastingTransformer model = _ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
        {
            options.KnownCovariateColumnNames = hasKnown ? ["Promotion"] : [];
            options.TimeColumnName = hasTimes ? "Time" : null;
        })).Fit(data);
        LstmForecastingTransformer read = model.WithoutHistory().WithHistory(View(rows));
        CollectionAssert.AreEqual(Forecasts(model), Forecasts(read));
        // The view that was trained on begins again.
        CollectionAssert.AreEqual(Forecasts(model), Forecasts(model.WithHistory(data)));
        if (!hasTimes)
            return;
        int end = hasKnown ? Known + (observedLater > 0 ? observedLater + 1 : 0) : rows.Length;
        foreach (LstmForecastingTransformer one in new[] { model, read })
            Assert.AreEqual(rows[0].Time.AddHours(end), one.Forecast().GetColumn<DateTime>("Time").First());
    }

    [TestMethod]
    public void RowsToComeAreCheckedAndNamed()
    {
        Reading[] a = Reading.Wave(Known + More, shop: "a"), b = Reading.Wave(Known + More, seed: 2, shop: "b");
        foreach (Reading row in a[Known..])
            row.Value = float.NaN;
        foreach (Reading row in b)
            row.Value = float.NaN;
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, [.. a[..Known], .. Reading.Wave(Known, shop: "c")], options =>
            (options.SeriesColumnName, options.TimeColumnName, options.KnownCovariateColumnNames) = ("Shop", "Time", ["Promotion"]));
        float[] before = Forecasts(model);
        // Rows to come of a series that goes on, and of one of which nothing is known yet; a row without a time is of no series.
        Reading[] rows = [.. a[Known..], new Reading { Shop = "a", Value = 7, Promotion = 1 }, .. b];
        LstmForecastingTransformer read = model.WithHistory(View(rows));
        CollectionAssert.AreEqual(before, Forecasts(read));
        CollectionAssert.AreEqual(before, Forecasts(Reload(read)));
        AssertOne(_warnings,
            $"{More + b.Length} rows at the end of 2 series, first 'a', have no value to forecast, but known covariates");

        // Later their values are there.
        foreach ((int t, Reading row) in a[Known..].Index())
            row.Value = MathF.Sin(t);
        CollectionAssert.AreEqual(Forecasts(model.WithHistory(View(a[Known..]))), Forecasts(read.WithHistory(View(a[Known..]))));
        foreach (Reading row in a[Known..])
            row.Value = float.NaN;
        Assert.ThrowsExactly<InvalidOperationException>(() => model.WithHistory(View([.. a[Known..].Reverse()])));
    }

    [TestMethod]
    public void ReadingOnAgainAndAgainAddsNothing()
    {
        Reading[] rows = Reading.Wave(Known + More);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows[..Known], options => options.TimeColumnName = "Time"), read = model;
        foreach (Reading row in rows[Known..])
            read = read.WithHistory(View([row]));
        CollectionAssert.AreEqual(Forecasts(model.WithHistory(View(rows[Known..]))), Forecasts(read));
        Assert.AreSame(model.Networks, read.Networks);
        Assert.AreEqual(SourceOfWarnings(model), SourceOfWarnings(read));

        // The host, whose name begins a warning, with the names of the hosts that it is in.
        string SourceOfWarnings(LstmForecastingTransformer one)
        {
            _warnings.Clear();
            one.WithHistory(View(rows[..1]));
            return _warnings.Single().Split(']')[0];
        }
    }

    [TestMethod]
    public void RowsThatAreKnownBeginAgainWithAWarning()
    {
        Reading[] rows = Reading.Wave(Known);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows, options => options.TimeColumnName = "Time");
        CollectionAssert.AreEqual(Forecasts(model), Forecasts(model.WithHistory(View(rows))));
        AssertOne(_warnings, "they are taken for a series that begins anew");
    }

    [TestMethod]
    public void WhatCantBeReadIsRefused()
    {
        Reading[] rows = Reading.Wave(Known + More);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows[..Known], options => options.TimeColumnName = "Time");
        Assert.ThrowsExactly<ArgumentNullException>(() => model.WithHistory(null!));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.WithHistory(_ml.Data.LoadFromEnumerable([new { Value = 1f }])));
        Assert.ThrowsExactly<InvalidOperationException>(() => model.WithHistory(View([.. rows[Known..].Reverse()])));
    }

    [TestMethod]
    public void SkippedRowsAtTheEndAreNotThere()
    {
        Reading[] rows = Reading.Wave(Known + More);
        foreach (int t in (int[])[30, Known + 5, rows.Length - 2, rows.Length - 1])
            rows[t].Value = float.NaN;
        static void Skip(LstmForecastingEstimator.Options options)
            => (options.TimeColumnName, options.MissingValues) = ("Time", MissingValueHandling.SkipRow);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows[..Known], Skip);
        LstmForecastingTransformer read = model.WithHistory(View(rows[Known..]));
        Assert.AreEqual(rows[^2].Time, read.Forecast().GetColumn<DateTime>("Time").First());
        Assert.AreEqual(rows[^2].Time, ForecastRun.Fit(_ml, rows, Skip).Forecast().GetColumn<DateTime>("Time").First());
        CollectionAssert.AreEqual(Forecasts(model.WithHistory(View([.. rows[Known..].Where(row => float.IsFinite(row.Value))]))),
            Forecasts(read));
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(_ml);
        foreach (Reading row in rows[Known..])
            engine.Predict(row);
        CollectionAssert.AreEqual(Forecasts(read), engine.Predict(rows[^1]).Forecast);
        // The values of the skipped rows come late.
        rows[^2].Value = rows[^1].Value = 0.5f;
        engine.Predict(rows[^2]);
        CollectionAssert.AreEqual(Forecasts(read.WithHistory(View(rows[^2..]))), engine.Predict(rows[^1]).Forecast);
    }

    [TestMethod]
    public void ARowWithoutStaticFeaturesCanBeTheLast()
    {
        Reading[] rows = [.. Reading.Wave(Known, shop: "a"), .. Reading.Wave(Known, shop: "b", scale: 2)],
            more = Reading.Wave(3, shop: "a");
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows,
            options => (options.SeriesColumnName, options.StaticFeatureColumnName) = ("Shop", "Size"));
        more[^1].Size = float.NaN;
        LstmForecastingTransformer read = model.WithHistory(View(more));
        CollectionAssert.AreEqual(Forecasts(read), Forecasts(Reload(read)));
        Assert.IsTrue(Forecasts(read).All(float.IsFinite));
    }

    private IDataView View(Reading[] rows) => _ml.Data.LoadFromEnumerable(rows);

    private LstmForecastingTransformer Reload(ITransformer model)
    {
        using var stream = new MemoryStream();
        _ml.Model.Save(model, null, stream);
        stream.Position = 0;
        return (LstmForecastingTransformer)_ml.Model.Load(stream, out _);
    }

    private static float[] Forecasts(LstmForecastingTransformer model) => [.. model.Forecast().GetColumn<float>("Forecast")];
}
