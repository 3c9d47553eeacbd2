namespace NextItem;

/// <summary>
/// Visits to a shop for outdoor things. A visitor prepares something, which the first items tell, and goes through what it takes, a kind of
/// thing at a time; he sees everything in one price class, and now and then looks at something else.
/// </summary>
internal static class MadeUpVisits
{
    private static readonly string[][] Plans =
    [
        ["tent", "sleeping bag", "mat", "stove", "lamp"],
        ["boots", "socks", "backpack", "map", "bottle"],
        ["boots", "rope", "harness", "helmet", "gloves"],
        ["backpack", "tent", "stove", "pot", "bottle"],
        ["jacket", "gloves", "hat", "boots", "skis"],
        ["bicycle", "helmet", "lamp", "lock", "bottle"],
    ];

    private static readonly string[] Classes = ["Light", "Classic", "Expert"];

    public static Visit[] Make(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => MakeOne(random))];
    }

    private static Visit MakeOne(Random random)
    {
        // Some plans and classes are more usual than others.
        string[] plan = Plans[Math.Min(random.Next(Plans.Length), random.Next(Plans.Length))];
        string priceClass = Classes[Math.Min(random.Next(Classes.Length), random.Next(Classes.Length))];
        var items = new List<string>();
        foreach (string thing in plan)
        {
            if (random.Next(8) == 0)
                continue;
            if (random.Next(10) == 0)
                items.Add($"{Classes[random.Next(Classes.Length)]} {Plans[random.Next(Plans.Length)][random.Next(5)]}");
            items.Add($"{priceClass} {thing}");
        }
        return new Visit { Items = [.. items.Distinct()] };
    }
}
