using System.Runtime.ExceptionServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// Threads that run the parts of one piece of work: the caller runs part 0, and a worker runs each other part.
/// </summary>
/// <remarks>
/// Made for many short pieces in a row: a worker that has finished spins for a moment, since the next piece usually comes within
/// microseconds, then sleeps, and ends after some seconds without work, so that a team need not be disposed. A part whose worker has not
/// begun by the time the caller is free (other programs may have its processor) is run by the caller, so that the caller only waits for
/// work that runs. A team serves one caller at a time.
/// </remarks>
internal sealed class WorkerTeam
{
    private const int SpinsBeforeSleep = 500;

    private readonly Worker?[] _workers;

    /// <param name="threads">Parts that can run at once, at least 1; the caller's thread is one of them.</param>
    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _workers = new Worker?[threads - 1];
    }

    public int Threads => _workers.Length + 1;

    /// <summary>
    /// Calls <paramref name="work"/> with each part from 0 to <paramref name="parts"/> − 1 and returns when all have ended.
    /// </summary>
    /// <param name="parts">From 1 to <see cref="Threads"/>.</param>
    /// <param name="work">The work; keep the delegate, so that running allocates nothing.</param>
    /// <exception cref="Exception">The exception of a part, the first by number, after all parts have ended.</exception>
    public void Run(int parts, Action<int> work)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, Threads);
        for (int i = 0; i < parts - 1; i++)
            (_workers[i] ??= Worker.Rent(SpinsBeforeSleep)).Offer(work, i + 1);
        ExceptionDispatchInfo? failure = Worker.Try(work, 0);
        for (int i = 0; i < parts - 1; i++)
            _workers[i]!.TakeBack();
        for (int i = 0; i < parts - 1; i++)
        {
            ExceptionDispatchInfo? thrown = _workers[i]!.Wait();
            failure ??= thrown;
        }
        failure?.Throw();
    }

    /// <summary>Returns the workers for other teams to use. A later <see cref="Run"/> rents new ones.</summary>
    public void Release()
    {
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i]?.Return();
            _workers[i] = null;
        }
    }
}
