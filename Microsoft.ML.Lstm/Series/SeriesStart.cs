using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>What the first rows of a series in the training data look like, so that they are known again.</summary>
/// <param name="Rows">How many rows, at least 2.</param>
/// <param name="First">A hash of the first row.</param>
/// <param name="All">A hash of all of them.</param>
internal sealed record SeriesStart(int Rows, ulong First, ulong All)
{
    /// <summary>The most rows: by chance not even small counts repeat that long.</summary>
    public const int MostRows = 16;

    // FNV-1a.
    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>The first rows of a series; null where all are the same.</summary>
    public static SeriesStart? Of(SeriesRows rows)
    {
        ulong first = Add(Empty, rows[0]), all = Empty;
        bool differ = false;
        for (int t = 0; t < rows.Count; t++)
        {
            all = Add(all, rows[t]);
            differ |= Add(Empty, rows[t]) != first;
        }
        return differ ? new SeriesStart(rows.Count, first, all) : null;
    }

    /// <summary>What a hash begins with.</summary>
    public static ulong Empty => Basis;

    /// <summary>The hash of the rows so far and a further one.</summary>
    public static ulong Add(ulong hash, ReadOnlySpan<float> row)
    {
        foreach (float number in row)
        {
            uint bits = float.IsNaN(number) ? BitConverter.SingleToUInt32Bits(float.NaN) : BitConverter.SingleToUInt32Bits(number);
            foreach (byte part in MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in bits)))
                hash = (hash ^ part) * Prime;
        }
        return hash;
    }
}
