namespace Recommendation;

/// <summary>
/// What visitors of a shop for cooks and gardeners look at. A visitor is of one of five kinds, which has a list of things in an order that
/// makes sense, and does not come back to what he has seen; one look in six is at anything that is popular.
/// </summary>
internal static class Shop
{
    private const double Distraction = 1 / 6.0;

    private static readonly string[][] Lists =
    [
        ["flour", "yeast", "scale", "bowl", "dough hook", "bread pan", "apron", "oven glove"],
        ["knife", "sharpener", "cutting board", "pan", "oil", "pepper mill", "apron", "thermometer"],
        ["seeds", "soil", "pot", "watering can", "label", "trowel", "gloves", "fleece"],
        ["spade", "gloves", "boots", "wheelbarrow", "compost", "rake", "twine", "pot"],
        ["jars", "sugar", "funnel", "thermometer", "label", "pan", "apron", "wax"],
    ];

    public static IEnumerable<Look> Make()
    {
        var random = new Random(1);
        string[] all = [.. Lists.SelectMany(list => list).Distinct()];
        for (int visitor = 1; visitor <= 2500; visitor++)
        {
            string[] list = Lists[Math.Min(random.Next(Lists.Length), random.Next(Lists.Length))];
            DateTime time = new DateTime(2026, 1, 1).AddMinutes(20 * visitor + random.Next(20));
            HashSet<string> seen = [];
            for (int at = random.Next(2); at < list.Length && seen.Count < 7; at += random.Next(5) == 0 ? 2 : 1)
            {
                if (random.NextDouble() < Distraction)
                    seen.Add(all[Math.Min(random.Next(all.Length), random.Next(all.Length))]);
                seen.Add(list[at]);
            }
            foreach (string item in seen)
            {
                yield return new Look { Visitor = $"visitor {visitor}", Time = time, Item = item };
                time = time.AddSeconds(20 + random.Next(90));
            }
        }
    }
}
