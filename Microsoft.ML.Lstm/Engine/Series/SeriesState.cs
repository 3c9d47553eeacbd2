using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The state of a series after its last row, from which forecasts go on.</summary>
/// <param name="Values">The state of its <see cref="ForecastStream"/>.</param>
/// <param name="Time">The time of the last row; of no meaning where rows have no times.</param>
/// <param name="Missing">The steps after the last row whose values are known to be missing; null where there are none.</param>
/// <param name="Start">The fingerprint of its first rows in the training data; null where all of these are the same, or rows have
/// times.</param>
internal sealed record SeriesState(float[] Values, DateTimeOffset Time, MissingEnd? Missing = null, SeriesStart? Start = null);

/// <summary>
/// Steps at the end of a series that have a time but no value. A forecast of what follows them runs through them first; otherwise their
/// values may still come.
/// </summary>
/// <param name="Until">The time of the last such step.</param>
/// <param name="Statics">The static features of the series.</param>
internal sealed record MissingEnd(DateTimeOffset Until, float[] Statics);

/// <summary>A fingerprint of the first rows of a series in the training data, by which they are recognized when they come again.</summary>
/// <param name="Rows">How many rows it covers, at least 2.</param>
/// <param name="First">The hash of the first row.</param>
/// <param name="All">The hash of all the rows.</param>
internal sealed record SeriesStart(int Rows, ulong First, ulong All)
{
    /// <summary>The most rows that it covers: even series of small counts do not repeat that many by chance.</summary>
    public const int MostRows = 16;

    private const ulong Prime = 1099511628211;

    /// <summary>The fingerprint of the first rows of a series; null where all are the same.</summary>
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

    /// <summary>The hash (FNV-1a) of no rows.</summary>
    public static ulong Empty => 14695981039346656037;

    /// <summary>The hash of the rows before and a further one.</summary>
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
