using System.Text;
using Microsoft.ML.Lstm.Engine.Distributed;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The processes that <c>mpirun</c> has started: <c>mpirun -n 4 dotnet app.dll</c>. It uses the machine's Open MPI (version 4 or 5), which
/// is loaded when <see cref="Start"/> is called and not before.
/// </summary>
/// <remarks>
/// A process that ends in any other way than by disposing of this object, or in which <c>Fit</c> throws, makes <c>Fit</c> end in the
/// others with an <see cref="InvalidOperationException"/> that names it; <c>mpirun</c> ends those that are left.
/// </remarks>
public sealed unsafe class MpiCommunicator : Communicator
{
    private const int Tag = 4711;
    private const int MessageLength = 1024;

    // Polls of a wait before the processor is offered to others.
    private const int Spins = 100;

    // Polls in a row of a quiet wait: only each eighth looks at the network.
    private const int QuietPolls = 16;

    // After so long an exchange waits for a rank that has something else to do, and there is no hurry.
    private const int BusyMilliseconds = 50;

    private const int FarewellMilliseconds = 2000;

    private readonly MpiLibrary _mpi;
    private readonly byte[] _message = new byte[MessageLength];
    private readonly int[] _counts;
    private readonly int[] _partCounts;
    private readonly int[] _partStarts;
    private int _rank;
    private int _size;
    private bool _isDisposed;

    private MpiCommunicator(MpiLibrary mpi)
    {
        _mpi = mpi;
        RunFirst(() =>
        {
            if (_mpi.IsInitialized())
                throw new InvalidOperationException("MPI has been initialized in this process before, which can be done only once.");
            _mpi.Initialize();
            (_rank, _size) = (_mpi.Rank(), _mpi.Size());
        });
        _counts = new int[Size];
        _partCounts = new int[Size];
        _partStarts = new int[Size];
    }

    /// <inheritdoc/>
    public override int Rank => _rank;

    /// <inheritdoc/>
    public override int Size => _size;

    /// <summary>
    /// Connects the processes that <c>mpirun</c> has started, or this process with itself; once in the life of a process.
    /// </summary>
    /// <param name="library">The file of Open MPI's library; <see langword="null"/>, the default, to find <c>libmpi.so.40</c> or
    /// <c>libmpi</c> where the system has its libraries.</param>
    /// <returns>The connection; dispose of it at the end.</returns>
    /// <exception cref="DllNotFoundException">The library is not there, or it is another MPI than Open MPI.</exception>
    /// <exception cref="InvalidOperationException">MPI was started in this process before.</exception>
    public static MpiCommunicator Start(string? library = null) => new(MpiLibrary.Load(library));

    /// <summary>
    /// Waits until all processes have come here, and ends MPI. Where <c>Fit</c> has failed in one of them it does not, and <c>mpirun</c>
    /// ends all when this process ends.
    /// </summary>
    public override void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        End(() =>
        {
            bool hasFailed = HasFailed;
            Tell("");
            // After a failure the others are on their way here, if nothing else has happened to them.
            long last = Environment.TickCount64 + FarewellMilliseconds;
            for (int others = Size - 1; others > 0 && !(hasFailed && Environment.TickCount64 > last);)
            {
                if (_mpi.Receive(_message, Tag) < 0)
                    Thread.Sleep(1);
                else if (TextOf(_message).Length == 0)
                    others--;
                else
                    hasFailed = true;
            }
            if (!hasFailed)
                _mpi.Complete();
        });
    }

    private protected override void ExchangeParts(byte* values, ReadOnlySpan<int> starts, byte* parts)
    {
        SetCounts(starts);
        for (int rank = 0; rank < _size; rank++)
            (_partCounts[rank], _partStarts[rank]) = (_counts[_rank], rank * _counts[_rank]);
        fixed (int* counts = _counts, first = starts, partCounts = _partCounts, partStarts = _partStarts)
            Await(_mpi.BeginExchange(values, counts, first, parts, partCounts, partStarts));
    }

    private protected override void GatherParts(byte* values, ReadOnlySpan<int> starts)
    {
        SetCounts(starts);
        fixed (int* counts = _counts, first = starts)
            Await(_mpi.BeginGather(values, counts, first));
    }

    private protected override void Tell(string failure)
    {
        byte[] message = new byte[MessageLength];
        // A message that is too long ends where a character does.
        Encoding.UTF8.GetEncoder().Convert(failure, message, flush: false, out _, out _, out _);
        for (int rank = 0; rank < _size; rank++)
        {
            if (rank != _rank)
                _mpi.Send(message, rank, Tag);
        }
    }

    private void SetCounts(ReadOnlySpan<int> starts)
    {
        for (int rank = 0; rank < _size; rank++)
            _counts[rank] = starts[rank + 1] - starts[rank];
    }

    /// <summary>Waits for what has begun: quietly while this process computes, and busily where it has nothing else to do.</summary>
    private void Await(nint request)
    {
        long begun = Environment.TickCount64;
        for (int polls = 1; !_mpi.HasEnded(ref request); polls++)
        {
            bool isQuiet = !IsAwaited || Environment.TickCount64 - begun > BusyMilliseconds;
            if (isQuiet && polls % QuietPolls != 0)
                continue;
            ThrowIfFailing();
            if (_mpi.Receive(_message, Tag) is >= 0 and int rank)
                throw new InvalidOperationException(TextOf(_message) is { Length: > 0 } failure ? failure
                    : $"Rank {rank} of {_size} has ended while others are still training.");
            if (isQuiet)
                Thread.Sleep(1);
            else if (polls > Spins)
                Thread.Yield();
        }
    }

    private static string TextOf(byte[] message) => Encoding.UTF8.GetString(message).TrimEnd('\0');
}
