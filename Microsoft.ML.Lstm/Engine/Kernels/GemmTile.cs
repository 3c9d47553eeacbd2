using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// The operands of a product A·B that a tile adds up. Element (m, k) of A is <c>A[m·ARow + k·AStep]</c>, so A may be a
/// matrix (ARow its stride, AStep 1) or a transposed one (ARow 1, AStep its stride). Row k of the panel of B is the
/// contiguous vectors at <c>B[k·BStep]</c>.
/// </summary>
internal readonly unsafe struct Product(float* a, nint aRow, nint aStep, float* b, nint bStep, int depth, FetchedAhead ahead = default)
{
    public readonly float* A = a;
    public readonly nint ARow = aRow;
    public readonly nint AStep = aStep;
    public readonly float* B = b;
    public readonly nint BStep = bStep;

    /// <summary>K: the length of the sum; 0 for no product at all.</summary>
    public readonly int Depth = depth;

    /// <summary>Memory that will be used soon, to be fetched meanwhile.</summary>
    public readonly FetchedAhead Ahead = ahead;
}

/// <summary>A share of the memory that is read next, which a tile fetches into the second-level cache while it is summed.</summary>
/// <remarks>
/// Either all tiles of a step share the gates of the step that comes next, or, where there are <see cref="LargeWeights"/>, the tiles of a
/// panel share the panel that comes next: its first tile would otherwise wait for it, as long as all tiles take. A step of a sum fetches a
/// line at the most, so two or three tiles fetch a half or three quarters of a panel.
/// </remarks>
internal readonly unsafe struct FetchedAhead
{
    /// <summary>
    /// From as many weights on (1.5 MB) panels are fetched. A second-level cache, of 1 or 2 MB, keeps fewer of them for the next step, and
    /// fetching what is there already takes up to a tenth of a small step's time.
    /// </summary>
    public const int LargeWeights = 3 << 17;

    /// <param name="first">The memory; null for none.</param>
    /// <param name="length">Floats of it.</param>
    /// <param name="tile">The number of the tile.</param>
    /// <param name="tiles">The number of tiles.</param>
    /// <param name="depth">The steps of a tile's sum.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FetchedAhead(float* first, long length, int tile, int tiles, int depth)
    {
        if (first == null || length <= 0 || tile >= tiles)
            return;
        First = first + length * tile / tiles;
        Step = (nint)(length / tiles + depth - 1) / depth;
    }

    private FetchedAhead(float* first, nint step)
    {
        First = first;
        Step = step;
    }

    /// <summary>Where the share begins; null for none.</summary>
    public float* First { get; }

    /// <summary>Floats to fetch at each step of the sum.</summary>
    public nint Step { get; }

    /// <summary>What comes after some steps of the sum.</summary>
    public FetchedAhead After(int steps) => First == null ? default : new(First + steps * Step, Step);
}

/// <summary>
/// The register tile under all matrix products: C = init + A₁·B₁ + A₂·B₂ for up to 6 rows and 4 vectors of columns.
/// </summary>
/// <remarks>
/// The accumulators, 24 at the largest, stay in registers for the whole sum; a step of it loads a row of the panel of B (up to 4 vectors,
/// contiguous) and broadcasts one element of A a row. Two products in one tile let x·W and h·U meet in registers. Each element is summed
/// over k from first to last whatever the tile's size, so the result of a row does not depend on which rows are computed beside it or on
/// which thread. Sizes are type arguments, so the code of a small tile has nothing of a larger one.
/// </remarks>
internal static unsafe class GemmTile
{
    public const int MaxRows = 6;
    public const int MaxVectors = 4;

    // A machine with 16 registers has room for 12 accumulators, an element of each of 3 rows of A, and one vector of B at a time; with all
    // four vectors of B in registers the last accumulator would go through memory at each step of the sum, at half the speed.
    private const int MaxRowsOfFewRegisters = 3;

    /// <summary>
    /// Rows of the next tile when <paramref name="left"/> rows remain. They are divided evenly among tiles, since a tile of one or two
    /// rows takes as long as the panel of B takes to arrive.
    /// </summary>
    public static int NextRows<S, V>(int left)
        where S : struct, ISimd<V>
        where V : struct
    {
        int tiles = (left + S.TileRows - 1) / S.TileRows;
        return (left + tiles - 1) / tiles;
    }

    /// <summary>Computes one tile of <paramref name="rows"/> x <paramref name="vectors"/>.</summary>
    /// <param name="rows">Rows of the tile, 1 to <see cref="MaxRows"/>.</param>
    /// <param name="vectors">Vectors of columns, 1 to <see cref="MaxVectors"/>.</param>
    /// <param name="init">The start of the sums, row m at <c>init[m·initRow]</c>: a bias with initRow 0, or C itself to add to it.</param>
    /// <param name="initRow">The stride of <paramref name="init"/>.</param>
    /// <param name="first">The first product.</param>
    /// <param name="second">The second product, of depth 0 when there is none.</param>
    /// <param name="c">The result, row m at <c>c[m·cRow]</c>.</param>
    /// <param name="cRow">The stride of <paramref name="c"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<S, V>(int rows, int vectors, float* init, nint initRow, in Product first, in Product second, float* c, nint cRow)
        where S : struct, ISimd<V>
        where V : struct
    {
        switch (vectors)
        {
            case 4: RunRows<S, V, Four>(rows, init, initRow, first, second, c, cRow); break;
            case 3: RunRows<S, V, Three>(rows, init, initRow, first, second, c, cRow); break;
            case 2: RunRows<S, V, Two>(rows, init, initRow, first, second, c, cRow); break;
            default: RunRows<S, V, One>(rows, init, initRow, first, second, c, cRow); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunRows<S, V, N>(int rows, float* init, nint initRow, in Product first, in Product second, float* c, nint cRow)
        where S : struct, ISimd<V>
        where V : struct
        where N : struct, ICount
    {
        switch (rows)
        {
            case 6: Run<S, V, Six, N>(init, initRow, first, second, c, cRow); break;
            case 5: Run<S, V, Five, N>(init, initRow, first, second, c, cRow); break;
            case 4: Run<S, V, Four, N>(init, initRow, first, second, c, cRow); break;
            case 3: Run<S, V, Three, N>(init, initRow, first, second, c, cRow); break;
            case 2: Run<S, V, Two, N>(init, initRow, first, second, c, cRow); break;
            default: Run<S, V, One, N>(init, initRow, first, second, c, cRow); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<S, V, R, N>(float* init, nint initRow, in Product first, in Product second, float* c, nint cRow)
        where S : struct, ISimd<V>
        where V : struct
        where R : struct, ICount
        where N : struct, ICount
    {
        int lanes = S.Lanes;

        V c00 = default, c01 = default, c02 = default, c03 = default;
        V c10 = default, c11 = default, c12 = default, c13 = default;
        V c20 = default, c21 = default, c22 = default, c23 = default;
        V c30 = default, c31 = default, c32 = default, c33 = default;
        V c40 = default, c41 = default, c42 = default, c43 = default;
        V c50 = default, c51 = default, c52 = default, c53 = default;

        c00 = S.Load(init);
        if (N.Value > 1) c01 = S.Load(init + lanes);
        if (N.Value > 2) c02 = S.Load(init + 2 * lanes);
        if (N.Value > 3) c03 = S.Load(init + 3 * lanes);
        if (R.Value > 1)
        {
            c10 = S.Load(init + initRow);
            if (N.Value > 1) c11 = S.Load(init + initRow + lanes);
            if (N.Value > 2) c12 = S.Load(init + initRow + 2 * lanes);
            if (N.Value > 3) c13 = S.Load(init + initRow + 3 * lanes);
        }
        if (R.Value > 2)
        {
            c20 = S.Load(init + 2 * initRow);
            if (N.Value > 1) c21 = S.Load(init + 2 * initRow + lanes);
            if (N.Value > 2) c22 = S.Load(init + 2 * initRow + 2 * lanes);
            if (N.Value > 3) c23 = S.Load(init + 2 * initRow + 3 * lanes);
        }
        if (R.Value > 3)
        {
            c30 = S.Load(init + 3 * initRow);
            if (N.Value > 1) c31 = S.Load(init + 3 * initRow + lanes);
            if (N.Value > 2) c32 = S.Load(init + 3 * initRow + 2 * lanes);
            if (N.Value > 3) c33 = S.Load(init + 3 * initRow + 3 * lanes);
        }
        if (R.Value > 4)
        {
            c40 = S.Load(init + 4 * initRow);
            if (N.Value > 1) c41 = S.Load(init + 4 * initRow + lanes);
            if (N.Value > 2) c42 = S.Load(init + 4 * initRow + 2 * lanes);
            if (N.Value > 3) c43 = S.Load(init + 4 * initRow + 3 * lanes);
        }
        if (R.Value > 5)
        {
            c50 = S.Load(init + 5 * initRow);
            if (N.Value > 1) c51 = S.Load(init + 5 * initRow + lanes);
            if (N.Value > 2) c52 = S.Load(init + 5 * initRow + 2 * lanes);
            if (N.Value > 3) c53 = S.Load(init + 5 * initRow + 3 * lanes);
        }

        for (int product = 0; product < 2; product++)
        {
            ref readonly Product p = ref (product == 0 ? ref first : ref second);
            float* a = p.A;
            float* b = p.B;
            nint a1 = p.ARow, a2 = 2 * a1, a3 = 3 * a1, a4 = 4 * a1, a5 = 5 * a1;
            nint aStep = p.AStep, bStep = p.BStep, aheadStep = p.Ahead.Step;
            // Where there is nothing to fetch, a line of A, which is in the first-level cache: that costs nothing.
            float* ahead = p.Ahead.First == null ? a : p.Ahead.First;
            for (int k = p.Depth; k > 0 && S.TileRows <= MaxRowsOfFewRegisters; k--)
            {
                V x0 = S.Create(a[0]), x1 = default, x2 = default;
                if (R.Value > 1) x1 = S.Create(a[a1]);
                if (R.Value > 2) x2 = S.Create(a[a2]);

                V y = S.Load(b);
                c00 = S.MultiplyAdd(x0, y, c00);
                if (R.Value > 1) c10 = S.MultiplyAdd(x1, y, c10);
                if (R.Value > 2) c20 = S.MultiplyAdd(x2, y, c20);
                if (N.Value > 1)
                {
                    y = S.Load(b + lanes);
                    c01 = S.MultiplyAdd(x0, y, c01);
                    if (R.Value > 1) c11 = S.MultiplyAdd(x1, y, c11);
                    if (R.Value > 2) c21 = S.MultiplyAdd(x2, y, c21);
                }
                if (N.Value > 2)
                {
                    y = S.Load(b + 2 * lanes);
                    c02 = S.MultiplyAdd(x0, y, c02);
                    if (R.Value > 1) c12 = S.MultiplyAdd(x1, y, c12);
                    if (R.Value > 2) c22 = S.MultiplyAdd(x2, y, c22);
                }
                if (N.Value > 3)
                {
                    y = S.Load(b + 3 * lanes);
                    c03 = S.MultiplyAdd(x0, y, c03);
                    if (R.Value > 1) c13 = S.MultiplyAdd(x1, y, c13);
                    if (R.Value > 2) c23 = S.MultiplyAdd(x2, y, c23);
                }

                if (Sse.IsSupported)
                    Sse.Prefetch1(ahead);
                ahead += aheadStep;
                a += aStep;
                b += bStep;
            }
            for (int k = p.Depth; k > 0 && S.TileRows > MaxRowsOfFewRegisters; k--)
            {
                V b0 = S.Load(b), b1 = default, b2 = default, b3 = default;
                if (N.Value > 1) b1 = S.Load(b + lanes);
                if (N.Value > 2) b2 = S.Load(b + 2 * lanes);
                if (N.Value > 3) b3 = S.Load(b + 3 * lanes);

                V x0 = S.Create(a[0]);
                c00 = S.MultiplyAdd(x0, b0, c00);
                if (N.Value > 1) c01 = S.MultiplyAdd(x0, b1, c01);
                if (N.Value > 2) c02 = S.MultiplyAdd(x0, b2, c02);
                if (N.Value > 3) c03 = S.MultiplyAdd(x0, b3, c03);
                if (R.Value > 1)
                {
                    V x = S.Create(a[a1]);
                    c10 = S.MultiplyAdd(x, b0, c10);
                    if (N.Value > 1) c11 = S.MultiplyAdd(x, b1, c11);
                    if (N.Value > 2) c12 = S.MultiplyAdd(x, b2, c12);
                    if (N.Value > 3) c13 = S.MultiplyAdd(x, b3, c13);
                }
                if (R.Value > 2)
                {
                    V x = S.Create(a[a2]);
                    c20 = S.MultiplyAdd(x, b0, c20);
                    if (N.Value > 1) c21 = S.MultiplyAdd(x, b1, c21);
                    if (N.Value > 2) c22 = S.MultiplyAdd(x, b2, c22);
                    if (N.Value > 3) c23 = S.MultiplyAdd(x, b3, c23);
                }
                if (R.Value > 3)
                {
                    V x = S.Create(a[a3]);
                    c30 = S.MultiplyAdd(x, b0, c30);
                    if (N.Value > 1) c31 = S.MultiplyAdd(x, b1, c31);
                    if (N.Value > 2) c32 = S.MultiplyAdd(x, b2, c32);
                    if (N.Value > 3) c33 = S.MultiplyAdd(x, b3, c33);
                }
                if (R.Value > 4)
                {
                    V x = S.Create(a[a4]);
                    c40 = S.MultiplyAdd(x, b0, c40);
                    if (N.Value > 1) c41 = S.MultiplyAdd(x, b1, c41);
                    if (N.Value > 2) c42 = S.MultiplyAdd(x, b2, c42);
                    if (N.Value > 3) c43 = S.MultiplyAdd(x, b3, c43);
                }
                if (R.Value > 5)
                {
                    V x = S.Create(a[a5]);
                    c50 = S.MultiplyAdd(x, b0, c50);
                    if (N.Value > 1) c51 = S.MultiplyAdd(x, b1, c51);
                    if (N.Value > 2) c52 = S.MultiplyAdd(x, b2, c52);
                    if (N.Value > 3) c53 = S.MultiplyAdd(x, b3, c53);
                }

                if (Sse.IsSupported)
                    Sse.Prefetch1(ahead);
                ahead += aheadStep;
                a += aStep;
                b += bStep;
            }
        }

        S.Store(c00, c);
        if (N.Value > 1) S.Store(c01, c + lanes);
        if (N.Value > 2) S.Store(c02, c + 2 * lanes);
        if (N.Value > 3) S.Store(c03, c + 3 * lanes);
        if (R.Value > 1)
        {
            S.Store(c10, c + cRow);
            if (N.Value > 1) S.Store(c11, c + cRow + lanes);
            if (N.Value > 2) S.Store(c12, c + cRow + 2 * lanes);
            if (N.Value > 3) S.Store(c13, c + cRow + 3 * lanes);
        }
        if (R.Value > 2)
        {
            S.Store(c20, c + 2 * cRow);
            if (N.Value > 1) S.Store(c21, c + 2 * cRow + lanes);
            if (N.Value > 2) S.Store(c22, c + 2 * cRow + 2 * lanes);
            if (N.Value > 3) S.Store(c23, c + 2 * cRow + 3 * lanes);
        }
        if (R.Value > 3)
        {
            S.Store(c30, c + 3 * cRow);
            if (N.Value > 1) S.Store(c31, c + 3 * cRow + lanes);
            if (N.Value > 2) S.Store(c32, c + 3 * cRow + 2 * lanes);
            if (N.Value > 3) S.Store(c33, c + 3 * cRow + 3 * lanes);
        }
        if (R.Value > 4)
        {
            S.Store(c40, c + 4 * cRow);
            if (N.Value > 1) S.Store(c41, c + 4 * cRow + lanes);
            if (N.Value > 2) S.Store(c42, c + 4 * cRow + 2 * lanes);
            if (N.Value > 3) S.Store(c43, c + 4 * cRow + 3 * lanes);
        }
        if (R.Value > 5)
        {
            S.Store(c50, c + 5 * cRow);
            if (N.Value > 1) S.Store(c51, c + 5 * cRow + lanes);
            if (N.Value > 2) S.Store(c52, c + 5 * cRow + 2 * lanes);
            if (N.Value > 3) S.Store(c53, c + 5 * cRow + 3 * lanes);
        }
    }
}

/// <summary>A small number as a type argument, so that one source gives the JIT a kernel for every tile size.</summary>
internal interface ICount
{
    static abstract int Value { get; }
}

internal readonly struct One : ICount
{
    public static int Value => 1;
}

internal readonly struct Two : ICount
{
    public static int Value => 2;
}

internal readonly struct Three : ICount
{
    public static int Value => 3;
}

internal readonly struct Four : ICount
{
    public static int Value => 4;
}

internal readonly struct Five : ICount
{
    public static int Value => 5;
}

internal readonly struct Six : ICount
{
    public static int Value => 6;
}

internal readonly struct Eight : ICount
{
    public static int Value => 8;
}
