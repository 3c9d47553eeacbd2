using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// The kernels for one vector width. A call does the work of a step or of a matrix, beside which its dispatch costs nothing.
/// </summary>
internal abstract unsafe class CpuKernels
{
    private protected CpuKernels(string name, int lanes)
    {
        Name = name;
        Lanes = lanes;
    }

    /// <summary>The kernels for the widest vectors of this machine.</summary>
    public static CpuKernels Best => Available[0];

    /// <summary>All kernels that this machine can run, the widest first.</summary>
    public static IReadOnlyList<CpuKernels> Available { get; } = Detect();

    public string Name { get; }

    /// <summary>Floats in a vector.</summary>
    public int Lanes { get; }

    /// <summary>A number of floats rounded up to whole vectors.</summary>
    public int RoundUp(int length) => (length + Lanes - 1) / Lanes * Lanes;

    /// <summary>x·W + b of <paramref name="rows"/> rows, as a <see cref="CellStep"/> without x starts from.</summary>
    public abstract void InputProducts(in PackedCell cell, int rows, float* x, nint xRow, float* gates);

    /// <summary>h, c and the activated gates of one step.</summary>
    public abstract void Forward(in PackedCell cell, in CellStep step);

    /// <summary>The gradients of one step's products (in place of the gates), of the previous h and of the previous c.</summary>
    public abstract void Backward(in PackedCell cell, in CellStep step);

    /// <summary>
    /// C += A·B for <paramref name="rows"/> rows of A and a packed B of [<paramref name="depth"/> x <paramref name="vectors"/> vectors].
    /// </summary>
    public void MultiplyAdd(int rows, float* a, nint aRow, int depth, float* packedB, int vectors, float* c, nint cRow)
        => Multiply(rows, a, aRow, depth, packedB, vectors, c, cRow, c, cRow);

    /// <summary>
    /// C = init + A·B for <paramref name="rows"/> rows of A and a packed B of [<paramref name="depth"/> x <paramref name="vectors"/>
    /// vectors]. Row m of init is at <c>init[m·initRow]</c>: a bias with initRow 0, C itself, or null for zero.
    /// </summary>
    public abstract void Multiply(
        int rows, float* a, nint aRow, int depth, float* packedB, int vectors, float* init, nint initRow, float* c, nint cRow);

    /// <summary>
    /// C = (C +) Aᵀ·B, for <paramref name="depth"/> rows of A, <paramref name="width"/> wide, and of a panel of B. C is a
    /// contiguous panel of <paramref name="width"/> rows.
    /// </summary>
    public void MultiplyTransposed(
        int width, float* a, nint aRow, int depth, float* panel, nint panelRow, int vectors, float* c, bool accumulate)
        => MultiplyRows(width, a, 1, aRow, depth, panel, panelRow, vectors, c, vectors * Lanes, accumulate);

    /// <summary>
    /// C = (C +) A·B for a B whose <paramref name="depth"/> rows of <paramref name="vectors"/> vectors are not packed, such as the steps of
    /// a sequence. Element (m, k) of A is <c>a[m·aRow + k·aStep]</c>.
    /// </summary>
    public abstract void MultiplyRows(
        int rows, float* a, nint aRow, nint aStep, int depth, float* b, nint bRow, int vectors, float* c, nint cRow, bool accumulate);

    /// <summary>The products of a vector x with each of <paramref name="rows"/> rows of <paramref name="vectors"/> vectors.</summary>
    public abstract void DotRows(int rows, float* a, nint aRow, int vectors, float* x, float* products);

    /// <summary>
    /// Copies <paramref name="vectors"/> vectors of <paramref name="rows"/> rows into a contiguous panel and adds the rows to
    /// <paramref name="sums"/>.
    /// </summary>
    public abstract void PackRows(int rows, float* source, nint sourceRow, int vectors, float* panel, float* sums);

    /// <summary>tanh(x) in place of x, <paramref name="length"/> floats that are whole vectors.</summary>
    public abstract void Tanh(int length, float* x);

    /// <summary>
    /// dy∘(1 − y²) in place of dy: the gradient of x from the gradient of y = tanh(x), <paramref name="length"/> floats that are whole
    /// vectors.
    /// </summary>
    public abstract void TanhGradient(int length, float* y, float* dy);

    /// <summary>A convolution over steps, of some rows.</summary>
    public abstract void Convolve(ReadOnlySpan<RowSpan> rows, in ConvolutionPass pass);

    /// <inheritdoc cref="NormalizationKernel{S, V}.Moments"/>
    public abstract void Moments(int rows, int width, float* y, float* means, float* squares);

    /// <inheritdoc cref="NormalizationKernel{S, V}.Rectify"/>
    public abstract void Rectify(int rows, int width, float* y, float* scale, float* shift, float* z);

    /// <inheritdoc cref="NormalizationKernel{S, V}.RectifierGradient"/>
    public abstract void RectifierGradient(int rows, int width, float* y, float* z, float* mean, float* dz, float* sums, float* products);

    /// <inheritdoc cref="NormalizationKernel{S, V}.InputGradient"/>
    public abstract void InputGradient(int rows, int width, float* y, in NormalizationGradient gradient, float* d);

    /// <inheritdoc cref="NormalizationKernel{S, V}.Mean"/>
    public abstract void Mean(int rows, int width, float* z, float* means);

    /// <summary>
    /// e^(x − <paramref name="largest"/>) in place of each x, and their sum; no x may be above <paramref name="largest"/>.
    /// </summary>
    public abstract double Exponentials(Span<float> x, float largest);

    private static CpuKernels[] Detect()
    {
        var available = new List<CpuKernels>();
        if (Vector512.IsHardwareAccelerated && Avx512DQ.IsSupported)
            available.Add(new CpuKernels<Simd512, Vector512<float>>("Vector512"));
        if (Vector256.IsHardwareAccelerated && Fma.IsSupported)
            available.Add(new CpuKernels<Simd256, Vector256<float>>("Vector256"));
        if (Vector128.IsHardwareAccelerated && (Sse41.IsSupported || AdvSimd.IsSupported))
            available.Add(new CpuKernels<Simd128, Vector128<float>>("Vector128"));
        available.Add(new CpuKernels<SimdScalar, float>("Scalar"));
        return [.. available];
    }
}

/// <summary>The kernels for the vectors <typeparamref name="V"/> with the operations <typeparamref name="S"/>.</summary>
/// <remarks>
/// What loops over rows is optimized from the first call on. The runtime would replace its first, slow code only after many calls and a
/// pause without new methods, seconds into a training.
/// </remarks>
internal sealed unsafe class CpuKernels<S, V>(string name) : CpuKernels(name, S.Lanes)
    where S : struct, ISimd<V>
    where V : struct
{
    private const int MaxPanelDepth = 2048;

    // Up to this many exponentials are summed in float; their sums are summed in double, to keep the digits of thousands of them.
    private const int ExponentialsOfSum = 1024;

    private static readonly CellKernel[] CellKernels = [.. CellDescription.All.Select(cell => cell.CreateKernel<S, V>())];
    private static readonly FloatBuffer Zeros = new(GemmTile.MaxVectors * S.Lanes);

    public override void InputProducts(in PackedCell cell, int rows, float* x, nint xRow, float* gates)
        => KernelOf(cell).InputProducts(cell, rows, x, xRow, gates);

    public override void Forward(in PackedCell cell, in CellStep step) => KernelOf(cell).Forward(cell, step);

    public override void Backward(in PackedCell cell, in CellStep step)
    {
        KernelOf(cell).Backward(cell, step);
        CellLayout layout = cell.Layout;
        float* sum = step.DHDropped == null ? step.DH : null;
        float* result = step.DHDropped == null ? step.DH : step.DHDropped;
        Multiply(step.Carried, step.Gates, layout.GateWidth, layout.GateWidth, cell.HiddenTransposed, layout.Blocks,
            sum, layout.PaddedSize, result, layout.PaddedSize, step.NextGates, step.NextLength);
    }

    public override void Multiply(
        int rows, float* a, nint aRow, int depth, float* packedB, int vectors, float* init, nint initRow, float* c, nint cRow)
        => Multiply(rows, a, aRow, depth, packedB, vectors, init, initRow, c, cRow, next: null, nextLength: 0);

    /// <summary>The product, while the next part of a large B is fetched, or otherwise the memory that comes next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(int rows, float* a, nint aRow, int depth, float* packedB, int vectors, float* init, nint initRow,
        float* c, nint cRow, float* next, int nextLength)
    {
        int rowTiles = Parts(rows, S.TileRows);
        int tile = 0, tiles = Parts(vectors, GemmTile.MaxVectors) * Parts(depth, MaxPanelDepth) * rowTiles;
        float* endOfB = packedB + (long)vectors * S.Lanes * depth;
        bool fetchesB = rowTiles > 1 && endOfB - packedB >= FetchedAhead.LargeWeights;
        for (int v = 0; v < vectors; v += GemmTile.MaxVectors)
        {
            int panelVectors = Math.Min(GemmTile.MaxVectors, vectors - v);
            float* panel = packedB + (long)v * S.Lanes * depth;
            float* from = init == null ? Zeros.Pointer : init + v * S.Lanes;
            nint fromRow = init == null ? 0 : initRow;
            // A part of a panel that all rows go through while it stays in the second-level cache.
            for (int k = 0; k == 0 || k < depth; k += MaxPanelDepth)
            {
                int partDepth = Math.Min(MaxPanelDepth, depth - k);
                int partLength = partDepth * panelVectors * S.Lanes;
                float* part = panel + (long)k * panelVectors * S.Lanes, nextPart = part + partLength;
                for (int row = 0; row < rows; tile++)
                {
                    int tileRows = GemmTile.NextRows<S, V>(rows - row);
                    FetchedAhead ahead = fetchesB
                        ? new(nextPart, Math.Min(partLength, endOfB - nextPart), tile % rowTiles, rowTiles, partDepth)
                        : new(next, nextLength, tile, tiles, partDepth);
                    var product = new Product(a + row * aRow + k, aRow, 1, part, panelVectors * S.Lanes, partDepth, ahead);
                    GemmTile.Run<S, V>(tileRows, panelVectors, from + row * fromRow, fromRow, product, default,
                        c + row * cRow + v * S.Lanes, cRow);
                    row += tileRows;
                }
                from = c + v * S.Lanes;
                fromRow = cRow;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void MultiplyRows(
        int rows, float* a, nint aRow, nint aStep, int depth, float* b, nint bRow, int vectors, float* c, nint cRow, bool accumulate)
    {
        for (int v = 0; v < vectors; v += GemmTile.MaxVectors)
        {
            int panelVectors = Math.Min(GemmTile.MaxVectors, vectors - v);
            for (int row = 0; row < rows;)
            {
                int tileRows = GemmTile.NextRows<S, V>(rows - row);
                float* tile = c + row * cRow + v * S.Lanes;
                var product = new Product(a + row * aRow, aRow, aStep, b + v * S.Lanes, bRow, depth);
                GemmTile.Run<S, V>(tileRows, panelVectors, accumulate ? tile : Zeros.Pointer, accumulate ? cRow : 0, product, default,
                    tile, cRow);
                row += tileRows;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void DotRows(int rows, float* a, nint aRow, int vectors, float* x, float* products)
    {
        // Four rows, so that a product need not wait for the one before; each row's sum is the same whatever rows are beside it.
        for (; rows >= 4; rows -= 4, a += 4 * aRow, products += 4)
        {
            V sum0 = S.Create(0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
            for (int i = 0; i < vectors * S.Lanes; i += S.Lanes)
            {
                V y = S.Load(x + i);
                sum0 = S.MultiplyAdd(S.Load(a + i), y, sum0);
                sum1 = S.MultiplyAdd(S.Load(a + aRow + i), y, sum1);
                sum2 = S.MultiplyAdd(S.Load(a + 2 * aRow + i), y, sum2);
                sum3 = S.MultiplyAdd(S.Load(a + 3 * aRow + i), y, sum3);
            }
            products[0] = S.Sum(sum0);
            products[1] = S.Sum(sum1);
            products[2] = S.Sum(sum2);
            products[3] = S.Sum(sum3);
        }
        for (; rows > 0; rows--, a += aRow, products++)
        {
            V sum = S.Create(0f);
            for (int i = 0; i < vectors * S.Lanes; i += S.Lanes)
                sum = S.MultiplyAdd(S.Load(a + i), S.Load(x + i), sum);
            products[0] = S.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void PackRows(int rows, float* source, nint sourceRow, int vectors, float* panel, float* sums)
    {
        int lanes = S.Lanes;
        for (int v = 0; v < vectors; v++)
        {
            V sum = S.Load(sums + v * lanes);
            for (int row = 0; row < rows; row++)
            {
                V value = S.Load(source + row * sourceRow + v * lanes);
                S.Store(value, panel + (row * vectors + v) * lanes);
                sum = S.Add(sum, value);
            }
            S.Store(sum, sums + v * lanes);
        }
    }

    public override void Tanh(int length, float* x)
    {
        for (int i = 0; i < length; i += S.Lanes)
            S.Store(Activations.Tanh<S, V>(S.Load(x + i)), x + i);
    }

    public override void TanhGradient(int length, float* y, float* dy)
    {
        for (int i = 0; i < length; i += S.Lanes)
        {
            V value = S.Load(y + i);
            S.Store(S.Multiply(S.Load(dy + i), S.Subtract(S.Create(1f), S.Multiply(value, value))), dy + i);
        }
    }

    public override void Convolve(ReadOnlySpan<RowSpan> rows, in ConvolutionPass pass) => ConvolutionKernel<S, V>.Run(rows, pass);

    public override void Moments(int rows, int width, float* y, float* means, float* squares)
        => NormalizationKernel<S, V>.Moments(rows, width, y, means, squares);

    public override void Rectify(int rows, int width, float* y, float* scale, float* shift, float* z)
        => NormalizationKernel<S, V>.Rectify(rows, width, y, scale, shift, z);

    public override void RectifierGradient(int rows, int width, float* y, float* z, float* mean, float* dz, float* sums, float* products)
        => NormalizationKernel<S, V>.RectifierGradient(rows, width, y, z, mean, dz, sums, products);

    public override void InputGradient(int rows, int width, float* y, in NormalizationGradient gradient, float* d)
        => NormalizationKernel<S, V>.InputGradient(rows, width, y, gradient, d);

    public override void Mean(int rows, int width, float* z, float* means) => NormalizationKernel<S, V>.Mean(rows, width, z, means);

    public override double Exponentials(Span<float> x, float largest)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i += ExponentialsOfSum)
            sum += ExponentialsOfBlock(x.Slice(i, Math.Min(ExponentialsOfSum, x.Length - i)), largest);
        return sum;
    }

    private static int Parts(int length, int most) => (length + most - 1) / most;

    private static CellKernel KernelOf(in PackedCell cell) => CellKernels[(int)cell.Layout.Cell.Type];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float ExponentialsOfBlock(Span<float> x, float largest)
    {
        float* lanes = stackalloc float[S.Lanes];
        int vectors = x.Length - x.Length % S.Lanes;
        fixed (float* first = x)
        {
            V sums = S.Create(0f);
            for (int i = 0; i < vectors; i += S.Lanes)
            {
                V e = Activations.PowerOfTwo<S, V>(
                    S.Multiply(S.Subtract(S.Load(first + i), S.Create(largest)), S.Create(Activations.NaturalExponent)));
                S.Store(e, first + i);
                sums = S.Add(sums, e);
            }
            S.Store(sums, lanes);
        }
        float sum = 0;
        for (int i = 0; i < S.Lanes; i++)
            sum += lanes[i];
        foreach (ref float value in x[vectors..])
        {
            value = Activations.PowerOfTwo<SimdScalar, float>((value - largest) * Activations.NaturalExponent);
            sum += value;
        }
        return sum;
    }
}
