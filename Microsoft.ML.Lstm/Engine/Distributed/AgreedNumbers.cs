namespace Microsoft.ML.Lstm.Engine.Distributed;

/// <summary>A few numbers of each rank that all ranks come to know while they go on computing.</summary>
internal sealed class AgreedNumbers
{
    private readonly Communicator _ranks;
    private readonly int[] _numbers;
    private readonly int _count;
    private readonly Communicator.GatherExchange _exchange;

    /// <param name="ranks">The ranks.</param>
    /// <param name="count">Numbers of each rank.</param>
    public AgreedNumbers(Communicator ranks, int count)
    {
        (_ranks, _count) = (ranks, count);
        _numbers = GC.AllocateArray<int>(count * ranks.Size, pinned: true);
        _exchange = new Communicator.GatherExchange(_numbers,
            [.. Enumerable.Range(0, ranks.Size + 1).Select(rank => rank * count * sizeof(int))]);
    }

    /// <summary>Begins to tell the others the own numbers.</summary>
    public void Begin(params ReadOnlySpan<int> own)
    {
        own.CopyTo(_numbers.AsSpan(_ranks.Rank * _count));
        _ranks.Post(_exchange);
    }

    /// <summary>Waits for those of all ranks, in their order.</summary>
    public ReadOnlySpan<int> End()
    {
        _ranks.Wait(_exchange);
        return _numbers;
    }
}
