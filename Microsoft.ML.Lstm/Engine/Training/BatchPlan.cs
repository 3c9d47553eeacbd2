namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// The batches of an epoch, in random order. The sequences of a batch have about the same length, so that few of its steps have only a row
/// or two: the sequences are shuffled, each run of some batches is sorted by length, and then the batches are shuffled.
/// </summary>
/// <param name="lengths">The length of each sequence.</param>
/// <param name="batchSize">Sequences a batch; the last batch has the rest.</param>
internal sealed class BatchPlan(int[] lengths, int batchSize)
{
    // Enough for batches of one length each, few enough to keep the order random.
    private const int SortedBatches = 32;

    private readonly int[] _order = [.. Enumerable.Range(0, lengths.Length)];
    private readonly int[] _batchOrder = [.. Enumerable.Range(0, (lengths.Length + batchSize - 1) / batchSize)];
    private readonly bool _sorts = lengths.Distinct().Skip(1).Any();

    public int Batches => _batchOrder.Length;

    /// <summary>The numbers of the sequences, batch after batch.</summary>
    public int[] Order => _order;

    /// <summary>The numbers of the batches, in the order of training.</summary>
    public int[] BatchOrder => _batchOrder;

    /// <summary>The numbers of the sequences of a batch, by its place in the order of training.</summary>
    public ReadOnlySpan<int> this[int batch]
    {
        get
        {
            int start = _batchOrder[batch] * batchSize;
            return _order.AsSpan(start, Math.Min(batchSize, _order.Length - start));
        }
    }

    /// <summary>Restores the <see cref="Order"/> and <see cref="BatchOrder"/> of an interrupted training.</summary>
    /// <exception cref="InvalidDataException">They belong to other sequences.</exception>
    public void Restore(int[] order, int[] batchOrder)
    {
        if (!order.Order().SequenceEqual(Enumerable.Range(0, _order.Length))
            || !batchOrder.Order().SequenceEqual(Enumerable.Range(0, _batchOrder.Length)))
            throw new InvalidDataException("The checkpoint's order of sequences is not one of as many as there are.");
        order.CopyTo(_order, 0);
        batchOrder.CopyTo(_batchOrder, 0);
    }

    /// <summary>Draws the order of another epoch.</summary>
    public void Shuffle(Random random)
    {
        random.Shuffle(_order);
        if (!_sorts)
            return;
        for (int start = 0; start < _order.Length; start += SortedBatches * batchSize)
        {
            Span<int> run = _order.AsSpan(start, Math.Min(SortedBatches * batchSize, _order.Length - start));
            int[] sorted = [.. run.ToArray().OrderByDescending(index => lengths[index])];
            sorted.CopyTo(run);
        }
        random.Shuffle(_batchOrder);
    }
}
