namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

/// <summary>Measures what a piece of work allocates on the managed heap.</summary>
internal static class Allocations
{
    private const int Runs = 3;

    /// <summary>
    /// Bytes that the current thread allocates in <paramref name="work"/>, which has run before: the least of several runs, since the
    /// runtime itself allocates about 2 KB once, at any moment, while it compiles methods again (never with
    /// DOTNET_TieredCompilation=0). The work's own allocations occur in every run.
    /// </summary>
    public static long Of(Action work)
    {
        long least = long.MaxValue;
        for (int run = 0; run < Runs; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
