using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The state of a series after its last row, from which forecasts go on.</summary>
/// <param name="Values">The state of its <see cref="ForecastStream"/>.</param>
/// <param name="Time">The time of the last row; of no meaning where rows have no times.</param>
/// <param name="Missing">The steps after the last row whose values are known to be missing; null where there are none.</param>
/// <param name="Start">The fingerprint of its first rows in the training data; null where rows have times.</param>
internal sealed record SeriesState(float[] Values, DateTimeOffset Time, MissingEnd? Missing = null, SeriesStart? Start = null);

/// <summary>
/// Steps at the end of a series that have a time but no value. A forecast of what follows them runs through them first; otherwise their
/// values may still come.
/// </summary>
/// <param name="Until">The time of the last such step.</param>
/// <param name="Statics">The static features of the series.</param>
internal sealed record MissingEnd(DateTimeOffset Until, float[] Statics);

/// <summary>
/// What is known of the rows before the validation data, for the view that has them: their forecasts do not follow themselves.
/// </summary>
/// <param name="State">The state of the series after its last training row; null where there is nothing to forecast from.</param>
/// <param name="Time">The time of the first validation row; the default where rows have no times.</param>
/// <param name="Row">The hash of the first validation row.</param>
internal sealed record SeriesBeforeValidation(SeriesState? State, DateTimeOffset Time, ulong Row);

/// <summary>A fingerprint of the first rows of a series in the training data, by which they are recognized when they come again.</summary>
/// <param name="Rows">How many rows it covers, at least 1.</param>
/// <param name="First">The hash of the first row.</param>
/// <param name="All">The hash of all the rows; null where they are all the same, as many series begin.</param>
internal sealed record SeriesStart(int Rows, ulong First, ulong? All)
{
    /// <summary>The most rows that it covers: even series of small counts do not repeat that many by chance.</summary>
    public const int MostRows = 16;

    private const ulong Prime = 1099511628211;

    /// <summary>The fingerprint of the first rows of a series.</summary>
    public static SeriesStart Of(SeriesRows rows)
    {
        ulong first = Add(Empty, rows[0]), all = Empty;
        bool differ = false;
        for (int t = 0; t < rows.Count; t++)
        {
            all = Add(all, rows[t]);
            differ |= Add(Empty, rows[t]) != first;
        }
        return new SeriesStart(rows.Count, first, differ ? all : null);
    }

    /// <summary>The hash of a row alone.</summary>
    public static ulong HashOf(ReadOnlySpan<float> row) => Add(Empty, row);

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
