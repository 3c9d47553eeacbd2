namespace AirlinePassengers;

/// <summary>
/// The series as the network reads it: the logarithm of each month's growth over the same month a year before. That removes the seasons and
/// the steady rise, which the network would otherwise have to learn from eight years alone.
/// </summary>
internal static class Growth
{
    /// <summary>Months of a year.</summary>
    public const int Year = 12;

    /// <summary>A row a month, from the second year on.</summary>
    /// <exception cref="InvalidDataException">A month is missing.</exception>
    public static GrowthRow[] Rows(Observation[] months)
    {
        for (int i = 0; i < months.Length; i++)
        {
            if (!(months[i].Passengers > 0) || (i > 0 && months[i].Month != months[i - 1].Month.AddMonths(1)))
                throw new InvalidDataException($"Row {i + 1}, {months[i].Month:MMMM yyyy}, has no passengers or doesn't follow the month "
                    + "before: growth over the year before needs every month.");
        }
        return [.. Enumerable.Range(Year, months.Length - Year).Select(month => new GrowthRow
        {
            Month = month,
            Growth = MathF.Log(months[month].Passengers / months[month - Year].Passengers),
            YearBeforeNext = months[month + 1 - Year].Passengers,
        })];
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
