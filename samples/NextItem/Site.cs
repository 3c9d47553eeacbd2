namespace NextItem;

/// <summary>
/// Visits to the site of a library. Where a visitor comes in tells what he is here for, and what he does after searching and reading, many
/// pages later, depends on that alone; one page in eight is any other.
/// </summary>
internal static class Site
{
    private const double Distraction = 1 / 8.0;

    // The way in, and the pages that end a visit which began there.
    private static readonly (string Entry, string[] End)[] Purposes =
    [
        ("home", ["hours", "directions"]),
        ("newsletter", ["reserve", "thanks", "reviews"]),
        ("account", ["renew", "receipt", "account"]),
        ("school", ["reading list", "print", "hours"]),
    ];

    private static readonly string[] Middle = ["search", "book", "search", "author", "book", "shelf"];

    public static IEnumerable<Click> Make()
    {
        var random = new Random(1);
        string[] all = [.. Middle.Concat(Purposes.SelectMany(purpose => purpose.End)).Distinct()];
        for (int visit = 1; visit <= 2500; visit++)
        {
            (string entry, string[] end) = Purposes[random.Next(Purposes.Length)];
            IEnumerable<string> middle = Middle.Take(2 + random.Next(Middle.Length - 1)).Append("help");
            foreach (string page in middle.Concat(end).Prepend(entry))
            {
                yield return new Click { Visit = $"visit {visit}", Page = page };
                if (random.NextDouble() < Distraction)
                    yield return new Click { Visit = $"visit {visit}", Page = all[random.Next(all.Length)] };
            }
        }
    }
}
