using Shared.Charts;

namespace AnomalyDetection;

/// <summary>A chart of values, their bounds and alerts.</summary>
internal static class AlertChart
{
    public static string Draw(string title, DateTime[] times, float[] values, Verdict[] verdicts) =>
        new Chart(title) { Times = times }
            .AddBand("bounds", Ink.Accent, 0, Array.ConvertAll(verdicts, verdict => verdict.Lower()),
                Array.ConvertAll(verdicts, verdict => verdict.Upper()))
            .AddLine("what came", Ink.Neutral, 0, values)
            .AddDots("alert", Ink.Alert, verdicts.Index().Where(row => row.Item.IsAlert())
                .Select(row => ((double)row.Index, (double)values[row.Index])))
            .ToSvg();
}
