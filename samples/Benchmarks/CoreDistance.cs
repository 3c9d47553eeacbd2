using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Benchmarks;

/// <summary>How far two processors are from each other: the time that a cache line takes from the one that wrote it to the other.</summary>
/// <remarks>
/// Two threads take turns at a counter. Where they run is the system's choice, and on a virtual machine the same two
/// processors can be near at one time and far at another, so it is measured beside each figure.
/// </remarks>
internal static class CoreDistance
{
    private const int Blocks = 25;
    private const int TurnsInBlock = 400;
    private const int SpinsBetweenLooksAtClock = 1000;

    // On a busy machine the two may have to share a processor, and then a turn takes as long as the system lets the other wait.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Nanoseconds one way; the median of some blocks, so that a thread that was put aside for a moment does not count. Not a number if it
    /// could not be found out.
    /// </summary>
    public static double Measure()
    {
        if (Environment.ProcessorCount == 1)
            return double.NaN;
        var line = new Line();
        long start = Stopwatch.GetTimestamp();
        var other = new Thread(() => Play(line, first: 1, start)) { IsBackground = true };
        other.Start();
        List<long> times = Play(line, first: 0, start);
        other.Join();
        double[] blocks = [.. times.Zip(times.Skip(1), (from, to) => Stopwatch.GetElapsedTime(from, to).TotalNanoseconds / TurnsInBlock)];
        return blocks.Length < Blocks / 2 ? double.NaN : Statistics.Median(blocks);
    }

    /// <summary>Takes every second turn, and gives the times at which blocks of turns began.</summary>
    private static List<long> Play(Line line, int first, long start)
    {
        var times = new List<long>(Blocks);
        for (int turn = first; turn < Blocks * TurnsInBlock; turn += 2)
        {
            // No pause instruction: it would be most of what is measured.
            for (int spins = 1; Volatile.Read(ref line.Turn) != turn; spins++)
            {
                if (spins % SpinsBetweenLooksAtClock == 0 && Stopwatch.GetElapsedTime(start) > Patience)
                    return times;
            }
            Volatile.Write(ref line.Turn, turn + 1);
            if (turn % TurnsInBlock == first)
                times.Add(Stopwatch.GetTimestamp());
        }
        return times;
    }

    /// <summary>The counter, with nothing else on its cache line or the neighbour that is fetched with it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private sealed class Line
    {
        [FieldOffset(128)]
        public int Turn;
    }
}
