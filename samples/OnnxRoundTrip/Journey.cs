namespace OnnxRoundTrip;

/// <summary>A drive of some legs.</summary>
internal sealed class Journey
{
    // Kilometres an hour on a free road.
    private static readonly Dictionary<string, float> Speeds = new() { ["city"] = 30, ["country"] = 70, ["motorway"] = 120 };

    /// <summary>Kilometres and minutes of each leg, one leg behind the other.</summary>
    public float[] Legs { get; set; } = [];

    /// <summary>The kind of road of each leg.</summary>
    public string[] Roads { get; set; } = [];

    /// <summary>Whether there was a jam on each leg.</summary>
    public string[] Traffic { get; set; } = [];

    /// <summary>The minutes that the jams have cost.</summary>
    public float Lost { get; set; }

    /// <summary>Whether the journey got into two jams in a row.</summary>
    public bool Annoying { get; set; }

    /// <summary>Whether each leg has kilometres, minutes, a kind of road and a kind of traffic.</summary>
    public bool IsWhole() => Roads.Length > 0 && Legs.Length == 2 * Roads.Length && Traffic.Length == Roads.Length
        && Array.TrueForAll(Legs, float.IsFinite) && float.IsFinite(Lost);

    /// <summary>Makes journeys, the same for the same random numbers.</summary>
    public static IEnumerable<Journey> Make(int count, Random random)
    {
        string[] roads = [.. Speeds.Keys];
        for (int i = 0; i < count; i++)
        {
            int legs = random.Next(3, 13);
            var journey = new Journey { Legs = new float[2 * legs], Roads = new string[legs], Traffic = new string[legs] };
            for (int leg = 0; leg < legs; leg++)
            {
                bool isJam = random.Next(4) == 0;
                string road = roads[random.Next(roads.Length)];
                float kilometres = 2 + 20 * random.NextSingle(), free = kilometres * 60 / Speeds[road];
                float minutes = free * (isJam ? 2 + random.NextSingle() : 0.9f + 0.2f * random.NextSingle());
                (journey.Legs[2 * leg], journey.Legs[2 * leg + 1]) = (kilometres, minutes);
                (journey.Roads[leg], journey.Traffic[leg]) = (road, isJam ? "jam" : "free");
                journey.Lost += isJam ? minutes - free : 0;
                journey.Annoying |= isJam && leg > 0 && journey.Traffic[leg - 1] == "jam";
            }
            yield return journey;
        }
    }
}
