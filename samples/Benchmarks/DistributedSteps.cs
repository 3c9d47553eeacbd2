using System.Diagnostics;
using Microsoft.ML.Lstm;

namespace Benchmarks;

/// <summary>
/// A training step of several ranks, which share the batch of a shape and add up their gradients, beside a step of rank 0 alone on the
/// whole batch, in turns. Rank 0 prints.
/// </summary>
internal static class DistributedSteps
{
    private const double TurnSeconds = 0.5;

    // Floats of the sum that the connection is measured by.
    private const int ProbeLength = 1 << 20;

    public static int Measure(Arguments arguments)
    {
        using MpiCommunicator ranks = MpiCommunicator.Start();
        int threads = arguments.Threads[0];
        Print(ranks, $"{ranks.Size} ranks x {threads} thread{(threads > 1 ? "s" : "")}, {arguments.Kernels.Name}");
        MeasureConnection(ranks);
        foreach (Shape shape in arguments.Shapes.Where(shape => shape.Works.Contains(Work.Training)))
            MeasureShape(arguments, ranks, shape, threads);
        return 0;
    }

    private static void MeasureShape(Arguments arguments, MpiCommunicator ranks, Shape shape, int threads)
    {
        var alone = new OurEngine(new Problem(shape), threads, arguments.Kernels);
        var together = new OurEngine(new Problem(shape), threads, arguments.Kernels, ranks: ranks);
        double oneStep = ranks.Rank == 0 ? alone.Run(Work.Training, 2)[1] : 0;
        together.Run(Work.Training, 2);
        // Rank 0's time decides for all.
        int steps = Math.Max(1, (int)(TurnSeconds / ranks.Gather<double>([oneStep])[0]));
        foreach (List<double> part in together.Parts.Values.Concat(alone.Parts.Values))
            part.Clear();
        List<double> ones = [], alls = [], ratios = [];
        var clock = Stopwatch.StartNew();
        for (bool goesOn = true; goesOn; goesOn = ranks.Gather<int>([clock.Elapsed.TotalSeconds < arguments.Seconds ? 1 : 0])[0] == 1)
        {
            double one = ranks.Rank == 0 ? Statistics.Median(alone.Run(Work.Training, steps)) : 0;
            ranks.Sum(0);
            double all = Statistics.Median(together.Run(Work.Training, steps));
            ones.Add(one);
            alls.Add(all);
            ratios.Add(one / all);
        }
        Print(ranks, $"{shape}: {shape.Network.ParameterCount} weights");
        (double ofOne, double ofAll) = (1e3 * Statistics.Median(ones), 1e3 * Statistics.Median(alls));
        Print(ranks, $"  one rank {ofOne:0.00} ms a step, {ranks.Size} ranks {ofAll:0.00} ms: "
            + $"{Statistics.Median(ratios):0.00} times as fast, over {ratios.Count} turns");
        foreach ((string name, OurEngine engine) in (ReadOnlySpan<(string, OurEngine)>)[("one rank", alone), ("of all", together)])
            Print(ranks, $"  {name}: " + string.Join(", ", engine.Parts.Where(part => part.Value.Count > 0)
                .Select(part => $"{part.Key} {1e3 * Statistics.Median(part.Value):0.00} ms")));
    }

    /// <summary>How long a few bytes take to go around, and how many bytes a second go through in a sum.</summary>
    private static void MeasureConnection(MpiCommunicator ranks)
    {
        double[] latencies = [.. Enumerable.Range(0, 100).Select(_ => Time(() => ranks.Sum(1)))];
        float[] values = new float[ProbeLength];
        double[] times = [.. Enumerable.Range(0, 9).Select(_ => Time(() => ranks.GatherAll<float>(values)))];
        // Each rank receives the values of all others.
        double bytes = (double)sizeof(float) * ProbeLength * (ranks.Size - 1);
        double time = Statistics.Median(times), megabytes = bytes / 1e6;
        Print(ranks, $"a small sum takes {1e6 * Statistics.Median(latencies):0} us; "
            + $"{megabytes:0.0} MB to each rank {1e3 * time:0.00} ms: {megabytes / time:0} MB/s");
    }

    private static double Time(Action exchange)
    {
        long start = Stopwatch.GetTimestamp();
        exchange();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Print(MpiCommunicator ranks, string line)
    {
        if (ranks.Rank == 0)
            Console.WriteLine(line);
    }
}
