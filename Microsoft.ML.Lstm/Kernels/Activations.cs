using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Kernels;

/// <summary>
/// The activation functions as vector polynomials, the same on every width.
/// </summary>
/// <remarks>
/// e^x = 2^n · e^r with n = round(x / ln 2) and r = x − n·ln 2 in [−ln 2 / 2, ln 2 / 2], where a polynomial of degree 6
/// is within 1e-7 relative (coefficients: minimax, as in Cephes' expf). ln 2 is subtracted in two parts so that r keeps
/// its low bits. The others follow: σ(x) = 1 / (1 + e^(−x)), tanh(x) = 2·σ(2x) − 1, within 2e-7 absolute.
/// </remarks>
internal static class Activations
{
    // Between these 2^n is a normal number, and beyond them σ and tanh no longer change in float (but for denormals).
    private const float MinExponent = -87f;
    private const float MaxExponent = 88f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        x = S.Clamp(x, S.Create(MinExponent), S.Create(MaxExponent));
        V n = S.Round(S.Multiply(x, S.Create(1.44269504f)));
        V r = S.NegatedMultiplyAdd(n, S.Create(0.693359375f), x);
        r = S.NegatedMultiplyAdd(n, S.Create(-2.12194440e-4f), r);
        V p = S.Create(1.9875691500e-4f);
        p = S.MultiplyAdd(p, r, S.Create(1.3981999507e-3f));
        p = S.MultiplyAdd(p, r, S.Create(8.3334519073e-3f));
        p = S.MultiplyAdd(p, r, S.Create(4.1665795894e-2f));
        p = S.MultiplyAdd(p, r, S.Create(1.6666665459e-1f));
        p = S.MultiplyAdd(p, r, S.Create(5.0000001201e-1f));
        p = S.MultiplyAdd(p, S.Multiply(r, r), S.Add(r, S.Create(1f)));
        return S.Scale(p, n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
        => S.Reciprocal(S.Add(S.Create(1f), Exp<S, V>(S.Subtract(S.Create(0f), x))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
        => S.MultiplyAdd(S.Create(2f), S.Reciprocal(S.Add(S.Create(1f), Exp<S, V>(S.Multiply(S.Create(-2f), x)))), S.Create(-1f));
}
