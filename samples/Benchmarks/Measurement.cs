using System.Diagnostics;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Benchmarks;

/// <summary>
/// What a contender reached. Gigaflops are GFLOP/s; the median is that of its turns, the best that of all repetitions. Words a second, by
/// the median, are a language model's.
/// </summary>
internal sealed record Result(string Name, double Milliseconds, double BestMilliseconds, double Gigaflops, double BestGigaflops,
    double? WordsPerSecond);

/// <summary>
/// A peer's result and how many times as long as we it took: the median of its turns' ratios, each with our turn just before it.
/// </summary>
internal sealed record PeerResult(Result Result, double Ratio);

/// <summary>One figure: a shape's training step or inference on some threads.</summary>
/// <param name="Shape">The shape's name.</param>
/// <param name="Work">What was done.</param>
/// <param name="Threads">Threads of each contender.</param>
/// <param name="Rounds">How often each had its turn.</param>
/// <param name="CoreDistance">Nanoseconds between the processors, before and after.</param>
/// <param name="ShareOfPeak">Our GFLOP/s over those of a loop of multiply-adds just before, the median of all turns.</param>
/// <param name="Ours">Our result.</param>
/// <param name="Peers">The peers', in turn with ours.</param>
internal sealed record Figure(string Shape, Work Work, int Threads, int Rounds, double[] CoreDistance, double ShareOfPeak, Result Ours,
    IReadOnlyList<PeerResult> Peers)
{
    private const double TurnSeconds = 0.03;
    private const int FewestRounds = 5;

    // Where peers can't be stopped between their turns (Peer.Signal), their threads spin on for a moment and would take time from ours.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Gives everybody turns until the time is up.</summary>
    public static Figure Measure(Shape shape, Work work, int threads, CpuKernels kernels, OurEngine ours, IReadOnlyList<IContender> peers,
        double secondsEach)
    {
        double before = Benchmarks.CoreDistance.Measure();
        var peak = new FmaPeak(kernels, threads);
        IContender[] contenders = [ours, .. peers];
        int[] repetitions = [.. contenders.Select(contender => RepetitionsOfTurn(contender, work))];
        List<double>[] turns = [.. contenders.Select(_ => new List<double>())];
        double[] best = [.. contenders.Select(_ => double.PositiveInfinity)];
        var shares = new List<double>();
        double operations = shape.Operations(work);

        var clock = Stopwatch.StartNew();
        int rounds = 0;
        for (; rounds < FewestRounds || clock.Elapsed.TotalSeconds < secondsEach * contenders.Length; rounds++)
        {
            double peakNow = Enumerable.Range(0, 5).Max(_ => peak.Measure());
            for (int i = 0; i < contenders.Length; i++)
            {
                double[] seconds = contenders[i].Run(work, repetitions[i]);
                turns[i].Add(Statistics.Median(seconds));
                best[i] = Math.Min(best[i], seconds.Min());
                if (contenders.Length > 1)
                    Thread.Sleep(Pause);
            }
            shares.Add(operations / turns[0][^1] / 1e9 / peakNow);
        }
        double after = Benchmarks.CoreDistance.Measure();

        Result[] results = [.. contenders.Select((contender, i) =>
        {
            double median = Statistics.Median(turns[i]);
            return new Result(contender.Name, median * 1e3, best[i] * 1e3, operations / median / 1e9, operations / best[i] / 1e9,
                shape.IsLanguageModel ? shape.B * shape.T / median : null);
        })];
        var peerResults = results.Skip(1)
            .Select((result, i) =>
                new PeerResult(result, Statistics.Median([.. turns[i + 1].Zip(turns[0], (theirs, our) => theirs / our)])));
        return new Figure(shape.Name, work, threads, rounds, [before, after], Statistics.Median(shares), results[0], [.. peerResults]);
    }

    /// <summary>Warms up, and finds how many repetitions fill a turn.</summary>
    private static int RepetitionsOfTurn(IContender contender, Work work)
    {
        var clock = Stopwatch.StartNew();
        double fastest = double.PositiveInfinity;
        for (int i = 0; i < 3 || clock.Elapsed.TotalSeconds < 10 * TurnSeconds; i++)
            fastest = Math.Min(fastest, contender.Run(work, 1)[0]);
        return Math.Clamp((int)(TurnSeconds / fastest), 1, 10_000);
    }
}
