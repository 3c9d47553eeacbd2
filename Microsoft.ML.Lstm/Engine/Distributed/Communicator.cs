using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The processes that train together, on one machine or several. They run the same program on the same data with the same options;
/// <see cref="TrainingOptions.Communicator"/> makes <c>Fit</c> share its work among them, and gives each of them the same model, to the
/// last bit. <see cref="MpiCommunicator"/> connects them.
/// </summary>
/// <remarks>
/// What goes from process to process is exchanged by one thread, in the order in which it was asked for; all processes have to ask for the
/// same. Sums are made in the order of the ranks, so that they have the same bits each time.
/// </remarks>
public abstract unsafe class Communicator : IDisposable
{
    // So long a process that fails waits until the others have been told.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly Queue<Exchange?> _posted = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread _thread;
    private volatile Exception? _failure;
    private volatile string? _ownFailure;

    // Keeps the memory of an exchange that was broken off, into which the others' parts may still be written.
    private Exchange? _brokenOff;
    private int _waiting;
    private bool _takesTurns;

    private protected Communicator()
    {
        _thread = new Thread(RunExchanges) { IsBackground = true, Name = "Exchanges between ranks" };
        _thread.Start();
    }

    /// <summary>The number of this process, from 0. The process of rank 0 alone logs, calls <c>EpochCompleted</c> and writes checkpoints;
    /// it should save the model, too.</summary>
    public abstract int Rank { get; }

    /// <summary>The number of processes, at least 1.</summary>
    public abstract int Size { get; }

    /// <summary>Whether someone waits for an exchange; otherwise it may leave the processor to the computation beside it.</summary>
    private protected bool IsAwaited => Volatile.Read(ref _waiting) > 0;

    /// <summary>Ends the connection, when all processes have come so far.</summary>
    public abstract void Dispose();

    /// <summary>
    /// Sends part j of <paramref name="values"/> to rank j, and receives the own part of each rank's values, one after the other.
    /// </summary>
    /// <param name="values">The bytes of all parts.</param>
    /// <param name="starts">Where each part begins, and where the last one ends.</param>
    /// <param name="parts">Receives as many parts as there are ranks.</param>
    private protected abstract void ExchangeParts(byte* values, ReadOnlySpan<int> starts, byte* parts);

    /// <summary>Gives each rank the parts of <paramref name="values"/> that others have; each has its own part already.</summary>
    /// <inheritdoc cref="ExchangeParts" path="/param"/>
    private protected abstract void GatherParts(byte* values, ReadOnlySpan<int> starts);

    /// <summary>Tells all other ranks why this one has failed.</summary>
    private protected abstract void Tell(string failure);

    /// <summary>Begins an exchange, which runs after those before it.</summary>
    internal void Post(Exchange exchange)
    {
        exchange.Begin();
        Enqueue(exchange);
    }

    /// <summary>Waits for the end of an exchange.</summary>
    /// <exception cref="InvalidOperationException">A process has failed or ended meanwhile, and the message says which and why.</exception>
    internal void Wait(Exchange exchange)
    {
        Interlocked.Increment(ref _waiting);
        exchange.Wait();
        Interlocked.Decrement(ref _waiting);
        if (_failure is { } failure)
            throw new InvalidOperationException(failure.Message, failure);
    }

    /// <summary>The sum of a number over all ranks, in their order.</summary>
    internal double Sum(double value)
    {
        double sum = 0;
        foreach (double one in Gather<double>([value]))
            sum += one;
        return sum;
    }

    /// <summary>The values of all ranks, in their order, where all have as many.</summary>
    internal T[] Gather<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        int length = values.Length;
        int[] starts = [.. Enumerable.Range(0, Size + 1).Select(rank => rank * length)];
        return Gather(values, starts);
    }

    /// <summary>The values of all ranks, in their order, of which each may have another number.</summary>
    internal T[] GatherAll<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        int[] starts = [0, .. Gather<int>([values.Length])];
        for (int rank = 0; rank < Size; rank++)
            starts[rank + 1] = checked(starts[rank + 1] + starts[rank]);
        return Gather(values, starts);
    }

    /// <summary>The bytes of rank 0, for all.</summary>
    /// <param name="bytes">The bytes, which count on rank 0 alone.</param>
    internal byte[] Broadcast(ReadOnlySpan<byte> bytes) => GatherAll(Rank == 0 ? bytes : []);

    /// <summary>The number of rank 0, for all.</summary>
    internal int Broadcast(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return BinaryPrimitives.ReadInt32LittleEndian(Broadcast(bytes));
    }

    /// <summary>
    /// Does each of some pieces of work on one rank, and gives what comes of all of them to each rank: trainings that do not depend on each
    /// other, such as those of several seeds or settings. All ranks call it, with as many pieces.
    /// </summary>
    /// <param name="count">How many pieces there are, at least 0; rank 0 does the first one, rank 1 the next one, and so on, and again from
    /// rank 0 on where there are more of them than ranks.</param>
    /// <param name="work">Does a piece, whose number counts from 0, and gives what comes of it as bytes. It trains without this
    /// communicator, since the others are at other work.</param>
    /// <returns>The bytes of each piece, in the order of the pieces.</returns>
    /// <exception cref="InvalidOperationException">A piece has failed on another rank, or a rank has ended, and the message says which and
    /// why; or it is called by a piece of work.</exception>
    public byte[][] TakeTurns(int count, Func<int, byte[]> work)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(work);
        return Together(this, () => TurnsOf(count, work));
    }

    /// <summary>Does work that all ranks do together; where it fails on one, the others end with an error that says why.</summary>
    /// <param name="ranks">The ranks; null for this process alone.</param>
    /// <param name="work">The work.</param>
    internal static T Together<T>(Communicator? ranks, Func<T> work)
    {
        if (ranks is { _takesTurns: true })
            throw new InvalidOperationException("The ranks take turns at work that each does by itself, such as fitting the folds of a "
                + "backtest: give the Communicator to the backtest alone, and not to its estimator.");
        try
        {
            return work();
        }
        // What has gone wrong inside of such work has been told already.
        catch (Exception error) when (ranks is { Size: > 1, _failure: null, _ownFailure: null })
        {
            ranks.Fail(error);
            throw;
        }
    }

    /// <summary>Whether any rank says so; of this process alone, whether it does.</summary>
    internal static bool Any(Communicator? ranks, bool said) => ranks is { Size: > 1 } ? ranks.Sum(said ? 1 : 0) > 0 : said;

    /// <summary>Whether this process logs and writes checkpoints.</summary>
    internal static bool IsFirst(Communicator? ranks) => ranks is null or { Rank: 0 };

    private protected void ThrowIfFailing()
    {
        if (_ownFailure is not null)
            throw new InvalidOperationException(_ownFailure);
    }

    /// <summary>Whether a process has failed, so that no exchange can end well any more.</summary>
    private protected bool HasFailed => _failure is not null;

    /// <summary>Ends the thread, after a last piece of work.</summary>
    private protected void End(Action last)
    {
        var exchange = new Final(last);
        Post(exchange);
        Enqueue(null);
        exchange.Wait();
        _thread.Join();
        _work.Dispose();
    }

    /// <summary>Does a piece of work on the thread of the exchanges, the only one that talks to the other processes.</summary>
    private protected void RunFirst(Action work)
    {
        var exchange = new Final(work);
        Post(exchange);
        Wait(exchange);
    }

    private T[] Gather<T>(ReadOnlySpan<T> values, int[] starts)
        where T : unmanaged
    {
        T[] all = GC.AllocateUninitializedArray<T>(starts[^1], pinned: true);
        values.CopyTo(all.AsSpan(starts[Rank]));
        var exchange = new GatherExchange(all, Array.ConvertAll(starts, start => checked(start * sizeof(T))));
        Post(exchange);
        Wait(exchange);
        return all;
    }

    private byte[][] TurnsOf(int count, Func<int, byte[]> work)
    {
        byte[][] own;
        _takesTurns = true;
        try
        {
            own = [.. Enumerable.Range(0, count).Select(i => i % Size == Rank ? work(i) : [])];
        }
        finally
        {
            _takesTurns = false;
        }
        return [.. own.Select(bytes => GatherAll<byte>(bytes))];
    }

    private void Fail(Exception error)
    {
        _ownFailure = $"Rank {Rank} of {Size} has failed: {error.Message}";
        var exchange = new Final(() => Tell(_ownFailure));
        Post(exchange);
        exchange.Wait(Farewell);
    }

    private void Enqueue(Exchange? exchange)
    {
        lock (_posted)
            _posted.Enqueue(exchange);
        _work.Release();
    }

    private void RunExchanges()
    {
        for (; ; )
        {
            _work.Wait();
            Exchange? next;
            lock (_posted)
                next = _posted.Dequeue();
            if (next is null)
                return;
            try
            {
                if (_failure is null || next is Final)
                    next.Run(this);
            }
            catch (Exception error)
            {
                _brokenOff ??= next;
                _failure ??= error;
            }
            next.End();
        }
    }

    /// <summary>Something that happens between all ranks.</summary>
    internal abstract class Exchange
    {
        private readonly ManualResetEventSlim _hasEnded = new();

        /// <summary>Runs on the thread of the exchanges.</summary>
        public abstract void Run(Communicator ranks);

        public void Begin() => _hasEnded.Reset();

        public void End() => _hasEnded.Set();

        public void Wait() => _hasEnded.Wait();

        public void Wait(TimeSpan most) => _hasEnded.Wait(most);

        /// <inheritdoc cref="Communicator.ExchangeParts"/>
        protected static void ExchangeParts(Communicator ranks, byte* values, ReadOnlySpan<int> starts, byte* parts)
            => ranks.ExchangeParts(values, starts, parts);

        /// <inheritdoc cref="Communicator.GatherParts"/>
        protected static void GatherParts(Communicator ranks, byte* values, ReadOnlySpan<int> starts) => ranks.GatherParts(values, starts);
    }

    /// <summary>Gives each rank the values of all.</summary>
    /// <param name="values">Those of all ranks, in place, in an array that is pinned.</param>
    /// <param name="starts">The bytes at which those of each rank begin, and at which the last ones end.</param>
    internal sealed class GatherExchange(Array values, int[] starts) : Exchange
    {
        public override void Run(Communicator ranks)
            => GatherParts(ranks, (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(values, 0), starts);
    }

    /// <summary>Work at the beginning or the end, which runs even when a process has failed.</summary>
    private sealed class Final(Action work) : Exchange
    {
        public override void Run(Communicator ranks) => work();
    }
}
