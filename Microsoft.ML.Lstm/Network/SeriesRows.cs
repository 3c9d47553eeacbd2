using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Network;

/// <summary>The rows of one series in the order of time.</summary>
/// <param name="rowSize">Numbers of a row: targets, past covariates and known covariates.</param>
internal sealed class SeriesRows(int rowSize)
{
    private readonly List<float> _numbers = [];

    /// <summary>The series, counted from 1.</summary>
    public required int Series { get; init; }

    /// <summary>What is known of the series as a whole.</summary>
    public required float[] Statics { get; init; }

    /// <summary>What the calendar says of each row, one after the other; empty where it is not asked.</summary>
    public float[] Calendar { get; set; } = [];

    public int Count => _numbers.Count / rowSize;

    /// <summary>The numbers of a row, NaN or infinite where one is missing.</summary>
    public ReadOnlySpan<float> this[int row] => CollectionsMarshal.AsSpan(_numbers).Slice(row * rowSize, rowSize);

    /// <summary>The rows up to the last that has one of its first <paramref name="targets"/> numbers; those behind it only say what is known ahead.</summary>
    public int CountObserved(int targets)
    {
        int count = Count;
        while (count > 0 && !TensorPrimitives.IsFiniteAny(this[count - 1][..targets]))
            count--;
        return count;
    }

    /// <summary>The features of the calendar that row <paramref name="row"/> has.</summary>
    public ReadOnlySpan<float> CalendarOf(int row)
    {
        int size = Calendar.Length / Count;
        return Calendar.AsSpan(row * size, size);
    }

    /// <summary>The known covariates of the rows behind row <paramref name="row"/>, at most the horizon's.</summary>
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

    public void Add(ReadOnlySpan<float> numbers) => _numbers.AddRange(numbers);
}
