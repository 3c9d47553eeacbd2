using Shared;

namespace AnomalyDetection;

/// <summary>A chart of values, their bounds and alerts.</summary>
internal static class AlertChart
{
    public static string Draw(string title, DateTime[] times, float[] values, Verdict[] verdicts) =>
        new SeriesChart(title, times)
            .AddBand("bounds", "#ffd8a8", 0, Array.ConvertAll(verdicts, verdict => verdict.Lower()),
                Array.ConvertAll(verdicts, verdict => verdict.Upper()))
            .AddLine("what came", "#5f6b7a", 0, values)
            .AddDots("alert", "#e03131", [.. values.Zip(verdicts, (value, verdict) => verdict.IsAlert() ? value : float.NaN)])
            .ToSvg();
}
