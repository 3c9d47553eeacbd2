using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// Plain recurrent cell. One slot: h.
/// </summary>
/// <remarks><code>h = tanh(·)          d(·) = dh∘(1 − h²)</code></remarks>
internal readonly struct RnnCell<S, V> : ICell<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    public static int Slots => 1;

    public static bool HasCellState => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Begin(float* products, V cPrevious, float* c, float* gates)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Finish(float* products, V hPrevious, float* c, float* gates)
    {
        V h = Activations.TanhOfExponent<S, V>(S.Load(products));
        if (gates != null)
            S.Store(h, gates);
        return h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Backward(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc)
    {
        V h = S.Load(gates);
        S.Store(S.Multiply(dh, S.NegatedMultiplyAdd(h, h, S.Create(1f))), gates);
        return S.Create(0f);
    }
}
