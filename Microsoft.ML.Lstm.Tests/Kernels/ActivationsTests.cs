using System.Runtime.Intrinsics;
using Microsoft.ML.Lstm.Kernels;

namespace Microsoft.ML.Lstm.Tests.Kernels;

[TestClass]
public sealed unsafe class ActivationsTests
{
    [TestMethod]
    public void ActivationsAreWithinAMillionthOnEveryWidth()
    {
        Check<SimdScalar, float>();
        if (Vector128.IsHardwareAccelerated)
            Check<Simd128, Vector128<float>>();
        if (Vector256.IsHardwareAccelerated)
            Check<Simd256, Vector256<float>>();
        if (Vector512.IsHardwareAccelerated)
            Check<Simd512, Vector512<float>>();
    }

    private static void Check<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        double worstSigmoid = 0, worstTanh = 0, worstExp = 0;
        float* results = stackalloc float[S.Lanes];
        for (double x = -40; x <= 40; x += 0.00317)
        {
            V input = S.Create((float)x);
            S.Store(Activations.Sigmoid<S, V>(input), results);
            worstSigmoid = Math.Max(worstSigmoid, Math.Abs(results[S.Lanes - 1] - 1 / (1 + Math.Exp(-(float)x))));
            S.Store(Activations.Tanh<S, V>(input), results);
            worstTanh = Math.Max(worstTanh, Math.Abs(results[0] - Math.Tanh((float)x)));
            S.Store(Activations.Exp<S, V>(input), results);
            worstExp = Math.Max(worstExp, Math.Abs(results[0] / Math.Exp((float)x) - 1));
        }
        Assert.IsLessThan(1e-6, worstSigmoid, $"sigmoid, {S.Lanes} lanes");
        Assert.IsLessThan(1e-6, worstTanh, $"tanh, {S.Lanes} lanes");
        Assert.IsLessThan(1e-6, worstExp, $"exp, {S.Lanes} lanes");

        (float Input, float Sigmoid, float Tanh)[] limits =
        [
            (float.PositiveInfinity, 1, 1), (float.NegativeInfinity, 0, -1), (1e30f, 1, 1), (-1e30f, 0, -1), (0, 0.5f, 0), (float.NaN, float.NaN, float.NaN),
        ];
        foreach ((float input, float sigmoid, float tanh) in limits)
        {
            S.Store(Activations.Sigmoid<S, V>(S.Create(input)), results);
            Assert.AreEqual(sigmoid, results[0], 1e-30f, $"sigmoid({input}), {S.Lanes} lanes");
            S.Store(Activations.Tanh<S, V>(S.Create(input)), results);
            Assert.AreEqual(tanh, results[0], 1e-30f, $"tanh({input}), {S.Lanes} lanes");
        }
    }
}
