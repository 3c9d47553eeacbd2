using System.Text.Json;

namespace AirlinePassengers;

/// <summary>The errors of a forecasting method, in thousands of passengers.</summary>
internal sealed record Result(string Name, double Rmse, double Mae)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase
    };

    public static string ToJson(int seed, Result[] results, int split, Dictionary<int, double> forecasts, double nextBySecondProcess) =>
        JsonSerializer.Serialize(new
        {
            seed,
            results,
            heldOut = Enumerable.Range(split, Series.Count - split)
                .Select(month => new { month = Series.Name(month), actual = Series.Passengers[month], forecast = forecasts[month] }),
            next = new { month = Series.Name(Series.Count), forecast = forecasts[Series.Count], bySecondProcess = nextBySecondProcess },
        }, Indented);
}
