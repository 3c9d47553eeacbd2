using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// A thread that runs pieces of work for one caller, one at a time. It starts with the first piece and ends after some seconds without
/// work, so that it need not be disposed. A caller that has no more work leaves it to the next one by <see cref="Return"/>.
/// </summary>
internal sealed class Worker
{
    private const int IdleMillisecondsBeforeEnd = 5000;

    // Returned workers. If every caller had its own, every view that was read would leave an idle thread for a while.
    private static readonly ConcurrentStack<Worker> Idle = new();
    private static readonly Action<int> NoWork = static _ => { };

    private readonly SemaphoreSlim _wake = new(0);
    private Action<int> _work = NoWork;
    private int _part;
    private int _spinsBeforeSleep;
    private ExceptionDispatchInfo? _failure;
    private int _offer = Offers.None;
    private int _thread = Threads.Ended;

    private Worker()
    {
    }

    /// <summary>A worker for the caller alone: the one that was returned last, whose thread is most likely awake, or a new one.</summary>
    /// <param name="spinsBeforeSleep">How often it looks for the next piece before it sleeps: where pieces come within microseconds, waking
    /// up costs more than the wait.</param>
    public static Worker Rent(int spinsBeforeSleep)
    {
        if (!Idle.TryPop(out Worker? worker))
            worker = new Worker();
        worker._spinsBeforeSleep = spinsBeforeSleep;
        return worker;
    }

    /// <summary>Makes the worker, which must have nothing to do, available to other callers. It must not be used any more.</summary>
    public void Return()
    {
        (_work, _failure) = (NoWork, null);
        Idle.Push(this);
    }

    /// <summary>Gives the worker a part to run, and wakes it.</summary>
    /// <param name="work">The work.</param>
    /// <param name="part">The argument of the work.</param>
    public void Offer(Action<int> work, int part)
    {
        (_work, _part) = (work, part);
        _failure = null;
        Volatile.Write(ref _offer, Offers.Open);
        int thread = Interlocked.Exchange(ref _thread, Threads.Awake);
        if (thread == Threads.Asleep)
            _wake.Release();
        else if (thread == Threads.Ended)
            StartThread();
    }

    /// <summary>Runs the part on the caller's thread if the worker has not begun it.</summary>
    public void TakeBack()
    {
        if (TryCancel())
            _failure = Try(_work, _part);
    }

    /// <summary>Cancels the part if the worker has not begun it.</summary>
    /// <returns>Whether it had not.</returns>
    public bool TryCancel() => Interlocked.CompareExchange(ref _offer, Offers.None, Offers.Open) == Offers.Open;

    /// <summary>Waits for the part to end and returns its exception, if it threw one.</summary>
    public ExceptionDispatchInfo? Wait()
    {
        var spin = new SpinWait();
        while (Volatile.Read(ref _offer) != Offers.None)
            spin.SpinOnce(sleep1Threshold: -1);
        return _failure;
    }

    /// <summary>Runs work and returns its exception, if it threw one.</summary>
    public static ExceptionDispatchInfo? Try(Action<int> work, int part)
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

    private void StartThread()
    {
        try
        {
            new Thread(Loop) { IsBackground = true, Name = "LSTM worker" }.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            // Thrown when the system has no more threads. The caller will take the part back.
            Volatile.Write(ref _thread, Threads.Ended);
        }
    }

    private void Loop()
    {
        do
        {
            while (Interlocked.CompareExchange(ref _offer, Offers.Taken, Offers.Open) == Offers.Open)
            {
                _failure = Try(_work, _part);
                Volatile.Write(ref _offer, Offers.None);
            }
        }
        while (WaitForOffer());
    }

    /// <summary>Returns true when there may be an offer, false when the thread's time is up.</summary>
    private bool WaitForOffer()
    {
        for (int i = 0; i < _spinsBeforeSleep; i++)
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
