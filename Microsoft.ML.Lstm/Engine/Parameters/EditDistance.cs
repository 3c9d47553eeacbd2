namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>How far two sequences are apart.</summary>
internal static class EditDistance
{
    private const int OnStack = 512;

    /// <summary>
    /// The fewest elements to insert, remove or replace that make one sequence of the other (Levenshtein 1966).
    /// </summary>
    public static int Between<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second)
        where T : IEquatable<T>
    {
        // Entry j: the distance of the first i elements of the first sequence from the first j elements of the second.
        Span<int> distances = second.Length < OnStack ? stackalloc int[OnStack] : new int[second.Length + 1];
        distances = distances[..(second.Length + 1)];
        for (int j = 0; j < distances.Length; j++)
            distances[j] = j;
        foreach (T element in first)
        {
            int diagonal = distances[0]++;
            for (int j = 0; j < second.Length; j++)
            {
                int replaced = diagonal + (element.Equals(second[j]) ? 0 : 1);
                diagonal = distances[j + 1];
                distances[j + 1] = Math.Min(replaced, Math.Min(distances[j], diagonal) + 1);
            }
        }
        return distances[^1];
    }
}
