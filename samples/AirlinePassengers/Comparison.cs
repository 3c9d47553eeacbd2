namespace AirlinePassengers;

/// <summary>A month's passengers and their forecast, as a row for ML.NET's evaluator.</summary>
internal sealed class Comparison
{
    public float Actual { get; set; }

    public float Forecast { get; set; }
}
