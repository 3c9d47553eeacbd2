using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Forecasting;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>Both estimators for series, fitted to small data, with their outputs as numbers that can be compared.</summary>
internal static class SeriesRun
{
    public const string Forecaster = "forecaster", Detector = "detector";

    public static IEstimator<SeriesTransformer> Estimator(MLContext ml, string kind, Action<SeriesEstimatorOptions>? change = null)
    {
        if (kind == Forecaster)
            return ml.Forecasting.ForecastByLstm(ForecastRun.Options(options => change?.Invoke(options)));
        var detector = new LstmAnomalyEstimator.Options
        {
            InputColumnName = "Value",
            WindowSize = 24,
            HiddenSize = 10,
            NumberOfEpochs = 3,
            Seed = 1
        };
        change?.Invoke(detector);
        return ml.Transforms.DetectAnomalyByLstm(detector);
    }

    public static SeriesTransformer Fit(MLContext ml, string kind, IEnumerable<Reading> rows, Action<SeriesEstimatorOptions>? change = null)
        => Estimator(ml, kind, change).Fit(ml.Data.LoadFromEnumerable(rows));

    /// <summary>The output for each row.</summary>
    public static double[][] Transform(MLContext ml, ITransformer model, IEnumerable<Reading> rows)
        => Read(model.Transform(ml.Data.LoadFromEnumerable(rows)));

    public static double[][] Read(IDataView scored) => scored.Schema.GetColumnOrNull("Anomaly") is null
        ? [.. scored.GetColumn<float[]>("Forecast").Select(forecast => Array.ConvertAll(forecast, value => (double)value))]
        : [.. scored.GetColumn<double[]>("Anomaly")];

    /// <summary>The output of an engine for a row.</summary>
    public static Func<Reading, double[]> Observe(MLContext ml, ITransformer model, string kind)
    {
        if (kind == Forecaster)
        {
            ForecastEngine<Reading, ReadingForecast> forecasts = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
            return row => Array.ConvertAll(forecasts.Predict(row).Forecast, value => (double)value);
        }
        ForecastEngine<Reading, ReadingVerdict> verdicts = model.CreateForecastEngine<Reading, ReadingVerdict>(ml);
        return row => verdicts.Predict(row).Anomaly;
    }

    public static SeriesTransformer WithoutHistory(SeriesTransformer model)
        => model is LstmForecastingTransformer forecaster ? forecaster.WithoutHistory() : ((LstmAnomalyTransformer)model).WithoutHistory();

    public static void AssertSame(IReadOnlyList<double[]> expected, IReadOnlyList<double[]> actual)
    {
        Assert.HasCount(expected.Count, actual);
        for (int t = 0; t < expected.Count; t++)
            CollectionAssert.AreEqual(expected[t], actual[t], $"row {t}");
    }

    /// <summary>An MLContext and the warnings that it gives.</summary>
    public static (MLContext Ml, List<string> Warnings) Listen()
    {
        var ml = new MLContext(1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind >= Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.Message);
        };
        return (ml, warnings);
    }

    public static void AssertOne(List<string> warnings, string text)
        => Assert.AreEqual(1, warnings.Count(warning => warning.Contains(text, StringComparison.Ordinal)),
            $"'{text}' in\n{string.Join('\n', warnings)}");

    public static void AssertNone(List<string> warnings, string text)
        => Assert.IsFalse(warnings.Exists(warning => warning.Contains(text, StringComparison.Ordinal)), string.Join('\n', warnings));
}

/// <summary>The output of a detector for a <see cref="Reading"/>.</summary>
internal sealed class ReadingVerdict
{
    public double[] Anomaly { get; set; } = [];
}
