using Microsoft.ML.Lstm.Tests.Anomalies;
using Microsoft.ML.Lstm.Tests.Forecasting;
using Microsoft.ML.Lstm.Tests.Series;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.Lstm.Tests.Onnx.Export;

/// <summary>The exports of trained forecasters and detectors say after a row what the transformers say there.</summary>
[TestClass]
public sealed class SeriesTransformerExportTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void AForecasterOfOneSeriesForecastsAsOurs()
    {
        Reading[] rows = Reading.Wave(200);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows);
        using InferenceSession session = Load(model.ExportToOnnx);
        AssertForecast(model, session, rows[..1]);
        AssertForecast(model, session, rows[..60]);
    }

    [TestMethod]
    public void AForecasterOfManySeriesTakesTheirNumbers()
    {
        Reading[][] shops = [.. new[] { "north", "south" }.Select((shop, i) => Reading.Wave(150, seed: i, shop: shop, level: 5 * i))];
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, shops.SelectMany(rows => rows), options =>
        {
            options.SeriesColumnName = "Shop";
            (options.PastCovariateColumnNames, options.KnownCovariateColumnNames) = (["Other"], ["Promotion"]);
            (options.StaticFeatureColumnName, options.LossFunction) = ("Size", ForecastLoss.Quantile);
        });
        using InferenceSession session = Load(model.ExportToOnnx);
        foreach (Reading[] rows in shops)
            AssertForecast(model, session, rows[..50], rows[50..(50 + ForecastRun.Horizon)]);
        AssertForecast(model, session, Reading.Wave(50, seed: 5, shop: "unknown", level: 40));
    }

    [TestMethod]
    public void TheCalendarOfTheNextRowIsAnInput()
    {
        Reading[] rows = Reading.Wave(400);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows, options => (options.TimeColumnName, options.Calendar)
            = ("Time", CalendarFeatures.Hour | CalendarFeatures.Day | CalendarFeatures.Week | CalendarFeatures.Year));
        using InferenceSession session = Load(model.ExportToOnnx);
        Assert.AreEqual("""["Hour","Hour","Hour","Hour","Day","Day","Day","Day","Week","Week","Week","Week","Year","Year","Year","Year"]""",
            session.ModelMetadata.CustomMetadataMap["Calendar"]);
        AssertForecast(model, session, rows[..100]);
    }

    [TestMethod]
    public void ADetectorExpectsWhatOursDoes()
    {
        Reading[] rows = Reading.Wave(200);
        LstmAnomalyTransformer model = DetectorRun.Fit(_ml, rows);
        using InferenceSession session = Load(model.ExportToOnnx);
        double[][] verdicts = DetectorRun.Transform(_ml, model.WithoutHistory(), rows);
        for (int t = 1; t < 100; t += 20)
        {
            NamedOnnxValue input = Floats("Value", rows[..t], row => row.Value);
            using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run([input]);
            Assert.AreEqual(verdicts[t][DetectorRun.Expected], results[0].AsTensor<float>()[0, 0], 1e-5, $"row {t}");
        }
    }

    [TestMethod]
    public void WhatIsToBeSkippedIsForTheCallerToLeaveOut()
    {
        Reading[] rows = Reading.Wave(120);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows, options => options.MissingValues = MissingValueHandling.SkipRow);
        using InferenceSession session = Load(model.ExportToOnnx);
        AssertForecast(model, session, rows[..40]);
        rows[20].Value = float.NaN;
        NamedOnnxValue input = Floats("Value", rows[..40], row => row.Value);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run([input]);
        Assert.IsTrue(results.All(result => result.AsTensor<float>().All(float.IsNaN)));
    }

    /// <summary>After the last of some rows, with what is known of those that follow, the forecast is that of the transformer.</summary>
    private void AssertForecast(LstmForecastingTransformer model, InferenceSession session, Reading[] rows, params Reading[] following)
    {
        ReadingForecast expected = ForecastRun.Transform(_ml, model.WithoutHistory(), rows.Concat(following))[rows.Length - 1];
        var inputs = new List<NamedOnnxValue>();
        foreach (string name in session.InputMetadata.Keys)
        {
            inputs.Add(name switch
            {
                "Shop" => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<uint>(
                    new[] { (uint)model.SeriesNames.ToList().IndexOf(rows[0].Shop) + 1 }, [1, 1])),
                "Size" => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(new[] { rows[0].Size }, [1, 1])),
                "Calendar" => NamedOnnxValue.CreateFromTensor(name,
                    new DenseTensor<float>(rows.SelectMany(row => Calendar(row.Time.AddHours(1))).ToArray(), [1, rows.Length, 16])),
                "Other" => Floats(name, rows, row => row.Other),
                "Promotion" => Floats(name, [.. rows, .. following], row => row.Promotion),
                _ => Floats(name, rows, row => row.Value),
            });
        }
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(inputs);
        float[][] parts = [expected.Forecast, expected.Lower, expected.Upper];
        for (int part = 0; part < parts.Length; part++)
        {
            float[] actual = [.. results[part].AsTensor<float>()];
            double scale = Math.Max(1, parts[part].Max(Math.Abs));
            for (int i = 0; i < actual.Length; i++)
                Assert.AreEqual(parts[part][i], actual[i], 1e-5 * scale, $"{results[part].Name}, value {i} of {rows[0].Shop}");
        }
    }

    private static IEnumerable<float> Calendar(DateTime time)
    {
        double[] over =
        [
            time.Minute / 60.0,
            time.TimeOfDay.TotalDays,
            ((int)time.DayOfWeek + time.TimeOfDay.TotalDays) / 7,
            (time - new DateTime(time.Year, 1, 1)).TotalDays / (DateTime.IsLeapYear(time.Year) ? 366 : 365),
        ];
        return over.SelectMany(share => new[] { 2, 4 }.SelectMany(half => new[]
        {
            (float)Math.Sin(half * Math.PI * share), (float)Math.Cos(half * Math.PI * share),
        }));
    }

    private static InferenceSession Load(Action<Stream> export)
    {
        var stream = new MemoryStream();
        export(stream);
        return OnnxRun.Load(stream.ToArray());
    }

    private static NamedOnnxValue Floats(string name, Reading[] rows, Func<Reading, float> value)
        => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(rows.Select(value).ToArray(), [1, rows.Length, 1]));
}
