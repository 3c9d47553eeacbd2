using System.Runtime.ExceptionServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// Threads that run the parts of one piece of work together: the caller takes part 0, a worker each of the others.
/// </summary>
/// <remarks>
/// Made for many short pieces in a row: a worker that has finished spins for a moment, since the next piece mostly comes within
/// microseconds, then sleeps, and ends after a while without work, so that a team need not be disposed; one that is released leaves them to
/// the next. A part whose worker has not begun by the time the caller is free (other programs may have its processor) is done by the
/// caller, so that waiting is only ever for work that runs. A team serves one caller at a time.
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
    /// <exception cref="Exception">What a part threw, after all have ended; the first by number.</exception>
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

    /// <summary>Gives the workers to the next team. This one may go on: it then takes others.</summary>
    public void Release()
    {
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i]?.Return();
            _workers[i] = null;
        }
    }
}
