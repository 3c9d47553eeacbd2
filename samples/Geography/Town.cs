namespace Geography;

/// <summary>
/// Where the people of a town are, day by day. Three kinds of people have habits, which depend on the day of the week and on where they
/// were before: who had lunch in the café goes home from the office, who had not goes shopping on the way. One move in twelve is a whim, to
/// any place.
/// </summary>
internal static class Town
{
    private const int People = 24;
    private const int Days = 28;
    private const double Whim = 1 / 12.0;

    private static readonly Dictionary<string, (float Latitude, float Longitude)> Places = new()
    {
        ["home"] = (47.001f, 8.300f),
        ["office"] = (47.052f, 8.310f),
        ["school"] = (47.010f, 8.322f),
        ["station"] = (47.030f, 8.305f),
        ["market"] = (47.018f, 8.295f),
        ["gym"] = (47.041f, 8.333f),
        ["park"] = (47.006f, 8.340f),
        ["café"] = (47.048f, 8.318f),
        ["library"] = (47.035f, 8.290f),
    };

    public static IEnumerable<Stay> Make()
    {
        var random = new Random(1);
        string[] names = [.. Places.Keys];
        for (int person = 0; person < People; person++)
        {
            for (int day = 0; day < Days; day++)
            {
                DateTime date = new DateTime(2026, 3, 2).AddDays(day);
                double hour = 6.5 + random.NextDouble();
                foreach (string habit in Habits(person % 3, date.DayOfWeek, random))
                {
                    string place = random.NextDouble() < Whim ? names[random.Next(names.Length)] : habit;
                    (float latitude, float longitude) = Places[place];
                    yield return new Stay
                    {
                        Person = $"person {person + 1}",
                        Time = date.AddMinutes(Math.Round(60 * hour)),
                        Place = place,
                        Latitude = latitude + 0.001f * (random.NextSingle() - 0.5f),
                        Longitude = longitude + 0.001f * (random.NextSingle() - 0.5f),
                    };
                    hour += 0.7 + 1.6 * random.NextDouble();
                }
            }
        }
    }

    private static string[] Habits(int kind, DayOfWeek day, Random random) => (kind, day) switch
    {
        (_, DayOfWeek.Sunday) => ["home", random.Next(2) == 0 ? "park" : "café", "home"],
        (0, DayOfWeek.Saturday) => ["home", "market", "gym", "home"],
        (_, DayOfWeek.Saturday) => ["home", "market", "library", "park", "home"],
        (0, _) => random.Next(2) == 0
            ? ["home", "station", "office", "café", "office", "station", "home"]
            : ["home", "station", "office", "market", "station", "home"],
        (1, DayOfWeek.Tuesday or DayOfWeek.Thursday) => ["home", "school", "office", "school", "gym", "home"],
        (1, _) => ["home", "school", "office", "school", "park", "home"],
        (_, DayOfWeek.Monday or DayOfWeek.Friday) => ["home", "school", "library", "café", "home"],
        _ => ["home", "school", "gym", "library", "home"],
    };
}
