using Shared;

namespace AirlinePassengers;

/// <summary>The series and its forecasts as an SVG picture.</summary>
internal static class Chart
{
    /// <param name="split">The first held-out month.</param>
    /// <param name="forecasts">Forecasts by month; those from <paramref name="split"/> on are drawn.</param>
    public static string Draw(int split, IReadOnlyDictionary<int, double> forecasts)
    {
        float[] forecast = [.. forecasts.Where(entry => entry.Key >= split).OrderBy(entry => entry.Key)
            .Select(entry => (float)entry.Value)];
        DateTime[] months = [.. Enumerable.Range(0, Series.Count + 1).Select(Series.FirstDay)];
        float[] next = [.. Enumerable.Repeat(float.NaN, Series.Count), forecast[^1]];
        float[] bottom = new float[Series.Count - split], top = [.. bottom.Select(_ => 800f)];
        return new SeriesChart("Airline passengers a month, in thousands", months, timeFormat: "yyyy", stepsPerTime: 12)
            .AddBand("held out", "#fff4e6", split, bottom, top)
            .AddLine("actual", "#5f6b7a", 0, [.. Series.Passengers.Select(passengers => (float)passengers)])
            .AddLine("LSTM, one month ahead", "#d9480f", split, forecast)
            .AddDots(Series.Name(Series.Count), "#d9480f", next)
            .ToSvg();
    }
}
