using System.Runtime.ExceptionServices;

namespace Microsoft.ML.Lstm.Kernels;

/// <summary>
/// Threads that run the parts of one piece of work together: the caller takes part 0, a worker each of the others.
/// </summary>
/// <remarks>
/// Made for many short pieces in a row: a worker that has finished spins for a moment, since the next piece mostly comes
/// within microseconds, then sleeps, and ends after a while without work, so that a team need not be disposed. A part whose
/// worker has not begun by the time the caller is free (other programs may have its processor) is done by the caller, so
/// that waiting is only ever for work that runs. A team serves one caller at a time.
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
            _workers[i].Offer(work);
        ExceptionDispatchInfo? failure = Try(work, 0);
        for (int i = 0; i < parts - 1; i++)
            _workers[i].TakeBack();
        for (int i = 0; i < parts - 1; i++)
        {
            ExceptionDispatchInfo? thrown = _workers[i].Wait();
            failure ??= thrown;
        }
        failure?.Throw();
    }

    private static ExceptionDispatchInfo? Try(Action<int> work, int part)
    {
        try
        {
            work(part);
            return null;
        }
        catch (Exception e)
        {
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    private sealed class Worker(int part)
    {
        private const int SpinsBeforeSleep = 500;
        private const int IdleMillisecondsBeforeEnd = 5000;

        private readonly SemaphoreSlim _wake = new(0);
        private Action<int> _work = static _ => { };
        private ExceptionDispatchInfo? _failure;
        private int _offer = Offers.None;
        private int _thread = Threads.Ended;

        /// <summary>Hands the worker a part, and sees to it that it notices.</summary>
        public void Offer(Action<int> work)
        {
            _work = work;
            _failure = null;
            Volatile.Write(ref _offer, Offers.Open);
            int thread = Interlocked.Exchange(ref _thread, Threads.Awake);
            if (thread == Threads.Asleep)
                _wake.Release();
            else if (thread == Threads.Ended)
                StartThread();
        }

        /// <summary>Does the part if the worker has not begun it.</summary>
        public void TakeBack()
        {
            if (Interlocked.CompareExchange(ref _offer, Offers.None, Offers.Open) == Offers.Open)
                _failure = Try(_work, part);
        }

        /// <summary>Waits for the part's end, and gives what it threw.</summary>
        public ExceptionDispatchInfo? Wait()
        {
            var spin = new SpinWait();
            while (Volatile.Read(ref _offer) != Offers.None)
                spin.SpinOnce(sleep1Threshold: -1);
            return _failure;
        }

        private void StartThread()
        {
            try
            {
                new Thread(Loop) { IsBackground = true, Name = "LSTM worker" }.UnsafeStart();
            }
            catch (OutOfMemoryException)
            {
                // What .NET throws when the system gives no more threads. The caller will take the part back.
                Volatile.Write(ref _thread, Threads.Ended);
            }
        }

        private void Loop()
        {
            do
            {
                while (Interlocked.CompareExchange(ref _offer, Offers.Taken, Offers.Open) == Offers.Open)
                {
                    _failure = Try(_work, part);
                    Volatile.Write(ref _offer, Offers.None);
                }
            }
            while (WaitForOffer());
        }

        /// <summary>Returns true when there may be an offer, false when the thread's time is up.</summary>
        private bool WaitForOffer()
        {
            for (int i = 0; i < SpinsBeforeSleep; i++)
            {
                if (Volatile.Read(ref _offer) == Offers.Open)
                    return true;
                Thread.SpinWait(20);
            }
            // An offer made before this exchange is seen by the check after it; one made later finds the thread asleep and wakes it.
            Interlocked.Exchange(ref _thread, Threads.Asleep);
            if (Volatile.Read(ref _offer) != Offers.Open && _wake.Wait(IdleMillisecondsBeforeEnd))
                return true;
            int next = Volatile.Read(ref _offer) == Offers.Open ? Threads.Awake : Threads.Ended;
            if (Interlocked.CompareExchange(ref _thread, next, Threads.Asleep) == Threads.Asleep)
                return next == Threads.Awake;
            // Offer has just changed the state itself, so its release is on the way.
            _wake.Wait();
            return true;
        }

        private static class Offers
        {
            public const int None = 0;
            public const int Open = 1;
            public const int Taken = 2;
        }

        private static class Threads
        {
            public const int Awake = 0;
            public const int Asleep = 1;
            public const int Ended = 2;
        }
    }
}
