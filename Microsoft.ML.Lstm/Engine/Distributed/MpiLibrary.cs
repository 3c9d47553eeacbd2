using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Distributed;

/// <summary>The functions of Open MPI that are used, from the library of the machine.</summary>
/// <remarks>Handles such as MPI_COMM_WORLD are addresses of what the library exports. MPICH has numbers in their place.</remarks>
internal sealed unsafe class MpiLibrary
{
    /// <summary>MPI_IN_PLACE: the values are where they are received.</summary>
    public static readonly void* InPlace = (void*)1;

    /// <summary>MPI_ANY_SOURCE.</summary>
    public const int AnyRank = -1;

    // MPI_THREAD_FUNNELED: one thread calls MPI.
    private const int Funneled = 1;

    // What Debian and Fedora, macOS and a development package call it.
    private static readonly string[] Names = ["libmpi.so.40", "libmpi.40.dylib", "libmpi"];

    private readonly nint _world;
    private readonly nint _byte;
    private readonly delegate* unmanaged[Cdecl]<int*, int> _initialized;
    private readonly delegate* unmanaged[Cdecl]<void*, void*, int, int*, int> _initThread;
    private readonly delegate* unmanaged[Cdecl]<nint, int*, int> _rank;
    private readonly delegate* unmanaged[Cdecl]<nint, int*, int> _size;
    private readonly delegate* unmanaged[Cdecl]<void*, int*, int*, nint, void*, int*, int*, nint, nint, nint*, int> _exchange;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, void*, int*, int*, nint, nint, nint*, int> _gather;
    private readonly delegate* unmanaged[Cdecl]<nint*, int*, void*, int> _test;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, int> _send;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, void*, int> _receive;
    private readonly delegate* unmanaged[Cdecl]<int, int, nint, int*, MpiStatus*, int> _probe;
    private readonly delegate* unmanaged[Cdecl]<int> _finalize;

    private MpiLibrary(nint library, nint world)
    {
        _world = world;
        _byte = NativeLibrary.GetExport(library, "ompi_mpi_byte");
        _initialized = (delegate* unmanaged[Cdecl]<int*, int>)Find("MPI_Initialized");
        _initThread = (delegate* unmanaged[Cdecl]<void*, void*, int, int*, int>)Find("MPI_Init_thread");
        _rank = (delegate* unmanaged[Cdecl]<nint, int*, int>)Find("MPI_Comm_rank");
        _size = (delegate* unmanaged[Cdecl]<nint, int*, int>)Find("MPI_Comm_size");
        _exchange = (delegate* unmanaged[Cdecl]<void*, int*, int*, nint, void*, int*, int*, nint, nint, nint*, int>)Find("MPI_Ialltoallv");
        _gather = (delegate* unmanaged[Cdecl]<void*, int, nint, void*, int*, int*, nint, nint, nint*, int>)Find("MPI_Iallgatherv");
        _test = (delegate* unmanaged[Cdecl]<nint*, int*, void*, int>)Find("MPI_Test");
        _send = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, int>)Find("MPI_Send");
        _receive = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, void*, int>)Find("MPI_Recv");
        _probe = (delegate* unmanaged[Cdecl]<int, int, nint, int*, MpiStatus*, int>)Find("MPI_Iprobe");
        _finalize = (delegate* unmanaged[Cdecl]<int>)Find("MPI_Finalize");

        nint Find(string name) => NativeLibrary.GetExport(library, name);
    }

    /// <summary>Loads the library.</summary>
    /// <param name="path">The file; null to find it where the system has its libraries.</param>
    /// <exception cref="DllNotFoundException">There is none, or it is not Open MPI's.</exception>
    public static MpiLibrary Load(string? path)
    {
        nint library = 0;
        string? name = (path is null ? Names : [path]).FirstOrDefault(one => NativeLibrary.TryLoad(one, out library));
        if (name is null)
            throw new DllNotFoundException("Open MPI is not there: "
                + (path is null ? $"none of {string.Join(", ", Names)} can be loaded" : $"'{path}' can't be loaded")
                + ". Debian and Ubuntu have it in the packages libopenmpi3 and openmpi-bin.");
        // Of a predefined object the library exports what the handle is the address of.
        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint world))
            return new MpiLibrary(library, world);
        throw new DllNotFoundException($"'{name}' is not Open MPI"
            + (NativeLibrary.TryGetExport(library, "MPIR_Err_create_code", out _) ? " but MPICH, or an MPI made of it" : "")
            + ": only Open MPI is supported (packages libopenmpi3 and openmpi-bin).");
    }

    /// <summary>Whether MPI has been initialized, which a process does once at most.</summary>
    public bool IsInitialized()
    {
        int flag;
        Check(_initialized(&flag));
        return flag != 0;
    }

    /// <summary>Initializes MPI for the calling thread.</summary>
    public void Initialize()
    {
        int granted;
        Check(_initThread(null, null, Funneled, &granted));
    }

    public int Rank()
    {
        int rank;
        Check(_rank(_world, &rank));
        return rank;
    }

    public int Size()
    {
        int size;
        Check(_size(_world, &size));
        return size;
    }

    /// <summary>Begins MPI_Ialltoallv on bytes.</summary>
    public nint BeginExchange(byte* values, int* counts, int* starts, byte* parts, int* partCounts, int* partStarts)
    {
        nint request;
        Check(_exchange(values, counts, starts, _byte, parts, partCounts, partStarts, _byte, _world, &request));
        return request;
    }

    /// <summary>Begins MPI_Iallgatherv on bytes, in place.</summary>
    public nint BeginGather(byte* values, int* counts, int* starts)
    {
        nint request;
        Check(_gather(InPlace, 0, _byte, values, counts, starts, _byte, _world, &request));
        return request;
    }

    /// <summary>Whether what has begun has ended.</summary>
    public bool HasEnded(ref nint request)
    {
        int flag;
        fixed (nint* address = &request)
            Check(_test(address, &flag, null));
        return flag != 0;
    }

    public void Send(ReadOnlySpan<byte> message, int rank, int tag)
    {
        fixed (byte* bytes = message)
            Check(_send(bytes, message.Length, _byte, rank, tag, _world));
    }

    /// <summary>Receives a message that is there already.</summary>
    /// <returns>The rank that has sent it; -1 for none.</returns>
    public int Receive(Span<byte> message, int tag)
    {
        int flag;
        MpiStatus status;
        Check(_probe(AnyRank, tag, _world, &flag, &status));
        if (flag == 0)
            return -1;
        fixed (byte* bytes = message)
            Check(_receive(bytes, message.Length, _byte, status.Source, tag, _world, null));
        return status.Source;
    }

    // MPI's own handler of errors ends all processes; a user may have set another one.
    public void Complete() => Check(_finalize());

    private static void Check(int error)
    {
        if (error != 0)
            throw new InvalidOperationException($"MPI gave the error {error}.");
    }

    // As mpi.h has it.
    [StructLayout(LayoutKind.Sequential)]
    private struct MpiStatus
    {
        public int Source;
        public int Tag;
        public int Error;
        public int IsCancelled;
        public nint Count;
    }
}
