using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>One observation at a time: the same bits as Transform, also after a checkpoint.</summary>
[TestClass]
public sealed class ForecastEngineTests
{
    [TestMethod]
    [DataRow(CellType.Lstm, SeriesScaling.Window, 1)]
    [DataRow(CellType.Gru, SeriesScaling.LastValue, 2)]
    [DataRow(CellType.Rnn, SeriesScaling.Series, 1)]
    [DataRow(CellType.Lstm, SeriesScaling.None, 3)]
    public void AfterNObservationsItSaysWhatTransformSaysAtRowN(CellType cell, SeriesScaling scaling, int lags)
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(160);
        rows[110].Value = float.NaN;
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..100], options =>
        {
            (options.CellType, options.Scaling, options.NumberOfLags, options.NumberOfLayers) = (cell, scaling, lags, 2);
            options.TimeColumnName = "Time";
            options.PastCovariateColumnNames = ["Other"];
        });
        ReadingForecast[] expected = ForecastRun.Transform(ml, model, rows[100..]);

        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        for (int t = 0; t < expected.Length; t++)
        {
            ForecastRun.AssertSame(expected[t], engine.Predict(rows[100 + t]));
            ForecastRun.AssertSame(expected[t], engine.Predict());
        }
    }

    [TestMethod]
    public void ACheckpointGoesOnWhereItWas()
    {
        var ml = new MLContext(1);
        Reading[] a = Reading.Wave(140, shop: "a"), b = Reading.Wave(140, seed: 2, shop: "b", level: 7),
            c = Reading.Wave(140, seed: 3, shop: "c");
        Reading[] rows = [.. Enumerable.Range(0, 140).SelectMany(t => new[] { a[t], b[t] })];
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..200],
            options => (options.SeriesColumnName, options.TimeColumnName) = ("Shop", "Time"));
        Reading[] later = [.. rows[200..], .. c];
        ReadingForecast[] expected = ForecastRun.Transform(ml, model, later);

        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using (ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml))
            {
                for (int t = 0; t < 100; t++)
                    engine.Predict(later[t]);
                engine.CheckPoint(ml, path);
            }
            ITransformer loaded = new MLContext(9).Model.Load(path, out DataViewSchema schema);
            Assert.IsNotNull(schema.GetColumnOrNull("Value"));
            using ForecastEngine<Reading, ReadingForecast> restored = loaded.CreateForecastEngine<Reading, ReadingForecast>(ml);
            ReadingForecast[] rest = ForecastRun.Transform(ml, loaded, later[100..]);
            for (int t = 100; t < later.Length; t++)
            {
                ForecastRun.AssertSame(expected[t], restored.Predict(later[t]));
                ForecastRun.AssertSame(expected[t], rest[t - 100]);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void KnownCovariatesComeWithTheObservation()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(150);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..100], options => options.KnownCovariateColumnNames = ["Promotion"]);
        ReadingForecast[] expected = ForecastRun.Transform(ml, model, rows[100..]);
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        for (int t = 100; t < rows.Length; t++)
            ForecastRun.AssertSame(expected[t - 100], engine.Predict(rows[t], rows.Skip(t + 1)));
    }

    [TestMethod]
    public void AHorizonMayBeShorterAndNotLonger()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(100);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows);
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        // From the end of the training data, before any observation.
        float[] all = engine.Predict().Forecast;
        Assert.HasCount(ForecastRun.Horizon, all);
        Assert.IsTrue(all.All(float.IsFinite));
        CollectionAssert.AreEqual(all[..2], engine.Predict(horizon: 2).Forecast);
        Assert.HasCount(3, engine.Predict(rows[0], horizon: 3).Lower);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => engine.Predict(horizon: ForecastRun.Horizon + 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => engine.Predict(rows[1], horizon: 0));

        using ForecastEngine<Reading, ReadingForecast> blank = model.WithoutHistory().CreateForecastEngine<Reading, ReadingForecast>(ml);
        Assert.IsTrue(blank.Predict().Forecast.All(float.IsNaN));
    }

    [TestMethod]
    public void EnginesDoNotShareWhatTheySee()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(300);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..100]);
        ReadingForecast[] expected = ForecastRun.Transform(ml, model, rows[100..]);
        Parallel.For(0, 4, _ =>
        {
            using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
            for (int t = 100; t < rows.Length; t++)
                ForecastRun.AssertSame(expected[t - 100], engine.Predict(rows[t]));
        });
    }

    [TestMethod]
    public void AnEngineThatIsDisposedSaysSoAndLeavesTheModelToOthers()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(104);
        LstmForecastingTransformer forecaster = ForecastRun.Fit(ml, rows[..100]);
        var held = new Disposable(ml.Transforms.CopyColumns("Copy", "Value").Fit(ml.Data.LoadFromEnumerable(rows)));
        ITransformer model = new TransformerChain<ITransformer>(held, forecaster);
        ForecastEngine<Reading, ReadingForecast> first = model.CreateForecastEngine<Reading, ReadingForecast>(ml),
            second = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        first.Predict(rows[100]);
        first.Dispose();
        first.Dispose();
        Assert.IsFalse(held.IsDisposed);
        ReadingForecast[] expected = ForecastRun.Transform(ml, forecaster, rows[100..]);
        for (int t = 0; t < expected.Length; t++)
            ForecastRun.AssertSame(expected[t], second.Predict(rows[100 + t]));
        second.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => first.Predict());
        Assert.ThrowsExactly<ObjectDisposedException>(() => first.Predict(rows[101]));
        Assert.ThrowsExactly<ObjectDisposedException>(() => first.Predict(rows[101], rows[102..]));
        Assert.ThrowsExactly<ObjectDisposedException>(() => first.CheckPoint(ml, new MemoryStream()));
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.ThrowsExactly<ObjectDisposedException>(() => first.CheckPoint(ml, path));
        Assert.IsFalse(File.Exists(path));
    }

    [TestMethod]
    public void APipelineAroundTheForecasterIsKept()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(150);
        ITransformer model = ml.Transforms.CopyColumns("Copy", "Value")
            .Append(ml.Forecasting.ForecastByLstm(ForecastRun.Options(options => options.TargetColumnNames = ["Copy"])))
            .Append(ml.Transforms.CopyColumns("Upper2", "Upper"))
            .Fit(ml.Data.LoadFromEnumerable(rows[..100]));
        ReadingForecast[] expected = ForecastRun.Transform(ml, model, rows[100..]);
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        for (int t = 100; t < rows.Length; t++)
            ForecastRun.AssertSame(expected[t - 100], engine.Predict(rows[t]));
    }

    [TestMethod]
    public void AModelOrAClassWithoutAForecastIsRefused()
    {
        var ml = new MLContext(1);
        IDataView data = ml.Data.LoadFromEnumerable(Reading.Wave(60));
        ITransformer copy = ml.Transforms.CopyColumns("Copy", "Value").Fit(data);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => copy.CreateForecastEngine<Reading,
            ReadingForecast>(ml)).Message, "no transformer for series");
        LstmForecastingTransformer model = ForecastRun.Fit(ml, Reading.Wave(60));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => model.CreateForecastEngine<Reading, Reading>(ml)).Message,
            "Reading has none of the columns Forecast, Lower, Upper");
    }

    /// <summary>A transformer that has to be disposed.</summary>
    private sealed class Disposable(ITransformer transformer) : ITransformer, IDisposable
    {
        public bool IsDisposed { get; private set; }

        public bool IsRowToRowMapper => transformer.IsRowToRowMapper;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => transformer.GetOutputSchema(inputSchema);

        public IDataView Transform(IDataView input) => transformer.Transform(input);

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => transformer.GetRowToRowMapper(inputSchema);

        public void Save(ModelSaveContext ctx) => transformer.Save(ctx);

        public void Dispose() => IsDisposed = true;
    }
}
