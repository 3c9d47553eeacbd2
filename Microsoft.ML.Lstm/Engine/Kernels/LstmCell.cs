using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

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
internal readonly struct LstmCell : ICell
{
    public static ReadOnlySpan<GateActivation> Slots
        => [GateActivation.Sigmoid, GateActivation.Sigmoid, GateActivation.Tanh, GateActivation.Sigmoid];

    public static ReadOnlySpan<int> InputGates => [0, 1, 2, 3];

    public static ReadOnlySpan<int> HiddenGates => [0, 1, 2, 3];

    public static ReadOnlySpan<int> Biases => [0, 1, 2, 3];

    public static int? ForgetGate => 1;

    public static string GateNames => "ifgo";

    public static bool HasCellState => true;

    // With e the powers of two of the four slots, and all over one denominator:
    // c = f∘c' + i∘g = ((1 + e_i)(1 + e_g)∘c' + (1 − e_g)(1 + e_f)) / ((1 + e_i)(1 + e_g)(1 + e_f))
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Begin<S, V>(float* products, V cPrevious, float* c, float* gates)
        where S : struct, ISimd<V>
        where V : struct
    {
        int lanes = S.Lanes;
        V one = S.Create(1f);
        V ei = Activations.PowerOfTwo<S, V>(S.Load(products));
        V ef = Activations.PowerOfTwo<S, V>(S.Load(products + lanes));
        V eg = Activations.PowerOfTwo<S, V>(S.Load(products + 2 * lanes));
        V i1 = S.Add(one, ei), f1 = S.Add(one, ef), g1 = S.Add(one, eg), g0 = S.Subtract(one, eg);
        V ig1 = S.Multiply(i1, g1);
        V reciprocal = S.Reciprocal(S.Multiply(ig1, f1));
        S.Store(S.Multiply(S.MultiplyAdd(ig1, cPrevious, S.Multiply(g0, f1)), reciprocal), c);
        if (gates == null)
            return;
        V reciprocalOfIg1 = S.Multiply(reciprocal, f1);
        S.Store(S.Multiply(reciprocalOfIg1, g1), gates);
        S.Store(S.Multiply(reciprocal, ig1), gates + lanes);
        S.Store(S.Multiply(S.Multiply(reciprocalOfIg1, i1), g0), gates + 2 * lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Finish<S, V>(float* products, V hPrevious, float* c, float* gates)
        where S : struct, ISimd<V>
        where V : struct
    {
        int lanes = S.Lanes;
        V one = S.Create(1f);
        V eo = Activations.PowerOfTwo<S, V>(S.Load(products + 3 * lanes));
        V ec = Activations.PowerOfTwo<S, V>(S.Multiply(S.Load(c), S.Create(Activations.TanhExponent)));
        V c1 = S.Add(one, ec);
        V reciprocal = S.Reciprocal(S.Multiply(S.Add(one, eo), c1));
        if (gates != null)
            S.Store(S.Multiply(reciprocal, c1), gates + 3 * lanes);
        return S.Multiply(S.Subtract(one, ec), reciprocal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Backward<S, V>(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc)
        where S : struct, ISimd<V>
        where V : struct
    {
        int lanes = S.Lanes;
        V one = S.Create(1f);
        V i = S.Load(gates);
        V f = S.Load(gates + lanes);
        V g = S.Load(gates + 2 * lanes);
        V o = S.Load(gates + 3 * lanes);
        V tanhC = Activations.Tanh<S, V>(S.Load(c));
        V dState = S.MultiplyAdd(S.Multiply(dh, o), S.NegatedMultiplyAdd(tanhC, tanhC, one), S.WithoutTraces(S.Load(dc)));
        S.Store(S.Multiply(S.Multiply(dState, g), S.NegatedMultiplyAdd(i, i, i)), gates);
        S.Store(S.Multiply(S.Multiply(dState, cPrevious), S.NegatedMultiplyAdd(f, f, f)), gates + lanes);
        S.Store(S.Multiply(S.Multiply(dState, i), S.NegatedMultiplyAdd(g, g, one)), gates + 2 * lanes);
        S.Store(S.Multiply(S.Multiply(dh, tanhC), S.NegatedMultiplyAdd(o, o, o)), gates + 3 * lanes);
        S.Store(S.Multiply(dState, f), dc);
        return S.Create(0f);
    }
}
