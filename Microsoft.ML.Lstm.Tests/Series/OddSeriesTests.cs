using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Forecasting;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>Unusual series: short, partly missing, of single values, with outliers.</summary>
[TestClass]
public sealed class OddSeriesTests
{
    [TestMethod]
    public void ASeriesWithoutAUsableRowTakesNoNumber()
    {
        var ml = new MLContext(1);
        Reading[] lost = Reading.Wave(30, shop: "lost"), kept = Reading.Wave(80, shop: "kept");
        foreach (Reading row in lost)
            row.Value = float.NaN;
        void Change(LstmForecastingEstimator.Options options)
            => (options.SeriesColumnName, options.MissingValues, options.Scaling) = ("Shop", MissingValueHandling.SkipRow,
                SeriesScaling.Series);

        LstmForecastingTransformer model = ForecastRun.Fit(ml, [.. lost, .. kept], Change);

        CollectionAssert.AreEqual(new[] { "kept" }, model.SeriesNames.ToArray());
        ReadingForecast[] expected = ForecastRun.Transform(ml, ForecastRun.Fit(ml, kept, Change), kept);
        ReadingForecast[] actual = ForecastRun.Transform(ml, model, kept);
        for (int t = 0; t < kept.Length; t++)
            ForecastRun.AssertSame(expected[t], actual[t]);
        Assert.IsTrue(ForecastRun.Transform(ml, model, lost).All(forecast => forecast.Forecast.All(float.IsNaN)));
    }

    [TestMethod]
    [DataRow(SeriesRun.Forecaster)]
    [DataRow(SeriesRun.Detector)]
    public void AValueFarFromAllOthersIsNamed(string kind)
    {
        (MLContext ml, List<string> warnings) = SeriesRun.Listen();
        Reading[] wave = Reading.Wave(200, level: 50, scale: 10), slip = Reading.Wave(200, level: 50, scale: 10);
        slip[70].Value = 50_000;
        SeriesRun.Fit(ml, kind, slip);
        SeriesRun.AssertOne(warnings, "The target column 'Value' has 1 value far from all others, the first 50000.");
        warnings.Clear();
        // In a series of another size too, and in the validation rows.
        foreach (Reading row in slip)
            row.Shop = "small";
        (slip[70].Value, slip[190].Value) = (slip[71].Value, -5000);
        SeriesRun.Fit(ml, kind, [.. Reading.Wave(200, shop: "large", level: 1e6f, scale: 1e5f), .. slip],
            options => options.SeriesColumnName = "Shop");
        SeriesRun.AssertOne(warnings, "has 1 value in 1 of 2 series far from all others, the first -5000.");
        warnings.Clear();
        // Not outliers: rare values, a lasting change of level, a peak among others.
        Reading[] rare = Reading.Wave(200), shifted = Reading.Wave(200), peaks = Reading.Wave(200);
        for (int t = 0; t < 200; t++)
        {
            rare[t].Value = t % 50 == 20 ? 30 : 0;
            shifted[t].Value += t > 150 ? 1000 : 0;
            peaks[t].Value *= t % 30 == 0 ? 10 : 1;
        }
        foreach (Reading[] rows in new[] { wave, rare, shifted, peaks })
            SeriesRun.Fit(ml, kind, rows);
        SeriesRun.AssertNone(warnings, "far from all others");
    }

    [TestMethod]
    [DataRow(30)]
    [DataRow(10)]
    public void RowsThatOnlySayWhatIsKnownAheadAreNoPartOfTheSeriesYet(int rowsAhead)
    {
        var ml = new MLContext(1);
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        Reading[] rows = Reading.Wave(200), told = Reading.Wave(200);
        foreach (Reading row in told[^rowsAhead..])
            row.Value = float.NaN;

        LstmForecastingTransformer model = ForecastRun.Fit(ml, told,
            options => (options.KnownCovariateColumnNames, options.TimeColumnName, options.NumberOfEpochs) = (["Promotion"], "Time", 8));

        Assert.IsTrue(ForecastRun.Transform(ml, model.WithoutHistory(), told).All(forecast => forecast.Forecast.All(float.IsFinite)));
        // A fifth of the rows with a value.
        int observed = rows.Length - rowsAhead;
        Assert.IsTrue(log.Exists(message => message.Contains($"validating on {observed / 5}.", StringComparison.Ordinal)),
            string.Join('\n', log));
        Assert.IsFalse(log.Exists(message => message.Contains("There are no validation rows", StringComparison.Ordinal)));
        // The series goes on where its values ended.
        Reading[] later = rows[observed..];
        float[] expected = ForecastRun.Transform(ml, model, later)[0].Forecast;
        CollectionAssert.AreNotEqual(ForecastRun.Transform(ml, model.WithoutHistory(), later)[0].Forecast, expected);
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        CollectionAssert.AreEqual(expected, engine.Predict(later[0], later[1..]).Forecast);
    }

    [TestMethod]
    public void AnEngineRefusesARowThatTheModelKnows()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(120);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..100], options => options.TimeColumnName = "Time");
        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        AssertRefused(engine, rows[99]);
        using var stream = new MemoryStream();
        float[] expected = engine.Predict(rows[100]).Forecast;
        engine.CheckPoint(ml, stream);
        stream.Position = 0;
        using ForecastEngine<Reading, ReadingForecast> restored = ml.Model.Load(stream, out _)
            .CreateForecastEngine<Reading, ReadingForecast>(ml);
        AssertRefused(restored, rows[100]);
        CollectionAssert.AreEqual(expected, restored.Predict().Forecast);
        CollectionAssert.AreEqual(engine.Predict(rows[101]).Forecast, restored.Predict(rows[101]).Forecast);
        // The training data, transformed, begins again.
        CollectionAssert.AreEqual(ForecastRun.Transform(ml, model.WithoutHistory(), rows)[50].Forecast,
            ForecastRun.Transform(ml, model, rows)[50].Forecast);

        static void AssertRefused(ForecastEngine<Reading, ReadingForecast> engine, Reading row)
        {
            string message = Assert.ThrowsExactly<InvalidOperationException>(() => engine.Predict(row)).Message;
            StringAssert.Contains(message, "WithoutHistory");
        }
    }

    [TestMethod]
    public void StepsThatNoSeriesIsLongEnoughForAreNamed()
    {
        var ml = new MLContext(1);
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, Reading.Wave(50),
            options => (options.Horizon, options.NumberOfEpochs, options.ValidationFraction) = (45, 3, 0.2f));
        Assert.IsTrue(log.Exists(message =>
            message.Contains("The network learns nothing of steps ahead from 40 on", StringComparison.Ordinal)));
        Assert.IsTrue(log.Exists(message =>
            message.Contains("there are 0 at the least, so they may be too narrow; those from step 11 on are those of step 10.",
            StringComparison.Ordinal)), string.Join('\n', log));
        ReadingForecast last = ForecastRun.Transform(ml, model.WithoutHistory(), Reading.Wave(50))[^1];
        for (int h = 0; h < 45; h++)
            Assert.IsLessThan(last.Upper[h], last.Lower[h]);
    }

    [TestMethod]
    public void WithoutAnyTargetThereIsNothingToLearn()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(100);
        foreach (Reading row in rows[1..])
            row.Value = float.NaN;
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => ForecastRun.Fit(ml, rows)).Message,
            "There is nothing to learn");
    }

    [TestMethod]
    public void ATargetThatIsNeverThereSpoilsNoOther()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(200);
        foreach (Reading row in rows)
            row.Other = float.NaN;
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows, options => options.TargetColumnNames = ["Value", "Other"]);
        Assert.IsTrue(ForecastRun.Transform(ml, model, rows)
            .All(forecast => forecast.Forecast.Concat(forecast.Lower).Concat(forecast.Upper).All(float.IsFinite)));
    }

    [TestMethod]
    public void CovariatesThatAreNeverThereTogetherAreScaledAlike()
    {
        var ml = new MLContext(1);
        // Each target is missing in every other row, and the second is a thousand times the first.
        Gauge[] Rows(float unit) =>
            [.. Reading.Wave(160)
            .Select((row, t) =>
            new Gauge { Value = row.Value,
            Gauges = t % 2 == 0 ? [unit * (5 + row.Other), float.NaN] : [float.NaN, 1000 * unit * row.Other] })];
        float[][] Forecast(float unit)
        {
            IDataView data = ml.Data.LoadFromEnumerable(Rows(unit), Gauge.Schema(2));
            LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
                options.PastCovariateColumnNames = ["Gauges"])).Fit(data);
            return [.. ml.Data.CreateEnumerable<ReadingForecast>(model.Transform(data), reuseRowObject: false)
                .Select(forecast => forecast.Forecast)];
        }

        float[][] expected = Forecast(1), actual = Forecast(1024);
        for (int t = 0; t < expected.Length; t++)
            CollectionAssert.AreEqual(expected[t], actual[t]);
    }

    [TestMethod]
    public void ValidationDataOfOtherSizesIsRefused()
    {
        var ml = new MLContext(1);
        IDataView Data(int size) =>
            ml.Data.LoadFromEnumerable(Reading.Wave(60).Select(row => new Gauge { Value = row.Value, Gauges = new float[size] }),
            Gauge.Schema(size));
        LstmForecastingEstimator Estimator(Action<LstmForecastingEstimator.Options> change) =>
            ml.Forecasting.ForecastByLstm(ForecastRun.Options(change));

        string covariates = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            Estimator(options => options.PastCovariateColumnNames = ["Gauges"]).Fit(Data(2), Data(3))).Message;
        StringAssert.Contains(covariates,
            "covariate column 'Gauges': expected Vector<Single, 2>, as in the training data, got Vector<Single, 3>");
        string statics = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            Estimator(options => options.StaticFeatureColumnName = "Gauges").Fit(Data(2), Data(1))).Message;
        StringAssert.Contains(statics,
            "static feature column 'Gauges': expected Vector<Single, 2>, as in the training data, got Vector<Single, 1>");
    }

    [TestMethod]
    public void ASeriesOfTheValidationDataAloneIsMeasuredAsAnyOther()
    {
        var ml = new MLContext(1);
        Reading[] a = Reading.Wave(150, shop: "a", level: 1e6f, scale: 1e5f),
            b = Reading.Wave(60, seed: 2, shop: "b", level: 1e6f, scale: 1e5f);
        foreach (SeriesScaling scaling in Enum.GetValues<SeriesScaling>())
        {
            LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
                (options.SeriesColumnName, options.Scaling) = ("Shop", scaling)))
                .Fit(ml.Data.LoadFromEnumerable(a), ml.Data.LoadFromEnumerable(b));
            CollectionAssert.AreEqual(new[] { "a", "b" }, model.SeriesNames.ToArray());
            // As a series that is not in the training data, apart from the name.
            Reading[] c = Reading.Wave(60, seed: 2, shop: "c", level: 1e6f, scale: 1e5f);
            ReadingForecast[] expected = ForecastRun.Transform(ml, model.WithoutHistory(), c),
                actual = ForecastRun.Transform(ml, model.WithoutHistory(), b);
            for (int t = 0; t < b.Length; t++)
                ForecastRun.AssertSame(expected[t], actual[t]);
        }
    }

    [TestMethod]
    public void TheRefitGoesThroughTheSameCourseOfLearningRates()
    {
        var ml = new MLContext(1);
        var epochs = new List<EpochCompletedEventArgs>();
        ForecastRun.Fit(ml, Reading.Wave(3000), options =>
        {
            (options.RefitOnAllData, options.NumberOfEpochs, options.WindowSize, options.BatchSize) = (true, null, 300, 1);
            options.EarlyStopping = new EarlyStoppingOptions { Patience = 2 };
            options.EpochCompleted = epoch =>
            {
                epochs.Add(epoch);
                epoch.Cancel = epoch.Epoch == 6;
            };
        });
        int first = epochs.FindIndex(1, epoch => epoch.Epoch == 1), best = epochs[..first].FindLastIndex(epoch => epoch.IsBest) + 1;
        EpochCompletedEventArgs[] again = [.. epochs[first..]];
        Assert.HasCount(best, again);
        Assert.IsTrue(again.All(epoch => epoch.Validation is null));
        Assert.AreEqual(1, epochs.DistinctBy(epoch => epoch.NumberOfEpochs).Count());
    }

    [TestMethod]
    public void TwoForecastersOfAPipelineEachReadTheirOwnFuture()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(140);
        LstmForecastingEstimator Forecaster(string output, string known, int horizon) =>
            ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
            (options.OutputColumnName, options.LowerBoundColumnName, options.UpperBoundColumnName, options.KnownCovariateColumnNames,
                options.Horizon) = (output, null, null, [known], horizon)));
        ITransformer model = Forecaster("Forecast", "Promotion", 3)
            .Append(Forecaster("Lower", "Size", 5))
            .Append(ml.Transforms.CopyColumns("Upper", "Lower"))
            .Fit(ml.Data.LoadFromEnumerable(rows[..100]));
        ReadingForecast[] expected = ForecastRun.Transform(ml, model, rows[100..]);

        using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        for (int t = 100; t < rows.Length; t++)
        {
            ReadingForecast actual = engine.Predict(rows[t], rows.Skip(t + 1));
            CollectionAssert.AreEqual(expected[t - 100].Forecast, actual.Forecast);
            CollectionAssert.AreEqual(expected[t - 100].Lower, actual.Lower);
        }
    }

    [TestMethod]
    public void ACheckpointThatFailsLeavesTheOneBefore()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(60);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows);
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
            engine.CheckPoint(ml, path);
            byte[] before = File.ReadAllBytes(path);
            // A file that another process has open can't be written.
            using (new FileStream(path + ".partial", FileMode.Create, FileAccess.Write, FileShare.None))
                Assert.Throws<IOException>(() => engine.CheckPoint(ml, path));
            CollectionAssert.AreEqual(before, File.ReadAllBytes(path));
        }
        finally
        {
            File.Delete(path);
            File.Delete(path + ".partial");
        }
    }

    private sealed class Gauge
    {
        public float Value { get; set; }

        public float[] Gauges { get; set; } = [];

        public static SchemaDefinition Schema(int gauges)
        {
            SchemaDefinition schema = SchemaDefinition.Create(typeof(Gauge));
            schema[nameof(Gauges)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, gauges);
            return schema;
        }
    }
}
