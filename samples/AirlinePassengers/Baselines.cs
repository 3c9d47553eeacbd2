namespace AirlinePassengers;

/// <summary>Forecasts of a month from earlier months that need no training.</summary>
internal static class Baselines
{
    /// <summary>The value of the month before.</summary>
    public static double Naive(int month) => Series.Passengers[month - 1];

    /// <summary>The value of a year before.</summary>
    public static double SeasonalNaive(int month) => Series.Passengers[month - 12];

    /// <summary>The value of a year before, plus the growth of the month before over its own year.</summary>
    public static double SeasonalNaivePlusDrift(int month) => SeasonalNaive(month) + Naive(month) - Series.Passengers[month - 13];
}
