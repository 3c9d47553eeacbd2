namespace LstmTool.Data;

/// <summary>Names that a user may have meant.</summary>
internal static class Nearest
{
    private const int Suggestions = 3;
    private const int Listed = 20;

    /// <summary>What to say of a name that is not there: the nearest ones, and what there is.</summary>
    public static string Suggest(string name, IReadOnlyList<string> known)
    {
        string[] near = [.. known.Select(one => (Name: one, Distance: Distance(name.ToLowerInvariant(), one.ToLowerInvariant())))
            .Where(one => one.Distance <= Math.Max(2, name.Length / 3) || Contains(one.Name, name) || Contains(name, one.Name))
            .OrderBy(one => one.Distance)
            .Take(Suggestions)
            .Select(one => $"'{one.Name}'")];
        string all = string.Join(", ", known.Take(Listed).Select(one => $"'{one}'"))
            + (known.Count > Listed ? $" and {known.Count - Listed} more" : "");
        return near.Length > 0 ? $"did you mean {string.Join(" or ", near)}? There are {all}" : $"there are {all}";
    }

    private static bool Contains(string outer, string inner)
        => inner.Length > 1 && outer.Contains(inner, StringComparison.OrdinalIgnoreCase);

    /// <summary>Insertions, deletions, replacements and swaps of neighbours from one to the other (Damerau 1964).</summary>
    public static int Distance(string a, string b)
    {
        int[] beforeLast = [], last = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int[] now = new int[b.Length + 1];
            now[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                now[j] = Math.Min(Math.Min(now[j - 1], last[j]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    now[j] = Math.Min(now[j], beforeLast[j - 2] + 1);
            }
            (beforeLast, last) = (last, now);
        }
        return last[^1];
    }
}
