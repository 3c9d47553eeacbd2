using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// Plain recurrent cell. One slot: h.
/// </summary>
/// <remarks><code>h = tanh(·)          d(·) = dh∘(1 − h²)</code></remarks>
internal readonly struct RnnCell : ICell
{
    public static ReadOnlySpan<GateActivation> Slots => [GateActivation.Tanh];

    public static ReadOnlySpan<int> InputGates => [0];

    public static ReadOnlySpan<int> HiddenGates => [0];

    public static ReadOnlySpan<int> Biases => [0];

    public static int? ForgetGate => null;

    public static string GateNames => "h";

    public static bool HasCellState => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Begin<S, V>(float* products, V cPrevious, float* c, float* gates)
        where S : struct, ISimd<V>
        where V : struct
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Finish<S, V>(float* products, V hPrevious, float* c, float* gates)
        where S : struct, ISimd<V>
        where V : struct
    {
        V h = Activations.TanhOfExponent<S, V>(S.Load(products));
        if (gates != null)
            S.Store(h, gates);
        return h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Backward<S, V>(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc)
        where S : struct, ISimd<V>
        where V : struct
    {
        V h = S.Load(gates);
        S.Store(S.Multiply(dh, S.NegatedMultiplyAdd(h, h, S.Create(1f))), gates);
        return S.Create(0f);
    }
}
