using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// The vector operations that the kernels are written in, once for all widths: <typeparamref name="V"/> holds
/// <see cref="Lanes"/> floats. A kernel is generic over the implementing struct, so the JIT compiles each width by itself
/// with every call inlined.
/// </summary>
internal interface ISimd<V>
    where V : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>
    /// Rows of the matrix product's register tile: as many as keep its accumulators (rows x 4) in the machine's registers,
    /// with some left for B and A to pass through.
    /// </summary>
    static abstract int TileRows { get; }

    static abstract unsafe V Load(float* source);

    static abstract unsafe void Store(V value, float* destination);

    static abstract V Create(float value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    /// <summary>The larger of value and 0; NaN stays NaN.</summary>
    static abstract V Positive(V value);

    /// <summary><paramref name="value"/> where <paramref name="condition"/> is above 0, else 0.</summary>
    static abstract V WherePositive(V condition, V value);

    /// <summary>
    /// <paramref name="value"/>, or 0 where it is smaller than <see cref="FloatFormat.LeastGradient"/>; NaN stays NaN.
    /// </summary>
    static abstract V WithoutTraces(V value);

    /// <summary>1 / value for normal numbers, within two units in the last place.</summary>
    static abstract V Reciprocal(V value);

    /// <summary>a·b + c, rounded once where the machine can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>c − a·b, rounded once where the machine can.</summary>
    static abstract V NegatedMultiplyAdd(V a, V b, V c);

    /// <summary>
    /// <paramref name="x"/>, at most <paramref name="max"/> and not below the range of <see cref="Fraction"/> and
    /// <see cref="Scale"/>; NaN stays NaN (x86 returns the second operand when one is NaN, Arm the NaN).
    /// </summary>
    static abstract V LimitExponent(V x, V max);

    /// <summary>x − ⌊x⌋ of a limited exponent.</summary>
    static abstract V Fraction(V x);

    /// <summary>value·2^⌊exponent⌋, for values from 1 to 2 and limited exponents.</summary>
    static abstract V Scale(V value, V exponent);

    /// <summary>The sum of all lanes.</summary>
    static abstract float Sum(V value);

    /// <summary>The larger of two magnitudes, of which the first is not negative; NaN is larger than anything.</summary>
    static abstract V LargerMagnitude(V magnitude, V value);

    /// <summary>The largest of all lanes, none of which is negative; NaN is larger than anything.</summary>
    static abstract float Largest(V magnitudes);

    /// <summary>Stores the lowest byte of each lane's bits.</summary>
    static abstract unsafe void StoreLowBytes(V value, byte* destination);
}

/// <summary>Sixteen lanes: AVX-512.</summary>
internal readonly struct Simd512 : ISimd<Vector512<float>>
{
    private const byte RoundDown = 1;

    public static int Lanes => 16;

    // 32 registers: 24 accumulators, 4 of B, 1 of A.
    public static int TileRows => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector512<float> value, float* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Create(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Positive(Vector512<float> value) => Vector512.MaxNative(Vector512<float>.Zero, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WherePositive(Vector512<float> condition, Vector512<float> value)
        => Vector512.GreaterThan(condition, Vector512<float>.Zero) & value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WithoutTraces(Vector512<float> value)
        => Vector512.AndNot(value, Vector512.LessThan(Vector512.Abs(value), Vector512.Create(FloatFormat.LeastGradient)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Reciprocal(Vector512<float> value)
    {
        // An estimate of 14 bits and one step of Newton's method, at a third of a division's time. Narrower vectors have only an
        // estimate of 12 bits, which one step leaves a little below the quotient: they divide.
        Vector512<float> estimate = Avx512F.Reciprocal14(value);
        return MultiplyAdd(estimate, NegatedMultiplyAdd(value, estimate, Vector512<float>.One), estimate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c)
        => Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> NegatedMultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c)
        => Avx512F.FusedMultiplyAddNegated(a, b, c);

    // The two instructions below take infinities too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LimitExponent(Vector512<float> x, Vector512<float> max) => Vector512.MinNative(max, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Fraction(Vector512<float> x) => Avx512DQ.Reduce(x, RoundDown);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(Vector512<float> value, Vector512<float> exponent) => Avx512F.Scale(value, exponent);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> value) => Vector512.Sum(value);

    // As whole numbers: the bits of floats without a sign are in the order of their values, those of NaN above infinity's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LargerMagnitude(Vector512<float> magnitude, Vector512<float> value)
        => Vector512.Max(magnitude.AsInt32(), Vector512.Abs(value).AsInt32()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector512<float> magnitudes)
        => Simd256.Largest(Vector256.Max(magnitudes.GetLower().AsInt32(), magnitudes.GetUpper().AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreLowBytes(Vector512<float> value, byte* destination)
        => Avx512F.ConvertToVector128Byte(value.AsUInt32()).Store(destination);
}

/// <summary>Eight lanes: AVX2 with FMA.</summary>
internal readonly struct Simd256 : ISimd<Vector256<float>>
{
    public static int Lanes => 8;

    // 16 registers: 12 accumulators, 3 of A, 1 of B.
    public static int TileRows => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector256<float> value, float* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Create(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Positive(Vector256<float> value) => Vector256.MaxNative(Vector256<float>.Zero, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WherePositive(Vector256<float> condition, Vector256<float> value)
        => Vector256.GreaterThan(condition, Vector256<float>.Zero) & value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WithoutTraces(Vector256<float> value)
        => Vector256.AndNot(value, Vector256.LessThan(Vector256.Abs(value), Vector256.Create(FloatFormat.LeastGradient)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Reciprocal(Vector256<float> value) => Vector256<float>.One / value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c)
        => Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> NegatedMultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c)
        => Fma.MultiplyAddNegated(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LimitExponent(Vector256<float> x, Vector256<float> max)
        => Vector256.MinNative(max, Vector256.MaxNative(Vector256.Create(FloatFormat.MinExponent), x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fraction(Vector256<float> x) => x - Vector256.Floor(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale(Vector256<float> value, Vector256<float> exponent)
        => (value.AsInt32() + Vector256.ShiftLeft(Vector256.ConvertToInt32Native(Vector256.Floor(exponent)), FloatFormat.MantissaBits))
            .AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value) => Vector256.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LargerMagnitude(Vector256<float> magnitude, Vector256<float> value)
        => Vector256.Max(magnitude.AsInt32(), Vector256.Abs(value).AsInt32()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector256<float> magnitudes)
        => Simd128.Largest(Vector128.Max(magnitudes.GetLower().AsInt32(), magnitudes.GetUpper().AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreLowBytes(Vector256<float> value, byte* destination)
    {
        Simd128.StoreLowBytes(value.GetLower(), destination);
        Simd128.StoreLowBytes(value.GetUpper(), destination + Simd128.Lanes);
    }
}

/// <summary>Four lanes: Arm's AdvSimd, or SSE.</summary>
internal readonly struct Simd128 : ISimd<Vector128<float>>
{
    public static int Lanes => 4;

    // Arm has 32 registers, x86 without AVX-512 has 16.
    public static int TileRows => AdvSimd.IsSupported ? 6 : 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector128<float> value, float* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Create(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Positive(Vector128<float> value) => Vector128.MaxNative(Vector128<float>.Zero, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WherePositive(Vector128<float> condition, Vector128<float> value)
        => Vector128.GreaterThan(condition, Vector128<float>.Zero) & value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WithoutTraces(Vector128<float> value)
        => Vector128.AndNot(value, Vector128.LessThan(Vector128.Abs(value), Vector128.Create(FloatFormat.LeastGradient)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Reciprocal(Vector128<float> value) => Vector128<float>.One / value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c)
        => Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> NegatedMultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c)
        => Vector128.MultiplyAddEstimate(-a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LimitExponent(Vector128<float> x, Vector128<float> max)
        => Vector128.MinNative(max, Vector128.MaxNative(Vector128.Create(FloatFormat.MinExponent), x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fraction(Vector128<float> x) => x - Vector128.Floor(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Scale(Vector128<float> value, Vector128<float> exponent)
        => (value.AsInt32() + Vector128.ShiftLeft(Vector128.ConvertToInt32Native(Vector128.Floor(exponent)), FloatFormat.MantissaBits))
            .AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> value) => Vector128.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LargerMagnitude(Vector128<float> magnitude, Vector128<float> value)
        => Vector128.Max(magnitude.AsInt32(), Vector128.Abs(value).AsInt32()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector128<float> magnitudes)
    {
        Vector128<int> two = Vector128.Max(magnitudes.AsInt32(), Vector128.Shuffle(magnitudes.AsInt32(), Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).AsSingle().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreLowBytes(Vector128<float> value, byte* destination)
        => *(int*)destination = Vector128.Shuffle(value.AsByte(),
            Vector128.Create((byte)0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12)).AsInt32().ToScalar();
}

/// <summary>One lane: right answers where the machine has no vectors.</summary>
internal readonly struct SimdScalar : ISimd<float>
{
    public static int Lanes => 1;

    public static int TileRows => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Load(float* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(float value, float* destination) => *destination = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Create(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float a, float b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Subtract(float a, float b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Multiply(float a, float b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Positive(float value) => MathF.Max(0f, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float WherePositive(float condition, float value) => condition > 0 ? value : 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float WithoutTraces(float value) => MathF.Abs(value) < FloatFormat.LeastGradient ? 0f : value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Reciprocal(float value) => 1 / value;

    // Not FusedMultiplyAdd: without the instruction it is a call, many times slower than the product and the sum.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => a * b + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float NegatedMultiplyAdd(float a, float b, float c) => c - a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LimitExponent(float x, float max) => MathF.Min(MathF.Max(x, FloatFormat.MinExponent), max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fraction(float x) => x - MathF.Floor(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(float value, float exponent)
        => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) + ((int)MathF.Floor(exponent) << FloatFormat.MantissaBits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LargerMagnitude(float magnitude, float value) => MathF.Max(magnitude, MathF.Abs(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(float magnitudes) => magnitudes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreLowBytes(float value, byte* destination) => *destination = (byte)BitConverter.SingleToInt32Bits(value);
}
