namespace AirlinePassengers;

/// <summary>Forecasts of a month from those before it that need no training.</summary>
internal static class Baselines
{
    /// <summary>As the month before.</summary>
    public static double Naive(int month) => Series.Passengers[month - 1];

    /// <summary>As a year before.</summary>
    public static double SeasonalNaive(int month) => Series.Passengers[month - 12];

    /// <summary>As a year before, plus what the month before had gained over its own year before.</summary>
    public static double SeasonalNaivePlusDrift(int month) => SeasonalNaive(month) + Naive(month) - Series.Passengers[month - 13];
}
