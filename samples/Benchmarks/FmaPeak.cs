using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Benchmarks;

/// <summary>The most that these processors can multiply and add: a loop of nothing but fused multiply-adds on registers.</summary>
internal sealed class FmaPeak
{
    private const int Accumulators = 12;
    private const int Iterations = 200_000;

    private readonly CpuKernels _kernels;
    private readonly WorkerTeam _team;
    private readonly Action<int> _part;
    private volatile float _sink;

    public FmaPeak(CpuKernels kernels, int threads)
    {
        _kernels = kernels;
        _team = new WorkerTeam(threads);
        _part = _ => _sink = kernels.Lanes switch
        {
            16 => Loop<Simd512, Vector512<float>>(),
            8 => Loop<Simd256, Vector256<float>>(),
            4 => Loop<Simd128, Vector128<float>>(),
            _ => Loop<SimdScalar, float>(),
        };
    }

    /// <summary>GFLOP/s of all threads together, over about a millisecond.</summary>
    public double Measure()
    {
        long start = Stopwatch.GetTimestamp();
        _team.Run(_team.Threads, _part);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return 2.0 * Accumulators * _kernels.Lanes * Iterations * _team.Threads / seconds / 1e9;
    }

    /// <summary>The best of many runs.</summary>
    public static double Best(CpuKernels kernels, int threads)
    {
        var peak = new FmaPeak(kernels, threads);
        return Enumerable.Range(0, 100).Max(_ => peak.Measure());
    }

    /// <summary>
    /// a ← a·x + y goes to y / (1 − x) = 1 and stays there, an ordinary number. Twelve of them hide the latency of each.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe float Loop<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        V x = S.Create(0.75f), y = S.Create(0.25f);
        V a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int n = 0; n < Iterations; n++)
        {
            a = S.MultiplyAdd(a, x, y);
            b = S.MultiplyAdd(b, x, y);
            c = S.MultiplyAdd(c, x, y);
            d = S.MultiplyAdd(d, x, y);
            e = S.MultiplyAdd(e, x, y);
            f = S.MultiplyAdd(f, x, y);
            g = S.MultiplyAdd(g, x, y);
            h = S.MultiplyAdd(h, x, y);
            i = S.MultiplyAdd(i, x, y);
            j = S.MultiplyAdd(j, x, y);
            k = S.MultiplyAdd(k, x, y);
            l = S.MultiplyAdd(l, x, y);
        }
        V sum = S.Add(S.Add(S.Add(a, b), S.Add(c, d)), S.Add(S.Add(e, f), S.Add(g, h)));
        sum = S.Add(sum, S.Add(S.Add(i, j), S.Add(k, l)));
        float* lanes = stackalloc float[Vector512<float>.Count];
        S.Store(sum, lanes);
        return *lanes;
    }
}
