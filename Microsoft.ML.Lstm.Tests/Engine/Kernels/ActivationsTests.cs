using System.Runtime.Intrinsics;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

/// <summary>The activations, and the cells that use them, against doubles on every width.</summary>
[TestClass]
public sealed unsafe class ActivationsTests
{
    private static readonly float[] Extremes = [0, 1e-7f, -1e-7f, 28, -28, 90, -90, 1e30f, -1e30f, float.PositiveInfinity,
        float.NegativeInfinity];

    [TestMethod]
    public void ActivationsAreWithinAMillionthOnEveryWidth() => OnEveryWidth<ActivationCheck>();

    [TestMethod]
    public void CellsAreWithinAMillionthOnEveryWidth() => OnEveryWidth<CellCheck>();

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ExponentialsAndTheirSumKeepTheirDigits(string name)
    {
        CpuKernels kernels = CpuKernels.Available.Single(kernels => kernels.Name == name);
        foreach (int length in new[] { 1, 2, 3, 15, 16, 17, 33, 100, 10_000 })
        {
            var random = new Random(length);
            float[] x = [.. Enumerable.Range(0, length).Select(_ => (float)(40 * random.NextDouble() - 20))], actual = [.. x];
            double[] expected = [.. x.Select(value => Math.Exp((double)value - x.Max()))];

            double sum = kernels.Exponentials(actual, x.Max());

            Assert.AreEqual(expected.Sum(), sum, 1e-6 * expected.Sum());
            for (int i = 0; i < length; i++)
            {
                // The difference and its product with 1 / ln 2 are rounded, each by half a unit in the last place.
                double rounding = 1.2e-7 * Math.Abs(x[i] - x.Max());
                Assert.AreEqual(expected[i], actual[i], (2e-7 + rounding) * expected[i], $"element {i} of {length}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ExponentialsOfAnySizeAreSafe(string name)
    {
        CpuKernels kernels = CpuKernels.Available.Single(kernels => kernels.Name == name);
        for (int length = 1; length < 40; length++)
        {
            float[] x = new float[length];
            Array.Fill(x, float.NegativeInfinity);
            x[^1] = float.MinValue;
            x[0] = float.MaxValue;
            Assert.AreEqual(1, kernels.Exponentials(x, float.MaxValue), 1e-30);
            Assert.AreEqual(1f, x[0]);
            Assert.IsTrue(x.Skip(1).All(e => e is >= 0 and <= 1.2e-38f));

            for (int at = 0; at < length; at++)
            {
                Array.Clear(x);
                x[at] = float.NaN;
                Assert.IsTrue(double.IsNaN(kernels.Exponentials(x, 0)), $"element {at} of {length}");
                Assert.AreEqual(at, Array.FindIndex(x, float.IsNaN));
            }
        }
    }

    [TestMethod]
    public void TheLargestIsFoundWhereverItIs()
    {
        for (int length = 1; length < 70; length++)
        {
            for (int at = 0; at < length; at++)
            {
                float[] x = [.. Enumerable.Range(0, length).Select(i => i == at ? -1.5f : -2f - i)];
                Assert.AreEqual(-1.5f, Softmax.Largest(x), $"element {at} of {length}");
                x[at] = float.NaN;
                Assert.IsTrue(float.IsNaN(Softmax.Largest(x)), $"element {at} of {length}");
                Array.Fill(x, float.NegativeInfinity);
                Assert.AreEqual(float.NegativeInfinity, Softmax.Largest(x));
            }
            float[] scaled = [.. Enumerable.Range(0, length)];
            Softmax.Scale(scaled, 0.25f);
            CollectionAssert.AreEqual(Enumerable.Range(0, length).Select(i => i * 0.25f).ToArray(), scaled);
        }
    }

    private static void OnEveryWidth<C>()
        where C : ICheck
    {
        C.Run<SimdScalar, float>();
        if (Vector128.IsHardwareAccelerated)
            C.Run<Simd128, Vector128<float>>();
        if (Vector256.IsHardwareAccelerated)
            C.Run<Simd256, Vector256<float>>();
        if (Vector512.IsHardwareAccelerated)
            C.Run<Simd512, Vector512<float>>();
    }

    private static double Sigmoid(double a) => 1 / (1 + Math.Exp(-a));

    private interface ICheck
    {
        static abstract void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct;
    }

    private sealed class ActivationCheck : ICheck
    {
        public static void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            double worstTanh = 0, worstPower = 0;
            float* results = stackalloc float[S.Lanes];
            for (double x = -40; x <= 40; x += 0.00317)
            {
                V input = S.Create((float)x);
                S.Store(Activations.Tanh<S, V>(input), results);
                worstTanh = Math.Max(worstTanh, Math.Abs(results[S.Lanes - 1] - Math.Tanh((float)x)));
                S.Store(Activations.PowerOfTwo<S, V>(input), results);
                worstPower = Math.Max(worstPower, Math.Abs(results[0] / Math.Pow(2, (float)x) - 1));
            }
            Assert.IsLessThan(3e-7, worstTanh, $"tanh, {S.Lanes} lanes");
            Assert.IsLessThan(3e-7, worstPower, $"2^x, {S.Lanes} lanes");

            foreach (float x in Extremes)
            {
                S.Store(Activations.Tanh<S, V>(S.Create(x)), results);
                Assert.AreEqual(Math.Tanh(x), results[0], 3e-7, $"tanh({x}), {S.Lanes} lanes");
            }
            S.Store(Activations.Tanh<S, V>(S.Create(0f)), results);
            Assert.AreEqual(0f, results[0]);
            S.Store(Activations.Tanh<S, V>(S.Create(float.NaN)), results);
            Assert.IsTrue(float.IsNaN(results[0]), $"{S.Lanes} lanes");
        }
    }

    private sealed class CellCheck : ICheck
    {
        private const double Tolerance = 1e-6;

        // The sums under four gates, and the cell or hidden state of the previous step.
        private static IEnumerable<double[]> Sums =>
        [
            .. from position in Enumerable.Range(0, 4)
               from extreme in Extremes
               select (double[])[.. Enumerable.Range(0, 4).Select(slot => slot == position ? extreme : 0.3 - 0.2 * slot), 0.75],
            .. from i in Extremes.Where(float.IsFinite)
               from f in Extremes
               from g in Extremes.Where(float.IsFinite)
               select (double[])[i, f, g, i, -0.5],
            .. Enumerable.Range(0, 2000)
                .Select(n =>
                    (double[])[9 * Math.Sin(n), 9 * Math.Sin(1.7 * n), 5 * Math.Sin(2.3 * n), 9 * Math.Sin(3.1 * n),
                    2 * Math.Sin(4.7 * n)]),
        ];

        public static void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            foreach (double[] a in Sums)
            {
                double i = Sigmoid(a[0]), f = Sigmoid(a[1]), g = Math.Tanh(a[2]), o = Sigmoid(a[3]);
                double c = f * a[4] + i * g;
                Check<S, V, LstmCell>(CellType.Lstm, a, [i, f, g, o], c, o * Math.Tanh(c));

                // The hidden state's part of n is kept small, since its rounding error grows with its size.
                double m = double.IsFinite(a[3]) ? Math.Clamp(a[3], -2, 2) : 0.1;
                double r = Sigmoid(a[1]), z = Sigmoid(a[2]), n = Math.Tanh(a[0] + r * m), h = Math.Clamp(a[4], -1, 1);
                Check<S, V, GruCell>(CellType.Gru, [a[0], a[1], a[2], m, h], [n, r, z, m], h, n + z * (h - n));

                Check<S, V, RnnCell>(CellType.Rnn, [a[0], 0, 0, 0, 0], [Math.Tanh(a[0])], 0, Math.Tanh(a[0]));
            }
            for (int slot = 0; slot < 4; slot++)
            {
                double[] sums = [.. Enumerable.Range(0, 5).Select(n => n == slot ? double.NaN : 0.5)];
                Assert.IsTrue(double.IsNaN(Step<S, V, LstmCell>(CellType.Lstm, sums, keep: false).H),
                    $"LSTM, slot {slot}, {S.Lanes} lanes");
                Assert.IsTrue(double.IsNaN(Step<S, V, GruCell>(CellType.Gru, sums, keep: false).H),
                    $"GRU, slot {slot}, {S.Lanes} lanes");
            }
            Assert.IsTrue(double.IsNaN(Step<S, V, RnnCell>(CellType.Rnn, [double.NaN, 0, 0, 0, 0], keep: false).H),
                $"RNN, {S.Lanes} lanes");
        }

        private static void Check<S, V, TCell>(CellType cell, double[] sums, double[] gates, double c, double h)
            where S : struct, ISimd<V>
            where V : struct
            where TCell : struct, ICell
        {
            string what = $"{cell} at {string.Join(", ", sums)}, {S.Lanes} lanes";
            var (scoredC, scoredH, _) = Step<S, V, TCell>(cell, sums, keep: false);
            var (keptC, keptH, kept) = Step<S, V, TCell>(cell, sums, keep: true);
            Assert.AreEqual(scoredC, keptC, what);
            Assert.AreEqual(scoredH, keptH, what);
            if (TCell.HasCellState)
                Assert.AreEqual(c, scoredC, Tolerance, what);
            Assert.AreEqual(h, scoredH, Tolerance, what);
            for (int slot = 0; slot < gates.Length; slot++)
                Assert.AreEqual(gates[slot], kept[slot], Tolerance * Math.Max(1, Math.Abs(gates[slot])), $"gate {slot} of {what}");
        }

        private static (double C, double H, double[] Gates) Step<S, V, TCell>(CellType cell, double[] sums, bool keep)
            where S : struct, ISimd<V>
            where V : struct
            where TCell : struct, ICell
        {
            var description = CellDescription.Of(cell);
            float* products = stackalloc float[4 * S.Lanes], gates = stackalloc float[4 * S.Lanes], c = stackalloc float[S.Lanes],
                h = stackalloc float[S.Lanes];
            for (int slot = 0; slot < TCell.Slots.Length; slot++)
                S.Store(S.Create(description.ExponentFactor(slot) * (float)sums[slot]), products + slot * S.Lanes);
            V previous = S.Create((float)sums[4]);
            TCell.Begin<S, V>(products, previous, c, keep ? gates : null);
            S.Store(TCell.Finish<S, V>(products, previous, c, keep ? gates : null), h);
            return (c[S.Lanes - 1], h[S.Lanes - 1], [.. Enumerable.Range(0, 4).Select(slot => (double)gates[slot * S.Lanes])]);
        }
    }
}
