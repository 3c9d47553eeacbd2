using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// Sums of products of whole numbers of 8 bits, four to a lane of 32 bits, on vectors <typeparamref name="W"/>. All kinds give the same
/// sums: no product, and no sum on the way, is rounded or limited.
/// </summary>
internal interface IByteProducts<W>
    where W : struct
{
    /// <summary>Sums in a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>The byte that 0 is stored as among the numbers that weights are multiplied by.</summary>
    static abstract byte Zero { get; }

    /// <summary>What sums start from; <paramref name="offsets"/> count where 0 is not stored as 0.</summary>
    static abstract unsafe W Start(int* offsets);

    /// <summary>Four weights of each column.</summary>
    static abstract unsafe W Load(sbyte* weights);

    /// <summary>Four numbers of a row, for each column.</summary>
    static abstract unsafe W Repeat(byte* numbers);

    /// <summary>Adds the products of four numbers with four weights to the sum of each column.</summary>
    static abstract W MultiplyAdd(W sums, W numbers, W weights);

    /// <summary>The sums of two parts of the products.</summary>
    static abstract W Add(W a, W b);

    /// <summary>c = init + sums·scales·scale.</summary>
    static abstract unsafe void Store(W sums, float* scales, float scale, float* init, float* c);
}

internal static class ByteProducts
{
    /// <summary>The byte for 0 where numbers are stored as unsigned ones.</summary>
    public const byte UnsignedZero = 128;
}

/// <summary>Eight columns by AVX-VNNI, whose one instruction takes unsigned numbers and signed weights.</summary>
internal readonly struct VnniBytes : IByteProducts<Vector256<int>>
{
    public static int Lanes => 8;

    public static byte Zero => ByteProducts.UnsignedZero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> Start(int* offsets) => Vector256.Load(offsets);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> Load(sbyte* weights) => Vector256.Load((int*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> Repeat(byte* numbers) => Vector256.Create(*(int*)numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sums, Vector256<int> numbers, Vector256<int> weights)
        => AvxVnni.MultiplyWideningAndAdd(sums, numbers.AsByte(), weights.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector256<int> sums, float* scales, float scale, float* init, float* c)
        => (Vector256.Load(init) + Vector256.ConvertToSingle(sums) * (Vector256.Load(scales) * Vector256.Create(scale))).Store(c);
}

/// <summary>
/// Eight columns by AVX2. Its products take an unsigned number and a signed weight, and the sum of two must fit in 16 bits: the number
/// gives its sign to the weight.
/// </summary>
internal readonly struct Avx2Bytes : IByteProducts<Vector256<int>>
{
    public static int Lanes => 8;

    public static byte Zero => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> Start(int* offsets) => Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> Load(sbyte* weights) => Vector256.Load((int*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> Repeat(byte* numbers) => Vector256.Create(*(int*)numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sums, Vector256<int> numbers, Vector256<int> weights)
    {
        Vector256<sbyte> signed = Avx2.Sign(weights.AsSByte(), numbers.AsSByte());
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(Avx2.Abs(numbers.AsSByte()), signed);
        return sums + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector256<int> sums, float* scales, float scale, float* init, float* c)
        => VnniBytes.Store(sums, scales, scale, init, c);
}

/// <summary>
/// Four columns by the machine's instructions for 128 bits: those of Arm, or SSSE3's as <see cref="Avx2Bytes"/> uses them.
/// </summary>
internal readonly struct Bytes128 : IByteProducts<Vector128<int>>
{
    public static bool IsSupported => AdvSimd.Arm64.IsSupported || Ssse3.IsSupported;

    public static int Lanes => 4;

    public static byte Zero => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector128<int> Start(int* offsets) => Vector128<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector128<int> Load(sbyte* weights) => Vector128.Load((int*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector128<int> Repeat(byte* numbers) => Vector128.Create(*(int*)numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd(Vector128<int> sums, Vector128<int> numbers, Vector128<int> weights)
    {
        if (Dp.IsSupported)
            return Dp.DotProduct(sums, weights.AsSByte(), numbers.AsSByte());
        if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<short> lower = AdvSimd.MultiplyWideningLower(weights.AsSByte().GetLower(), numbers.AsSByte().GetLower());
            Vector128<short> upper = AdvSimd.MultiplyWideningUpper(weights.AsSByte(), numbers.AsSByte());
            return sums + AdvSimd.Arm64.AddPairwise(AdvSimd.AddPairwiseWidening(lower), AdvSimd.AddPairwiseWidening(upper));
        }
        Vector128<sbyte> signed = Ssse3.Sign(weights.AsSByte(), numbers.AsSByte());
        Vector128<short> pairs = Ssse3.MultiplyAddAdjacent(Ssse3.Abs(numbers.AsSByte()), signed);
        return sums + Sse2.MultiplyAddAdjacent(pairs, Vector128<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector128<int> sums, float* scales, float scale, float* init, float* c)
        => (Vector128.Load(init) + Vector128.ConvertToSingle(sums) * (Vector128.Load(scales) * Vector128.Create(scale))).Store(c);
}

/// <summary>One column: right answers where the machine has no vectors.</summary>
internal readonly struct ScalarBytes : IByteProducts<int>
{
    public static int Lanes => 1;

    public static byte Zero => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int Start(int* offsets) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int Load(sbyte* weights) => *(int*)weights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int Repeat(byte* numbers) => *(int*)numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyAdd(int sums, int numbers, int weights)
        => sums + (sbyte)numbers * (sbyte)weights + (sbyte)(numbers >> 8) * (sbyte)(weights >> 8)
            + (sbyte)(numbers >> 16) * (sbyte)(weights >> 16) + (numbers >> 24) * (weights >> 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(int a, int b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(int sums, float* scales, float scale, float* init, float* c) => *c = *init + sums * (*scales * scale);
}
