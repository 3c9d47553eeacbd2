using System.Diagnostics;

namespace Benchmarks;

/// <summary>What the contenders are timed by.</summary>
internal enum Clock
{
    /// <summary>The time that passes.</summary>
    Elapsed,

    /// <summary>The time that the process has had of the processors. On one thread it hardly notices other programs.</summary>
    Processor,
}

internal static class Clocks
{
    /// <summary>Seconds since some moment.</summary>
    public static double Now(this Clock clock)
        => clock == Clock.Elapsed ? Stopwatch.GetElapsedTime(0).TotalSeconds : Environment.CpuUsage.TotalTime.TotalSeconds;
}
