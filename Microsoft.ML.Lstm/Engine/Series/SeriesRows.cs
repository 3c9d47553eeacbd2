using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The rows of one series in the order of time.</summary>
/// <param name="rowSize">Numbers of a row: targets, past covariates and known covariates.</param>
internal sealed class SeriesRows(int rowSize)
{
    private readonly List<float> _numbers = [];

    /// <summary>The number of the series, from 1.</summary>
    public required int Series { get; init; }

    /// <summary>The static features of the series.</summary>
    public required float[] Statics { get; init; }

    /// <summary>The features of the calendar, row by row; empty where there are none.</summary>
    public float[] Calendar { get; set; } = [];

    public int Count => _numbers.Count / rowSize;

    /// <summary>The numbers of a row, NaN or infinite where one is missing.</summary>
    public ReadOnlySpan<float> this[int row] => CollectionsMarshal.AsSpan(_numbers).Slice(row * rowSize, rowSize);

    /// <summary>
    /// How many rows have been observed. If any row after the last target has a known covariate, the rows after that target are future
    /// rows, which only announce covariates; otherwise they are observed rows whose values are missing. 0 where no row has a target.
    /// </summary>
    /// <param name="targets">D: the first numbers of a row.</param>
    /// <param name="known">K: its last numbers.</param>
    public int CountObserved(int targets, int known)
    {
        int count = Count;
        bool tellsAhead = false;
        for (; count > 0 && !TensorPrimitives.IsFiniteAny(this[count - 1][..targets]); count--)
            tellsAhead |= known > 0 && TensorPrimitives.IsFiniteAny(this[count - 1][^known..]);
        return count == 0 || tellsAhead ? count : Count;
    }

    /// <summary>Whether a target or past covariate is missing in any of the first <paramref name="rows"/> rows.</summary>
    /// <param name="rows">How many rows to look at.</param>
    /// <param name="known">K: the last numbers of a row, which may be missing.</param>
    public bool HasMissing(int rows, int known)
    {
        for (int t = 0; t < rows; t++)
        {
            if (!TensorPrimitives.IsFiniteAll(this[t][..^known]))
                return true;
        }
        return false;
    }

    /// <summary>The features of the calendar of row <paramref name="row"/>.</summary>
    public ReadOnlySpan<float> CalendarOf(int row)
    {
        int size = Calendar.Length / Count;
        return Calendar.AsSpan(row * size, size);
    }

    /// <summary>The known covariates of the rows that follow row <paramref name="row"/>, at most H rows.</summary>
    /// <param name="row">The row.</param>
    /// <param name="layout">The layout of the rows.</param>
    /// <param name="buffer">Room for H·K numbers.</param>
    public ReadOnlySpan<float> KnownAfter(int row, ForecastLayout layout, float[] buffer)
    {
        int known = layout.KnownCovariates, ahead = Math.Min(layout.Horizon, Count - 1 - row);
        for (int h = 0; h < ahead && known > 0; h++)
            this[row + 1 + h][^known..].CopyTo(buffer.AsSpan(h * known));
        return buffer.AsSpan(0, ahead * known);
    }

    /// <summary>The numbers of a column in the first rows.</summary>
    public float[] ValuesOf(int column, int rows)
    {
        float[] values = new float[rows];
        for (int t = 0; t < rows; t++)
            values[t] = this[t][column];
        return values;
    }

    /// <summary>The rows from row <paramref name="first"/> on, as the series with another number.</summary>
    public SeriesRows From(int first, int series)
    {
        int size = Count > 0 ? Calendar.Length / Count : 0;
        var rest = new SeriesRows(rowSize) { Series = series, Statics = Statics, Calendar = Calendar[(first * size)..] };
        rest._numbers.AddRange(CollectionsMarshal.AsSpan(_numbers)[(first * rowSize)..]);
        return rest;
    }

    public void Add(ReadOnlySpan<float> numbers) => _numbers.AddRange(numbers);
}
