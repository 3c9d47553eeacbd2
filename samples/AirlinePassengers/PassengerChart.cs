using Shared.Charts;

namespace AirlinePassengers;

/// <summary>The series and its forecasts as an SVG picture.</summary>
internal static class PassengerChart
{
    /// <param name="split">The first held-out month.</param>
    /// <param name="forecasts">Forecasts by month; those from <paramref name="split"/> on are drawn.</param>
    public static string Draw(int split, IReadOnlyDictionary<int, double> forecasts)
    {
        float[] forecast = [.. forecasts.Where(entry => entry.Key >= split).OrderBy(entry => entry.Key)
            .Select(entry => (float)entry.Value)];
        return new Chart("Airline passengers a month, in thousands")
        {
            Times = [.. Enumerable.Range(0, Series.Count + 1).Select(Series.FirstDay)],
        }
            .AddUpright("held out from here on", split)
            .AddLine("actual", Ink.Neutral, 0, Series.Passengers.Select(passengers => (float)passengers))
            .AddLine("LSTM, one month ahead", Ink.Accent, split, forecast)
            .AddDots(Series.Name(Series.Count), Ink.Accent, [(Series.Count, forecast[^1])])
            .ToSvg();
    }
}
