using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Kernels;

/// <summary>
/// Long short-term memory. Slots: i, f, g, o.
/// </summary>
/// <remarks>
/// <code>
/// i, f, o = σ(·), g = tanh(·)          di = dc∘g, df = dc∘c', dg = dc∘i, do = dh∘tanh(c)
/// c = f∘c' + i∘g                       dc += dh∘o∘(1 − tanh²(c)), dc' = dc∘f
/// h = o∘tanh(c)                        σ' = σ∘(1 − σ), tanh' = 1 − tanh²
/// </code>
/// </remarks>
internal readonly struct LstmCell<S, V> : ICell<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int Slots => 4;

    public static bool HasCellState => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Forward(float* gates, V cPrevious, V hPrevious, float* c)
    {
        int lanes = S.Lanes;
        V i = Activations.Sigmoid<S, V>(S.Load(gates));
        V f = Activations.Sigmoid<S, V>(S.Load(gates + lanes));
        V g = Activations.Tanh<S, V>(S.Load(gates + 2 * lanes));
        V o = Activations.Sigmoid<S, V>(S.Load(gates + 3 * lanes));
        V state = S.MultiplyAdd(f, cPrevious, S.Multiply(i, g));
        S.Store(i, gates);
        S.Store(f, gates + lanes);
        S.Store(g, gates + 2 * lanes);
        S.Store(o, gates + 3 * lanes);
        S.Store(state, c);
        return S.Multiply(o, Activations.Tanh<S, V>(state));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Backward(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc)
    {
        int lanes = S.Lanes;
        V one = S.Create(1f);
        V i = S.Load(gates);
        V f = S.Load(gates + lanes);
        V g = S.Load(gates + 2 * lanes);
        V o = S.Load(gates + 3 * lanes);
        V tanhC = Activations.Tanh<S, V>(S.Load(c));
        V dState = S.MultiplyAdd(S.Multiply(dh, o), S.NegatedMultiplyAdd(tanhC, tanhC, one), S.Load(dc));
        S.Store(S.Multiply(S.Multiply(dState, g), S.NegatedMultiplyAdd(i, i, i)), gates);
        S.Store(S.Multiply(S.Multiply(dState, cPrevious), S.NegatedMultiplyAdd(f, f, f)), gates + lanes);
        S.Store(S.Multiply(S.Multiply(dState, i), S.NegatedMultiplyAdd(g, g, one)), gates + 2 * lanes);
        S.Store(S.Multiply(S.Multiply(dh, tanhC), S.NegatedMultiplyAdd(o, o, o)), gates + 3 * lanes);
        S.Store(S.Multiply(dState, f), dc);
        return S.Create(0f);
    }
}
