using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>What is known of a series: a network's state after its last row, and that row's time.</summary>
/// <param name="Values">The state.</param>
/// <param name="Time">The time; that of rows without times does not matter.</param>
/// <param name="Missing">The steps behind the last row whose values are missing; null where there are none.</param>
/// <param name="Start">What its first rows in the training data look like; null where that says nothing, or where there are times.</param>
internal sealed record SeriesState(float[] Values, DateTimeOffset Time, MissingEnd? Missing = null, SeriesStart? Start = null);

/// <summary>
/// Steps at the end of a series that have a time and no value. They are gone through when something is asked of what follows them, and
/// else may still come.
/// </summary>
/// <param name="Until">The last one's time.</param>
/// <param name="Statics">The static features of the series.</param>
internal sealed record MissingEnd(DateTimeOffset Until, float[] Statics);

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
