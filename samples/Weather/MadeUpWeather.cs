namespace Weather;

/// <summary>
/// Five stations from the coast to the mountains. A warm or cold spell comes over the coast and passes the other stations a day later each;
/// the pressure rises two days before it turns warm. Clouds take up to eight degrees. What remains is noise: nobody who
/// knows all of this is nearer than half a degree, and spells that are not in the pressure yet can't be known.
/// </summary>
internal static class MadeUpWeather
{
    private const int Days = 4 * 365, DaysOfWarning = 2;
    private static readonly string[] Stations = ["Coast", "Plain", "Hills", "Valley", "Mountain"];

    public static IEnumerable<StationDay> Make()
    {
        var random = new Random(1);
        double[] spells = new double[Days + Stations.Length + DaysOfWarning];
        for (int t = 1; t < spells.Length; t++)
            spells[t] = 0.85 * spells[t - 1] + 2.5 * Noise();
        double clouds = 0.5;
        for (int t = 0; t < Days; t++)
        {
            DateTime day = new DateTime(2022, 1, 1).AddDays(t);
            clouds = Math.Clamp(clouds + 0.6 * Noise(), 0, 1);
            for (int station = 0; station < Stations.Length; station++)
            {
                // The spell that was over the coast so many days ago.
                int now = t + Stations.Length - station;
                double season = (9 + station) * -Math.Cos(Math.Tau * (day.DayOfYear - 20) / 365.25);
                yield return new StationDay
                {
                    Station = Stations[station],
                    Day = day,
                    Temperature = (float)(11 - 2 * station + season + spells[now] - 8 * clouds + 1.2 * Noise()),
                    Pressure = (float)(1013 + 3 * spells[now + DaysOfWarning] + 2 * Noise()),
                    Clouds = (float)clouds,
                };
            }
        }

        double Noise() => random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5;
    }
}
