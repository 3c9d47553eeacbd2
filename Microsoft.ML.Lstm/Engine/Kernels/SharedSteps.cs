using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// Lets the parts of a <see cref="WorkerTeam"/>'s work share a series of steps: each part does its share of every step, and no part begins
/// a step before all shares of the previous one are done.
/// </summary>
/// <remarks>
/// Part 0 leads. It does whole steps alone until all others have arrived, since waiting for a worker that sleeps, or whose processor is
/// busy, would take longer than the steps; from then on the parts share. Each part has a counter on cache lines of its own, which it writes
/// and the others read, so that steps of a few microseconds are worth sharing.
/// </remarks>
internal sealed class SharedSteps(int maxParts)
{
    // Two lines of 64 bytes, which some processors fetch together.
    private const int CounterStride = 32;
    private const int SpinsBeforeYield = 1000;
    private const int NotYet = -1;

    private readonly int[] _done = new int[(maxParts + 1) * CounterStride];
    private int _parts;
    private int _arrived;
    private int _sharedFrom;

    /// <summary>Begins a new series of steps, before its parts run.</summary>
    public void Start(int parts)
    {
        _parts = parts;
        _arrived = 0;
        _sharedFrom = NotYet;
        Array.Clear(_done);
    }

    /// <summary>The first call of each part but the leader: returns when it is known which steps are shared.</summary>
    public void Arrive()
    {
        Interlocked.Increment(ref _arrived);
        WaitUntil(ref _sharedFrom, 0);
    }

    /// <summary>Waits until step <paramref name="step"/> may begin; each part calls it for every step, from 0 on.</summary>
    /// <returns>How many parts share the step. Where the leader does it alone: 1 for the leader, 0 for the other parts.</returns>
    public int Enter(int step)
    {
        if (_sharedFrom == NotYet)
        {
            if (Volatile.Read(ref _arrived) < _parts - 1)
                return 1;
            Volatile.Write(ref _sharedFrom, step);
        }
        if (step < _sharedFrom)
            return 0;
        if (step > _sharedFrom)
            WaitForAll(step);
        return _parts;
    }

    /// <summary>Announces that the part's share of step <paramref name="step"/> is done.</summary>
    public void Leave(int part, int step) => Volatile.Write(ref Done(part), step + 1);

    /// <summary>
    /// The part will do no further step, and no other part waits for it any more; the results of the steps are then incomplete.
    /// </summary>
    public void Abandon(int part) => Volatile.Write(ref Done(part), int.MaxValue);

    /// <summary>The leader's last call: waits until all <paramref name="steps"/> steps are done.</summary>
    public void Finish(int steps)
    {
        if (_sharedFrom == NotYet)
            Volatile.Write(ref _sharedFrom, steps);
        else
            WaitForAll(steps);
    }

    // The first counter is not at the array's beginning, beside its length.
    private ref int Done(int part) => ref _done[(part + 1) * CounterStride - 1];

    private void WaitForAll(int steps)
    {
        for (int part = 0; part < _parts; part++)
            WaitUntil(ref Done(part), steps);
    }

    private static void WaitUntil(ref int value, int atLeast)
    {
        for (int i = 0; i < SpinsBeforeYield; i++)
        {
            if (Volatile.Read(ref value) >= atLeast)
                return;
            // A single pause: the shortest of SpinWait takes longer than the cache line takes to arrive.
            if (X86Base.IsSupported)
                X86Base.Pause();
            else
                Thread.SpinWait(1);
        }
        var spin = new SpinWait();
        while (Volatile.Read(ref value) < atLeast)
            spin.SpinOnce(sleep1Threshold: -1);
    }
}
