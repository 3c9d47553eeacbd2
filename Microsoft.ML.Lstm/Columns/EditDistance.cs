namespace Microsoft.ML.Lstm.Columns;

/// <summary>The distance of two names, to find the one that was meant.</summary>
internal static class EditDistance
{
    /// <summary>
    /// The fewest letters to insert, remove or replace that make one text of the other, whatever their case (Levenshtein 1966).
    /// </summary>
    public static int Between(string first, string second)
    {
        // Entry j: the distance of the first i letters of the first text from the first j letters of the second.
        int[] distances = [.. Enumerable.Range(0, second.Length + 1)];
        for (int i = 0; i < first.Length; i++)
        {
            int diagonal = distances[0]++;
            for (int j = 0; j < second.Length; j++)
            {
                int replaced = diagonal + (char.ToUpperInvariant(first[i]) == char.ToUpperInvariant(second[j]) ? 0 : 1);
                diagonal = distances[j + 1];
                distances[j + 1] = Math.Min(replaced, Math.Min(distances[j], diagonal) + 1);
            }
        }
        return distances[^1];
    }
}
