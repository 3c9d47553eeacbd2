using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

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
internal readonly struct GruCell : ICell
{
    public static ReadOnlySpan<GateActivation> Slots
        => [GateActivation.Tanh, GateActivation.Sigmoid, GateActivation.Sigmoid, GateActivation.Tanh];

    // PyTorch's gates are r, z, n; the merged bias has r, z, n of the input and then n of the hidden state.
    public static ReadOnlySpan<int> InputGates => [2, 0, 1];

    public static ReadOnlySpan<int> HiddenGates => [0, 1, 2];

    public static ReadOnlySpan<int> Biases => [2, 0, 1, 3];

    public static int? ForgetGate => null;

    public static string GateNames => "rzn";

    public static bool HasCellState => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Begin<S, V>(float* products, V cPrevious, float* c, float* gates)
        where S : struct, ISimd<V>
        where V : struct
    {
        int lanes = S.Lanes;
        V one = S.Create(1f);
        V r1 = S.Add(one, Activations.PowerOfTwo<S, V>(S.Load(products + lanes)));
        V z1 = S.Add(one, Activations.PowerOfTwo<S, V>(S.Load(products + 2 * lanes)));
        V reciprocal = S.Reciprocal(S.Multiply(r1, z1));
        V r = S.Multiply(reciprocal, z1);
        V z = S.Multiply(reciprocal, r1);
        V m = S.Load(products + 3 * lanes);
        S.Store(S.MultiplyAdd(r, m, S.Load(products)), products);
        S.Store(z, products + 2 * lanes);
        if (gates == null)
            return;
        S.Store(r, gates + lanes);
        S.Store(z, gates + 2 * lanes);
        S.Store(S.Multiply(m, S.Create(1f / Activations.TanhExponent)), gates + 3 * lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Finish<S, V>(float* products, V hPrevious, float* c, float* gates)
        where S : struct, ISimd<V>
        where V : struct
    {
        V n = Activations.TanhOfExponent<S, V>(S.Load(products));
        if (gates != null)
            S.Store(n, gates);
        return S.MultiplyAdd(S.Load(products + 2 * S.Lanes), S.Subtract(hPrevious, n), n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Backward<S, V>(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc)
        where S : struct, ISimd<V>
        where V : struct
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
