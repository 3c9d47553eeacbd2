using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>A convolution over steps on one vector width, in the register tile of all matrix products.</summary>
/// <remarks>
/// Rows come in blocks that fit into the second-level cache, beside them a part of a panel of weights that stays in the first-level cache
/// while all rows of a block go through it. An element is summed from its first product to its last whatever the blocks, so a row does not
/// depend on the rows beside it. The end of a channel, its scale, shift and rectifier, is computed while the tile is in the first-level
/// cache.
/// </remarks>
internal static unsafe class ConvolutionKernel<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    // Products that a tile adds up before the next tile: with four vectors a row 16 KB of weights on AVX2, and 32 KB on AVX-512.
    private const int PartDepth = 128;

    private const int BlockRows = 240;

    private static readonly FloatBuffer Zeros = new(GemmTile.MaxVectors * S.Lanes);

    public static void Run(ReadOnlySpan<RowSpan> rows, in ConvolutionPass pass)
    {
        for (int first = 0; first < rows.Length;)
        {
            int end = first, count = 0;
            while (end < rows.Length && (end == first || count + rows[end].Count <= BlockRows))
                count += rows[end++].Count;
            for (int v = 0; v < pass.Vectors; v += GemmTile.MaxVectors)
            {
                for (int k = 0; k < pass.Depth; k += PartDepth)
                    RunPart(rows[first..end], pass, v, k);
            }
            first = end;
        }
    }

    /// <summary>Adds the products from <paramref name="k"/> on to four vectors of channels of some rows.</summary>
    private static void RunPart(ReadOnlySpan<RowSpan> rows, in ConvolutionPass pass, int v, int k)
    {
        int vectors = Math.Min(GemmTile.MaxVectors, pass.Vectors - v), depth = Math.Min(PartDepth, pass.Depth - k);
        float* weights = pass.Weights + ((long)v * pass.Depth + (long)k * vectors) * S.Lanes;
        nint yRow = pass.Vectors * S.Lanes;
        bool isEnd = pass.Scale != null && k + depth == pass.Depth;
        foreach (RowSpan range in rows)
        {
            for (int row = range.First; row < range.End;)
            {
                int tileRows = GemmTile.NextRows<S, V>(range.End - row);
                float* y = pass.Y + row * yRow + v * S.Lanes;
                var product = new Product(pass.Windows + row * pass.WindowStep + k, pass.WindowStep, 1, weights, vectors * S.Lanes, depth);
                GemmTile.Run<S, V>(tileRows, vectors, k == 0 ? Zeros.Pointer : y, k == 0 ? 0 : yRow, product, default, y, yRow);
                if (isEnd)
                    Finish(tileRows, vectors, y, yRow, pass.Scale + v * S.Lanes, pass.Shift + v * S.Lanes);
                row += tileRows;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish(int rows, int vectors, float* y, nint yRow, float* scale, float* shift)
    {
        for (int v = 0; v < vectors * S.Lanes; v += S.Lanes)
        {
            V factor = S.Load(scale + v), summand = S.Load(shift + v);
            for (int row = 0; row < rows; row++)
                S.Store(S.Positive(S.MultiplyAdd(S.Load(y + row * yRow + v), factor, summand)), y + row * yRow + v);
        }
    }
}
