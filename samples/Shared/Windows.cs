namespace Shared;

/// <summary>Windows of a table that has several recordings, machines or people one below the other.</summary>
internal static class Windows
{
    /// <summary>Windows of consecutive rows that belong together; ml.Transforms.SlidingWindow makes those of a single series.</summary>
    /// <param name="rows">The rows, those that belong together one after the other.</param>
    /// <param name="of">What is equal of rows that belong together.</param>
    /// <param name="size">Rows of a window.</param>
    /// <param name="stride">Rows from the first of a window to the first of the next.</param>
    public static IEnumerable<TRow[]> Of<TRow, TKey>(TRow[] rows, Func<TRow, TKey> of, int size, int stride)
    {
        var comparer = EqualityComparer<TKey>.Default;
        for (int first = 0, end; first < rows.Length; first = end)
        {
            TKey key = of(rows[first]);
            end = Array.FindIndex(rows, first, row => !comparer.Equals(of(row), key)) is >= 0 and int other ? other : rows.Length;
            for (int begin = first; begin + size <= end; begin += stride)
                yield return rows[begin..(begin + size)];
        }
    }
}
