namespace Microsoft.ML.Lstm.Tests.Engine.Distributed;

/// <summary>Ranks that are threads of one process, for tests of what does not depend on how the ranks are connected.</summary>
internal sealed unsafe class ThreadRanks : Communicator
{
    private readonly Meeting _meeting;

    private ThreadRanks(Meeting meeting, int rank) => (_meeting, Rank) = (meeting, rank);

    public override int Rank { get; }

    public override int Size => _meeting.Size;

    /// <summary>Does something on each of some ranks at once, and gives the results in their order.</summary>
    public static T[] Run<T>(int size, Func<Communicator, T> work)
        => [.. Try(size, work).Select(task => task.GetAwaiter().GetResult())];

    /// <summary>As <see cref="Run"/>, with what was thrown.</summary>
    public static Task<T>[] Try<T>(int size, Func<Communicator, T> work)
    {
        var meeting = new Meeting(size);
        Task<T>[] tasks = [.. Enumerable.Range(0, size).Select(rank => Task.Factory.StartNew(() =>
        {
            using var ranks = new ThreadRanks(meeting, rank);
            return work(ranks);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        Task.WhenAll(tasks).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        return tasks;
    }

    public override void Dispose() => End(() => { });

    private protected override void ExchangeParts(byte* values, ReadOnlySpan<int> starts, byte* parts)
    {
        int length = starts[Rank + 1] - starts[Rank];
        nint[] others = _meeting.Meet(Rank, (nint)values);
        for (int rank = 0; rank < Size; rank++)
            new Span<byte>((byte*)others[rank] + starts[Rank], length).CopyTo(new Span<byte>(parts + rank * length, length));
        _meeting.Meet(Rank, 0);
    }

    private protected override void GatherParts(byte* values, ReadOnlySpan<int> starts)
    {
        nint[] others = _meeting.Meet(Rank, (nint)values);
        for (int rank = 0; rank < Size; rank++)
        {
            int length = starts[rank + 1] - starts[rank];
            if (rank != Rank)
                new Span<byte>((byte*)others[rank] + starts[rank], length).CopyTo(new Span<byte>(values + starts[rank], length));
        }
        _meeting.Meet(Rank, 0);
    }

    private protected override void Tell(string failure) => _meeting.Fail(failure);

    /// <summary>Where all ranks come together, each with an address.</summary>
    private sealed class Meeting(int size)
    {
        private readonly object _lock = new();
        private nint[] _addresses = new nint[size];
        private nint[] _last = [];
        private int _arrived;
        private int _round;
        private string? _failure;

        public int Size => size;

        public nint[] Meet(int rank, nint address)
        {
            lock (_lock)
            {
                int round = _round;
                _addresses[rank] = address;
                if (++_arrived == size)
                {
                    (_last, _addresses, _arrived) = (_addresses, new nint[size], 0);
                    _round++;
                    Monitor.PulseAll(_lock);
                }
                while (_round == round && _failure is null)
                    Monitor.Wait(_lock);
                return _round == round ? throw new InvalidOperationException(_failure) : _last;
            }
        }

        public void Fail(string failure)
        {
            lock (_lock)
            {
                _failure = failure;
                Monitor.PulseAll(_lock);
            }
        }
    }
}
