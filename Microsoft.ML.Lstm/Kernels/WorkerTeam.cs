using System.Runtime.ExceptionServices;

namespace Microsoft.ML.Lstm.Kernels;

/// <summary>
/// Threads that run the parts of one piece of work together: the caller takes part 0, a worker each of the others.
/// </summary>
/// <remarks>
/// Made for many short pieces in a row: a worker that has finished spins for a moment, since the next piece mostly comes
/// within microseconds, then sleeps, and ends after a while without work, so that a team need not be disposed. A team
/// serves one caller at a time.
/// </remarks>
internal sealed class WorkerTeam
{
    private readonly Worker[] _workers;

    /// <param name="threads">Parts that can run at once, at least 1; the caller's thread is one of them.</param>
    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _workers = new Worker[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
            _workers[i] = new Worker(i + 1);
    }

    public int Threads => _workers.Length + 1;

    /// <summary>Calls <paramref name="work"/> with each part from 0 to <paramref name="parts"/> − 1 and returns when all have ended.</summary>
    /// <param name="parts">From 1 to <see cref="Threads"/>.</param>
    /// <param name="work">The work; keep the delegate, so that running allocates nothing.</param>
    /// <exception cref="Exception">What a part threw, after all have ended; the first by number.</exception>
    public void Run(int parts, Action<int> work)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, Threads);
        for (int i = 0; i < parts - 1; i++)
            _workers[i].Start(work);
        ExceptionDispatchInfo? failure = null;
        try
        {
            work(0);
        }
        catch (Exception e)
        {
            failure = ExceptionDispatchInfo.Capture(e);
        }
        for (int i = 0; i < parts - 1; i++)
            failure = _workers[i].Join() is { } thrown ? failure ?? thrown : failure;
        failure?.Throw();
    }

    private sealed class Worker(int part)
    {
        private const int Awake = 0;
        private const int Asleep = 1;
        private const int Ended = 2;

        private const int SpinsBeforeSleep = 2000;
        private static readonly TimeSpan IdleBeforeEnd = TimeSpan.FromSeconds(5);

        private readonly SemaphoreSlim _wake = new(0);
        private int _state = Ended;
        private Action<int>? _work;
        private ExceptionDispatchInfo? _failure;

        // Pieces handed out, and pieces done; the worker owes the difference (0 or 1).
        private volatile int _started;
        private volatile int _done;

        public void Start(Action<int> work)
        {
            _work = work;
            _started++;
            int state = Interlocked.Exchange(ref _state, Awake);
            if (state == Asleep)
                _wake.Release();
            else if (state == Ended)
                new Thread(Loop) { IsBackground = true, Name = "LSTM worker" }.UnsafeStart();
        }

        public ExceptionDispatchInfo? Join()
        {
            var spin = new SpinWait();
            while (_done != _started)
                spin.SpinOnce(sleep1Threshold: -1);
            _work = null;
            ExceptionDispatchInfo? failure = _failure;
            _failure = null;
            return failure;
        }

        private void Loop()
        {
            while (WaitForWork())
            {
                try
                {
                    _work!(part);
                }
                catch (Exception e)
                {
                    _failure = ExceptionDispatchInfo.Capture(e);
                }
                _done = _started;
            }
        }

        private bool WaitForWork()
        {
            for (int i = 0; i < SpinsBeforeSleep; i++)
            {
                if (_done != _started)
                    return true;
                Thread.SpinWait(20);
            }
            // Whoever changes the state from Asleep wins: Start wakes the worker, or its time is up and Start will begin a new thread.
            if (Interlocked.CompareExchange(ref _state, Asleep, Awake) != Awake)
                return true;
            if (_done != _started)
            {
                if (Interlocked.CompareExchange(ref _state, Awake, Asleep) != Asleep)
                    _wake.Wait();
                return true;
            }
            if (_wake.Wait(IdleBeforeEnd))
                return true;
            if (Interlocked.CompareExchange(ref _state, Ended, Asleep) == Asleep)
                return false;
            _wake.Wait();
            return true;
        }
    }
}
