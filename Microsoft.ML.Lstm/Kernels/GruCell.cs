using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Kernels;

/// <summary>
/// Gated recurrent unit with the reset gate after the product. Slots: n (the input's part), r, z, m (the hidden state's
/// part of n), so that the input's product fills the first three and the hidden state's the last three.
/// </summary>
/// <remarks>
/// <code>
/// r, z = σ(·), n = tanh(n + r∘m)       dn = dh∘(1 − z)∘(1 − n²), dm = dn∘r
/// h = n + z∘(h' − n)                   dr = dn∘m∘r∘(1 − r), dz = dh∘(h' − n)∘z∘(1 − z), dh' = dh∘z
/// </code>
/// </remarks>
internal readonly struct GruCell<S, V> : ICell<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int Slots => 4;

    public static bool HasCellState => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Forward(float* gates, V cPrevious, V hPrevious, float* c)
    {
        int lanes = S.Lanes;
        V r = Activations.Sigmoid<S, V>(S.Load(gates + lanes));
        V z = Activations.Sigmoid<S, V>(S.Load(gates + 2 * lanes));
        V n = Activations.Tanh<S, V>(S.MultiplyAdd(r, S.Load(gates + 3 * lanes), S.Load(gates)));
        S.Store(n, gates);
        S.Store(r, gates + lanes);
        S.Store(z, gates + 2 * lanes);
        return S.MultiplyAdd(z, S.Subtract(hPrevious, n), n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Backward(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc)
    {
        int lanes = S.Lanes;
        V one = S.Create(1f);
        V n = S.Load(gates);
        V r = S.Load(gates + lanes);
        V z = S.Load(gates + 2 * lanes);
        V m = S.Load(gates + 3 * lanes);
        V dn = S.Multiply(S.Multiply(dh, S.Subtract(one, z)), S.NegatedMultiplyAdd(n, n, one));
        S.Store(dn, gates);
        S.Store(S.Multiply(S.Multiply(dn, m), S.NegatedMultiplyAdd(r, r, r)), gates + lanes);
        S.Store(S.Multiply(S.Multiply(dh, S.Subtract(hPrevious, n)), S.NegatedMultiplyAdd(z, z, z)), gates + 2 * lanes);
        S.Store(S.Multiply(dn, r), gates + 3 * lanes);
        return S.Multiply(dh, z);
    }
}
