using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// The exponential function under all activations, as a vector polynomial that is the same on every width.
/// </summary>
/// <remarks>
/// 2^x = 2^⌊x⌋ · 2^(x − ⌊x⌋), the second factor a polynomial of degree 5 on [0, 1] within 8.3e-8 relative (minimax, with
/// 2^0 = 1 kept exact). The activations follow:
/// <code>
/// σ(a) = 1 / (1 + e), e = 2^(<see cref="SigmoidExponent"/>·a)
/// tanh(a) = (1 − e) / (1 + e), e = 2^(<see cref="TanhExponent"/>·a)
/// </code>
/// within 2e-7 absolute. The packed weights and biases contain the factors of a, so a row of products holds the exponents, and a
/// cell computes several quotients with one reciprocal.
/// </remarks>
internal static class Activations
{
    /// <summary>−1 / ln 2.</summary>
    public const float SigmoidExponent = -1.44269504f;

    /// <summary>−2 / ln 2.</summary>
    public const float TanhExponent = -2.88539008f;

    /// <summary>1 / ln 2: e^a = 2^(<see cref="NaturalExponent"/>·a).</summary>
    public const float NaturalExponent = 1.44269504f;

    // Three of these powers may be multiplied and their product inverted without leaving the normal numbers; σ is 5e-13 here.
    private const float MaxExponent = 41f;

    /// <summary>2^x, at most 2^41; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V PowerOfTwo<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        x = S.LimitExponent(x, S.Create(MaxExponent));
        V r = S.Fraction(x);
        V p = S.Create(1.86713007e-3f);
        p = S.MultiplyAdd(p, r, S.Create(9.01703032e-3f));
        p = S.MultiplyAdd(p, r, S.Create(5.57999131e-2f));
        p = S.MultiplyAdd(p, r, S.Create(2.40164450e-1f));
        p = S.MultiplyAdd(p, r, S.Create(6.93151312e-1f));
        p = S.MultiplyAdd(p, r, S.Create(1f));
        return S.Scale(p, x);
    }

    /// <summary>tanh(a) from <see cref="TanhExponent"/>·a.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V TanhOfExponent<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        V e = PowerOfTwo<S, V>(x);
        return S.Multiply(S.Subtract(S.Create(1f), e), S.Reciprocal(S.Add(S.Create(1f), e)));
    }

    /// <summary>tanh(a).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
        => TanhOfExponent<S, V>(S.Multiply(x, S.Create(TanhExponent)));
}
