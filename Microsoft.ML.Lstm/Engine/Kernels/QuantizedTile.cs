using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// The operands of a product of whole numbers that a tile adds up: rows of <see cref="QuantizedRows"/> and a panel of a
/// <see cref="QuantizedMatrix"/>.
/// </summary>
internal readonly unsafe struct QuantizedProduct
{
    public readonly byte* A;
    public readonly nint ARow;
    public readonly float* AScales;
    public readonly sbyte* B;
    public readonly float* BScales;
    public readonly int* BOffsets;

    /// <summary>Groups of four products of the sum.</summary>
    public readonly int Groups;

    /// <param name="rows">The rows.</param>
    /// <param name="all">The matrix.</param>
    /// <param name="column">The first of its columns, one at which a panel begins.</param>
    public QuantizedProduct(QuantizedRows rows, in QuantizedPanels all, int column)
    {
        A = rows.Numbers;
        ARow = rows.Stride;
        AScales = rows.Scales;
        B = all.Weights + (nint)column * all.Depth;
        BScales = all.Scales + column;
        BOffsets = all.Offsets + column;
        Groups = all.Depth / QuantizedMatrix.GroupRows;
    }

    private QuantizedProduct(in QuantizedProduct all, int row)
    {
        this = all;
        A += row * ARow;
        AScales += row;
    }

    /// <summary>The product of the rows from <paramref name="row"/> on.</summary>
    public QuantizedProduct From(int row) => new(this, row);
}

/// <summary>
/// The register tile under products with whole numbers of 8 bits: C = init + (A·B)·scales. The sums are exact, so that they depend neither
/// on the tile nor on the width of vectors.
/// </summary>
/// <remarks>
/// One row has up to eight vectors of sums, since each waits for the one before it; up to three rows have four vectors at a time, for
/// which 16 registers suffice: AVX-VNNI's instructions reach no more.
/// </remarks>
internal static unsafe class QuantizedTile
{
    private const int MaxRows = 3;
    private const int MaxVectors = 4;
    private const int MaxVectorsOfRow = 8;

    /// <summary>The byte for 0 among the numbers that <see cref="Run{S, V}"/> reads.</summary>
    public static byte Zero<S, V>()
        where S : struct, ISimd<V>
        where V : struct
        => UsesVnni<S, V>() ? VnniBytes.Zero : (byte)0;

    /// <summary>Computes <paramref name="rows"/> x <paramref name="vectors"/>.</summary>
    /// <param name="rows">Rows, tile by tile.</param>
    /// <param name="vectors">Vectors V of columns of the panel, 1 to <see cref="GemmTile.MaxVectors"/>.</param>
    /// <param name="init">What is added, row m at <c>init[m·initRow]</c>: a bias with initRow 0, or C itself.</param>
    /// <param name="initRow">The stride of <paramref name="init"/>.</param>
    /// <param name="product">The product.</param>
    /// <param name="c">The result, row m at <c>c[m·cRow]</c>.</param>
    /// <param name="cRow">The stride of <paramref name="c"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<S, V>(int rows, int vectors, float* init, nint initRow, in QuantizedProduct product, float* c, nint cRow)
        where S : struct, ISimd<V>
        where V : struct
    {
        int columns = vectors * S.Lanes;
        if (UsesVnni<S, V>())
            RunBy<VnniBytes, Vector256<int>>(rows, columns, init, initRow, product, c, cRow);
        else if (S.Lanes >= Avx2Bytes.Lanes)
            RunBy<Avx2Bytes, Vector256<int>>(rows, columns, init, initRow, product, c, cRow);
        else if (S.Lanes == Bytes128.Lanes && Bytes128.IsSupported)
            RunBy<Bytes128, Vector128<int>>(rows, columns, init, initRow, product, c, cRow);
        else
            RunBy<ScalarBytes, int>(rows, columns, init, initRow, product, c, cRow);
    }

    /// <summary>As <see cref="Run{S, V}"/>, by instructions of one kind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RunBy<D, W>(int rows, int columns, float* init, nint initRow, in QuantizedProduct product, float* c, nint cRow)
        where D : struct, IByteProducts<W>
        where W : struct
    {
        if (rows == 1 && columns == MaxVectorsOfRow * D.Lanes)
            RunRow<D, W, Eight>(init, product, columns, 0, c);
        else if (rows == 1 && columns == MaxVectors * D.Lanes)
            RunRowOfFour<D, W>(init, product, columns, 0, c);
        else
            RunTiles<D, W>(rows, columns, init, initRow, product, c, cRow);
    }

    private static void RunTiles<D, W>(int rows, int columns, float* init, nint initRow, in QuantizedProduct product, float* c, nint cRow)
        where D : struct, IByteProducts<W>
        where W : struct
    {
        for (int row = 0; row < rows;)
        {
            // Of four, twice two: a panel takes as long for one row as for two.
            int tileRows = rows - row == MaxRows + 1 ? 2 : Math.Min(MaxRows, rows - row);
            QuantizedProduct tile = product.From(row);
            float* tileInit = init + row * initRow, tileC = c + row * cRow;
            for (int column = 0; column < columns;)
            {
                int vectors = (columns - column) / D.Lanes;
                if (tileRows == 1 && vectors >= 6)
                {
                    vectors = vectors >= MaxVectorsOfRow ? MaxVectorsOfRow : 6;
                    if (vectors == MaxVectorsOfRow)
                        RunRow<D, W, Eight>(tileInit, tile, columns, column, tileC);
                    else
                        RunRow<D, W, Six>(tileInit, tile, columns, column, tileC);
                }
                else if (tileRows == 1 && vectors >= MaxVectors)
                {
                    vectors = MaxVectors;
                    RunRowOfFour<D, W>(tileInit, tile, columns, column, tileC);
                }
                else
                {
                    vectors = Math.Min(vectors, MaxVectors);
                    switch (vectors)
                    {
                        case 4: RunRows<D, W, Four>(tileRows, tileInit, initRow, tile, columns, column, tileC, cRow); break;
                        case 3: RunRows<D, W, Three>(tileRows, tileInit, initRow, tile, columns, column, tileC, cRow); break;
                        case 2: RunRows<D, W, Two>(tileRows, tileInit, initRow, tile, columns, column, tileC, cRow); break;
                        default: RunRows<D, W, One>(tileRows, tileInit, initRow, tile, columns, column, tileC, cRow); break;
                    }
                }
                column += vectors * D.Lanes;
            }
            row += tileRows;
        }
    }

    private static void RunRows<D, W, N>(
        int rows, float* init, nint initRow, in QuantizedProduct product, int columns, int column, float* c, nint cRow)
        where D : struct, IByteProducts<W>
        where W : struct
        where N : struct, ICount
    {
        switch (rows)
        {
            case 3: RunRows<D, W, Three, N>(init, initRow, product, columns, column, c, cRow); break;
            case 2: RunRows<D, W, Two, N>(init, initRow, product, columns, column, c, cRow); break;
            default: RunRows<D, W, One, N>(init, initRow, product, columns, column, c, cRow); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunRows<D, W, R, N>(
        float* init, nint initRow, in QuantizedProduct product, int columns, int column, float* c, nint cRow)
        where D : struct, IByteProducts<W>
        where W : struct
        where R : struct, ICount
        where N : struct, ICount
    {
        int lanes = D.Lanes;
        int* offsets = product.BOffsets + column;
        W c00 = D.Start(offsets), c01 = default, c02 = default, c03 = default;
        W c10 = c00, c11 = default, c12 = default, c13 = default;
        W c20 = c00, c21 = default, c22 = default, c23 = default;
        if (N.Value > 1) c01 = c11 = c21 = D.Start(offsets + lanes);
        if (N.Value > 2) c02 = c12 = c22 = D.Start(offsets + 2 * lanes);
        if (N.Value > 3) c03 = c13 = c23 = D.Start(offsets + 3 * lanes);

        byte* a = product.A;
        nint a1 = product.ARow, a2 = 2 * a1;
        sbyte* b = product.B + column * QuantizedMatrix.GroupRows;
        nint vectorBytes = lanes * QuantizedMatrix.GroupRows, bStep = columns * QuantizedMatrix.GroupRows;
        for (int group = product.Groups; group > 0; group--)
        {
            W x0 = D.Repeat(a), x1 = default, x2 = default;
            if (R.Value > 1) x1 = D.Repeat(a + a1);
            if (R.Value > 2) x2 = D.Repeat(a + a2);

            W y = D.Load(b);
            c00 = D.MultiplyAdd(c00, x0, y);
            if (R.Value > 1) c10 = D.MultiplyAdd(c10, x1, y);
            if (R.Value > 2) c20 = D.MultiplyAdd(c20, x2, y);
            if (N.Value > 1)
            {
                y = D.Load(b + vectorBytes);
                c01 = D.MultiplyAdd(c01, x0, y);
                if (R.Value > 1) c11 = D.MultiplyAdd(c11, x1, y);
                if (R.Value > 2) c21 = D.MultiplyAdd(c21, x2, y);
            }
            if (N.Value > 2)
            {
                y = D.Load(b + 2 * vectorBytes);
                c02 = D.MultiplyAdd(c02, x0, y);
                if (R.Value > 1) c12 = D.MultiplyAdd(c12, x1, y);
                if (R.Value > 2) c22 = D.MultiplyAdd(c22, x2, y);
            }
            if (N.Value > 3)
            {
                y = D.Load(b + 3 * vectorBytes);
                c03 = D.MultiplyAdd(c03, x0, y);
                if (R.Value > 1) c13 = D.MultiplyAdd(c13, x1, y);
                if (R.Value > 2) c23 = D.MultiplyAdd(c23, x2, y);
            }

            a += QuantizedMatrix.GroupRows;
            b += bStep;
        }

        float* scales = product.BScales + column;
        init += column;
        c += column;
        StoreRow<D, W, N>(c00, c01, c02, c03, scales, product.AScales[0], init, c);
        if (R.Value > 1) StoreRow<D, W, N>(c10, c11, c12, c13, scales, product.AScales[1], init + initRow, c + cRow);
        if (R.Value > 2) StoreRow<D, W, N>(c20, c21, c22, c23, scales, product.AScales[2], init + 2 * initRow, c + 2 * cRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunRow<D, W, N>(float* init, in QuantizedProduct product, int columns, int column, float* c)
        where D : struct, IByteProducts<W>
        where W : struct
        where N : struct, ICount
    {
        int lanes = D.Lanes;
        int* offsets = product.BOffsets + column;
        W c0 = D.Start(offsets), c1 = D.Start(offsets + lanes), c2 = D.Start(offsets + 2 * lanes), c3 = D.Start(offsets + 3 * lanes);
        W c4 = D.Start(offsets + 4 * lanes), c5 = D.Start(offsets + 5 * lanes), c6 = default, c7 = default;
        if (N.Value > 6)
        {
            c6 = D.Start(offsets + 6 * lanes);
            c7 = D.Start(offsets + 7 * lanes);
        }
        byte* a = product.A;
        sbyte* b = product.B + column * QuantizedMatrix.GroupRows;
        nint vectorBytes = lanes * QuantizedMatrix.GroupRows, bStep = columns * QuantizedMatrix.GroupRows;
        for (int group = product.Groups; group > 0; group--)
        {
            W x = D.Repeat(a);
            c0 = D.MultiplyAdd(c0, x, D.Load(b));
            c1 = D.MultiplyAdd(c1, x, D.Load(b + vectorBytes));
            c2 = D.MultiplyAdd(c2, x, D.Load(b + 2 * vectorBytes));
            c3 = D.MultiplyAdd(c3, x, D.Load(b + 3 * vectorBytes));
            c4 = D.MultiplyAdd(c4, x, D.Load(b + 4 * vectorBytes));
            c5 = D.MultiplyAdd(c5, x, D.Load(b + 5 * vectorBytes));
            if (N.Value > 6)
            {
                c6 = D.MultiplyAdd(c6, x, D.Load(b + 6 * vectorBytes));
                c7 = D.MultiplyAdd(c7, x, D.Load(b + 7 * vectorBytes));
            }
            a += QuantizedMatrix.GroupRows;
            b += bStep;
        }
        float* scales = product.BScales + column;
        float scale = *product.AScales;
        init += column;
        c += column;
        StoreRow<D, W, Four>(c0, c1, c2, c3, scales, scale, init, c);
        StoreRow<D, W, Two>(c4, c5, default, default, scales + 4 * lanes, scale, init + 4 * lanes, c + 4 * lanes);
        if (N.Value > 6)
            StoreRow<D, W, Two>(c6, c7, default, default, scales + 6 * lanes, scale, init + 6 * lanes, c + 6 * lanes);
    }

    /// <summary>A row of four vectors: eight sums, of every other group each, wait for one another half as often as four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunRowOfFour<D, W>(float* init, in QuantizedProduct product, int columns, int column, float* c)
        where D : struct, IByteProducts<W>
        where W : struct
    {
        int lanes = D.Lanes;
        int* offsets = product.BOffsets + column;
        W c0 = D.Start(offsets), c1 = D.Start(offsets + lanes), c2 = D.Start(offsets + 2 * lanes), c3 = D.Start(offsets + 3 * lanes);
        W d0 = default, d1 = default, d2 = default, d3 = default;
        byte* a = product.A;
        sbyte* b = product.B + column * QuantizedMatrix.GroupRows;
        nint vectorBytes = lanes * QuantizedMatrix.GroupRows, bStep = columns * QuantizedMatrix.GroupRows;
        for (int pair = product.Groups / 2; pair > 0; pair--)
        {
            W x = D.Repeat(a), y = D.Repeat(a + QuantizedMatrix.GroupRows);
            sbyte* next = b + bStep;
            c0 = D.MultiplyAdd(c0, x, D.Load(b));
            c1 = D.MultiplyAdd(c1, x, D.Load(b + vectorBytes));
            c2 = D.MultiplyAdd(c2, x, D.Load(b + 2 * vectorBytes));
            c3 = D.MultiplyAdd(c3, x, D.Load(b + 3 * vectorBytes));
            d0 = D.MultiplyAdd(d0, y, D.Load(next));
            d1 = D.MultiplyAdd(d1, y, D.Load(next + vectorBytes));
            d2 = D.MultiplyAdd(d2, y, D.Load(next + 2 * vectorBytes));
            d3 = D.MultiplyAdd(d3, y, D.Load(next + 3 * vectorBytes));
            a += 2 * QuantizedMatrix.GroupRows;
            b = next + bStep;
        }
        if (product.Groups % 2 != 0)
        {
            W x = D.Repeat(a);
            c0 = D.MultiplyAdd(c0, x, D.Load(b));
            c1 = D.MultiplyAdd(c1, x, D.Load(b + vectorBytes));
            c2 = D.MultiplyAdd(c2, x, D.Load(b + 2 * vectorBytes));
            c3 = D.MultiplyAdd(c3, x, D.Load(b + 3 * vectorBytes));
        }
        StoreRow<D, W, Four>(D.Add(c0, d0), D.Add(c1, d1), D.Add(c2, d2), D.Add(c3, d3), product.BScales + column, *product.AScales,
            init + column, c + column);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<D, W, N>(W c0, W c1, W c2, W c3, float* scales, float scale, float* init, float* c)
        where D : struct, IByteProducts<W>
        where W : struct
        where N : struct, ICount
    {
        int lanes = D.Lanes;
        D.Store(c0, scales, scale, init, c);
        if (N.Value > 1) D.Store(c1, scales + lanes, scale, init + lanes, c + lanes);
        if (N.Value > 2) D.Store(c2, scales + 2 * lanes, scale, init + 2 * lanes, c + 2 * lanes);
        if (N.Value > 3) D.Store(c3, scales + 3 * lanes, scale, init + 3 * lanes, c + 3 * lanes);
    }

    private static bool UsesVnni<S, V>()
        where S : struct, ISimd<V>
        where V : struct
        => S.Lanes >= VnniBytes.Lanes && AvxVnni.IsSupported;
}
