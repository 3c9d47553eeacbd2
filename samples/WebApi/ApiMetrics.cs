using System.Diagnostics;
using System.Diagnostics.Metrics;
using SentimentAnalysis;

namespace WebApi;

/// <summary>What the service counts, beside what ASP.NET Core counts itself.</summary>
internal sealed class ApiMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "WebApi";

    private readonly Histogram<double> _durations;
    private readonly Counter<long> _failures;

    public ApiMetrics(IMeterFactory meters, ServedModel<Review, Opinion> sentiment, ForecastQueue sales)
    {
        Meter meter = meters.Create(MeterName);
        _durations = meter.CreateHistogram<double>("model.prediction.duration", "s", "How long predictions took, waiting included.");
        _failures = meter.CreateCounter<long>("model.prediction.failures", null, "Predictions that were refused or failed.");
        meter.CreateObservableGauge("model.version", () => sentiment.Version, null, "How often the classifier was loaded.");
        meter.CreateObservableGauge("model.queue.length", () => sales.Length, null, "Requests that wait for the forecaster.");
    }

    /// <summary>Measures a prediction.</summary>
    public async Task<T> MeasureAsync<T>(string model, Func<Task<T>> predict)
    {
        var tag = new KeyValuePair<string, object?>("model", model);
        long start = Stopwatch.GetTimestamp();
        try
        {
            T prediction = await predict();
            _durations.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, tag);
            return prediction;
        }
        catch
        {
            _failures.Add(1, tag);
            throw;
        }
    }
}
