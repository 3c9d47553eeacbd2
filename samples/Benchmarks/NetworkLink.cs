using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Benchmarks;

/// <summary>
/// A link between two network namespaces of Linux, for kernels without netem: what one puts into its device comes out of the other's, at
/// a rate and with a delay.
/// </summary>
internal static unsafe partial class NetworkLink
{
    public const string Command = "link";

    // Says that the devices are there, which otherwise nobody could wait for.
    private const string Ready = "ready";

    // A packet of the devices has up to 9,000 bytes.
    private const int Packets = 4096, LargestPacket = 9100;

    private const int ReadOnly = 0, ReadWrite = 2, NonBlocking = 0x800, NewNetwork = 0x40000000, PollIn = 1, SetTimerSlack = 29;
    private const int Interrupted = 4;

    // TUNSETIFF of linux/if_tun.h: the device of a name, IFF_TUN | IFF_NO_PI.
    private const uint SetInterface = 0x400454ca;
    private const short PlainPackets = 0x1001;

    /// <summary>Goes on until the process is ended. Needs the rights of root.</summary>
    /// <param name="megabits">The rate, in megabits a second.</param>
    /// <param name="milliseconds">How much later than sent a packet comes.</param>
    /// <param name="one">A namespace; its device is called tun and the namespace's name.</param>
    /// <param name="other">The other namespace.</param>
    public static void Run(double megabits, double milliseconds, string one, string other)
    {
        int first = OpenDevice(one), second = OpenDevice(other);
        Direction[] directions = [new(first, second, megabits, milliseconds), new(second, first, megabits, milliseconds)];
        // Timers come 50 microseconds late otherwise.
        Check(prctl(SetTimerSlack, 1), "PR_SET_TIMERSLACK");
        Console.WriteLine(Ready);
        PollFile* files = stackalloc PollFile[directions.Length];
        while (true)
        {
            double next = double.PositiveInfinity;
            for (int i = 0; i < directions.Length; i++)
            {
                next = Math.Min(next, directions[i].Move());
                files[i] = new PollFile { File = directions[i].From, Events = directions[i].HasRoom ? (short)PollIn : (short)0 };
            }
            double wait = Math.Clamp(next - Now, 0, 1);
            var time = new TimeSpec { Seconds = (long)wait, Nanoseconds = (long)((wait - (long)wait) * 1e9) };
            // The runtime's own signals end a wait.
            if (ppoll(files, (nuint)directions.Length, &time, null) < 0 && Marshal.GetLastPInvokeError() != Interrupted)
                Check(-1, "ppoll");
        }
    }

    private static double Now => Stopwatch.GetElapsedTime(0).TotalSeconds;

    private static int OpenDevice(string space)
    {
        string path = $"/run/netns/{space}";
        // The namespace of this thread is where the device is made.
        int file = Check(open(path, ReadOnly), path);
        Check(setns(file, NewNetwork), path);
        int device = Check(open("/dev/net/tun", ReadWrite | NonBlocking), "/dev/net/tun");
        byte* request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes($"tun{space}", new Span<byte>(request, 15));
        *(short*)(request + 16) = PlainPackets;
        Check(ioctl(device, SetInterface, request), $"tun{space}");
        return device;
    }

    private static int Check(int result, string what)
        => result >= 0 ? result : throw new Win32Exception($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int file, int type);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int file, nuint request, byte* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ppoll(PollFile* files, nuint count, TimeSpec* timeout, void* signals);

    [LibraryImport("libc")]
    private static partial nint read(int file, byte* bytes, nuint count);

    [LibraryImport("libc")]
    private static partial nint write(int file, byte* bytes, nuint count);

    // What happened stands behind it; it is not asked for.
    [StructLayout(LayoutKind.Sequential, Size = 8)]
    private struct PollFile
    {
        public int File;
        public short Events;
    }

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>The packets on their way from one device to the other.</summary>
    private sealed class Direction(int from, int to, double megabits, double milliseconds)
    {
        private readonly byte[] _bytes = GC.AllocateArray<byte>(Packets * LargestPacket, pinned: true);
        private readonly (double Due, int Length)[] _packets = new (double, int)[Packets];
        private long _sent;
        private long _received;
        private double _free;

        public int From => from;

        /// <summary>Without room, packets stay in the device, which drops those that it has no room for.</summary>
        public bool HasRoom => _received - _sent < Packets;

        /// <summary>Sends what is due, takes what has come, and returns when the next packet is due.</summary>
        public double Move()
        {
            fixed (byte* bytes = _bytes)
            {
                for (; _sent < _received && _packets[_sent % Packets].Due <= Now; _sent++)
                    _ = write(to, bytes + _sent % Packets * LargestPacket, (nuint)_packets[_sent % Packets].Length);
                while (HasRoom)
                {
                    int length = (int)read(from, bytes + _received % Packets * LargestPacket, LargestPacket);
                    if (length <= 0)
                        break;
                    _free = Math.Max(_free, Now) + length / (megabits * 1e6 / 8);
                    _packets[_received++ % Packets] = (_free + 1e-3 * milliseconds, length);
                }
            }
            return _sent < _received ? _packets[_sent % Packets].Due : double.PositiveInfinity;
        }
    }
}
