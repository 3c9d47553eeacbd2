namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

/// <summary>What a piece of work allocates on the managed heap each time it is done.</summary>
internal static class Allocations
{
    private const int Runs = 3;

    /// <summary>
    /// Bytes that the current thread allocates in <paramref name="work"/>, which has been done before: the least of several runs, since
    /// the runtime itself allocates about 2 KB once, at any moment, while it compiles methods anew (never with
    /// DOTNET_TieredCompilation=0). What the work allocates comes again in each run.
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
