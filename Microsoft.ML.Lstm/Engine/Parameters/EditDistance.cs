using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>How far two sequences are apart.</summary>
internal static class EditDistance
{
    private const int OnStack = 512;
    private const int MostBits = 64;

    /// <summary>
    /// <see cref="Between{T}"/> of numbers, whose differences down a column of distances are bits of a word where one of the sequences is
    /// short enough (Myers 1999; Hyyrö 2003).
    /// </summary>
    public static int Between(ReadOnlySpan<int> first, ReadOnlySpan<int> second)
    {
        if (first.Length > second.Length)
            return Between(second, first);
        if (first.Length is 0 or > MostBits)
            return Between<int>(first, second);
        Span<int> padded = stackalloc int[MostBits];
        first.CopyTo(padded);
        ReadOnlySpan<Vector512<int>> elements = MemoryMarshal.Cast<int, Vector512<int>>(padded);
        // Where the distance grows and where it falls by one from an element of the first to the next.
        ulong grows = ulong.MaxValue, falls = 0, last = 1ul << (first.Length - 1);
        int distance = first.Length;
        foreach (int element in second)
        {
            ulong same = 0;
            for (int i = 0; i < elements.Length; i++)
                same |= Vector512.Equals(elements[i], Vector512.Create(element)).ExtractMostSignificantBits() << (i * Vector512<int>.Count);
            ulong vertical = same | falls, horizontal = (((same & grows) + grows) ^ grows) | same;
            ulong growsOn = falls | ~(horizontal | grows), fallsOn = grows & horizontal;
            if ((growsOn & last) != 0)
                distance++;
            else if ((fallsOn & last) != 0)
                distance--;
            growsOn = growsOn << 1 | 1;
            fallsOn <<= 1;
            grows = fallsOn | ~(vertical | growsOn);
            falls = growsOn & vertical;
        }
        return distance;
    }

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
