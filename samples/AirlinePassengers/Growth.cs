namespace AirlinePassengers;

/// <summary>
/// The series as the network reads it: the logarithm of each month's growth over the same month a year before. That removes the seasons and
/// the steady rise, which the network would otherwise have to learn from eight years alone.
/// </summary>
internal static class Growth
{
    /// <summary>A row a month, from the second year on.</summary>
    public static IEnumerable<GrowthRow> Rows()
    {
        IReadOnlyList<int> passengers = Series.Passengers;
        for (int month = 12; month < passengers.Count; month++)
        {
            yield return new GrowthRow
            {
                Month = month,
                Growth = MathF.Log((float)passengers[month] / passengers[month - 12]),
                YearBeforeNext = passengers[month + 1 - 12],
            };
        }
    }
}

/// <summary>A row at the end of a month.</summary>
internal sealed class GrowthRow
{
    public int Month { get; set; }

    public float Growth { get; set; }

    /// <summary>The passengers that the growth of the next month is relative to.</summary>
    public float YearBeforeNext { get; set; }
}

/// <summary>The output of the pipeline.</summary>
internal sealed class GrowthForecast
{
    public int Month { get; set; }

    public float YearBeforeNext { get; set; }

    public float ForecastGrowth { get; set; }

    /// <summary>The forecast of the next month's passengers.</summary>
    public double NextPassengers() => YearBeforeNext * Math.Exp(ForecastGrowth);
}
