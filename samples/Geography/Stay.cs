namespace Geography;

/// <summary>Where somebody was from a time on.</summary>
internal sealed class Stay
{
    public string Person { get; set; } = "";

    public DateTime Time { get; set; }

    public string Place { get; set; } = "";

    public float Latitude { get; set; }

    public float Longitude { get; set; }
}

/// <summary>Somebody's last stays, and where he went then.</summary>
internal sealed class Journey
{
    private const int Most = 8;

    public string[] Places { get; set; } = [];

    public string[] Weekdays { get; set; } = [];

    /// <summary>The hour, the latitude and the longitude of each stay.</summary>
    public float[] Moments { get; set; } = [];

    public string Next { get; set; } = "";

    /// <summary>
    /// The journeys of a person: for each stay but the first, those before it. A stay without a place or coordinates is left out.
    /// </summary>
    public static IEnumerable<Journey> Of(IEnumerable<Stay> stays)
    {
        Stay[] known = [.. stays.Where(stay => stay.Place.Length > 0 && float.IsFinite(stay.Latitude + stay.Longitude))
            .OrderBy(stay => stay.Time)];
        return Enumerable.Range(1, Math.Max(0, known.Length - 1)).Select(i =>
        {
            Stay[] before = known[Math.Max(0, i - Most)..i];
            return new Journey
            {
                Places = [.. before.Select(stay => stay.Place)],
                Weekdays = [.. before.Select(stay => stay.Time.DayOfWeek.ToString())],
                Moments = [.. before.SelectMany(stay => new[] { (float)stay.Time.TimeOfDay.TotalHours, stay.Latitude, stay.Longitude })],
                Next = known[i].Place,
            };
        });
    }
}

/// <summary>Where a model expects somebody next, beside where he went.</summary>
internal sealed class Expected
{
    public string[] Places { get; set; } = [];

    public string[] Weekdays { get; set; } = [];

    public string Next { get; set; } = "";

    public string Guess { get; set; } = "";
}
