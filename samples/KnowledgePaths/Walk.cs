namespace KnowledgePaths;

/// <summary>An edge of the graph: Tail is the Relation of Head, as in Ann, mother, Beth.</summary>
internal sealed class Fact
{
    public string Head { get; set; } = "";

    public string Relation { get; set; } = "";

    public string Tail { get; set; } = "";
}

/// <summary>The relations of a path, and the relation between its ends, which takes one there at once.</summary>
internal sealed class Walk
{
    private const int Shortest = 2;
    private const int Longest = 4;

    public string[] Relations { get; set; } = [];

    public string Closing { get; set; } = "";

    public string Path => string.Join(" > ", Relations);

    /// <summary>Draws paths of 2 to 4 edges that visit nobody twice, and whose ends have an edge of their own.</summary>
    public static Walk[] Draw(Fact[] facts, int count, Random random)
    {
        ILookup<string, Fact> from = facts.ToLookup(fact => fact.Head);
        Dictionary<(string, string), string> relations = [];
        foreach (Fact fact in facts)
            relations.TryAdd((fact.Head, fact.Tail), fact.Relation);
        var walks = new List<Walk>();
        // A graph may have few such paths.
        for (int attempt = 0; attempt < 20 * count && walks.Count < count; attempt++)
        {
            var path = new List<Fact> { facts[random.Next(facts.Length)] };
            for (int length = random.Next(Shortest, Longest + 1); path.Count < length;)
            {
                Fact[] next = [.. from[path[^1].Tail].Where(fact => fact.Tail != path[0].Head && path.All(edge => edge.Tail != fact.Tail))];
                if (next.Length == 0)
                    break;
                path.Add(next[random.Next(next.Length)]);
            }
            if (path.Count >= Shortest && relations.TryGetValue((path[0].Head, path[^1].Tail), out string? closing))
                walks.Add(new Walk { Relations = [.. path.Select(edge => edge.Relation)], Closing = closing });
        }
        return [.. walks];
    }
}

/// <summary>What a model takes the ends of a path for.</summary>
internal sealed class Closed
{
    public string[] Relations { get; set; } = [];

    public string Closing { get; set; } = "";

    public string Guess { get; set; } = "";

    public float[] Score { get; set; } = [];
}
