using Microsoft.ML.Lstm.Engine.Network;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// The batches of an epoch, in random order. The sequences of a batch have about the same length, so that few of its steps have only a row
/// or two: the sequences are shuffled, each run of some batches is sorted by length, and then the batches are shuffled.
/// </summary>
/// <remarks>
/// Pieces of long sequences stay in their order. A batch has as many lanes as sequences; each lane goes through one run of pieces after the
/// other, a piece a batch, and takes the next run in the order of training when it has come to the end of one. So that one long text has
/// something for each lane, runs are cut where they have more pieces than a lane's share of all.
/// </remarks>
internal sealed class BatchPlan
{
    // Enough for batches of one length each, few enough to keep the order random.
    private const int SortedBatches = 32;

    private readonly int _batchSize;
    private readonly int[] _lengths;

    // Where pieces go on; else empty, each sequence being a run.
    private readonly (int First, int Count, long Steps)[] _runs;
    private readonly int[] _order;
    private readonly int[] _batchOrder;
    private readonly bool _sorts;

    // Of pieces that go on: those of each batch, one batch after the other, with their lanes, and where each batch begins; else empty.
    private readonly int[] _pieces = [];
    private readonly Lane[] _lanes = [];
    private readonly List<int> _starts = [];

    /// <param name="lengths">The length of each sequence, or piece of one.</param>
    /// <param name="batchSize">Sequences a batch; the last batch has the rest.</param>
    /// <param name="goesOn">Whether a sequence goes on where the one before it ends; null where none does.</param>
    /// <param name="cutsRuns">Whether long runs of pieces are cut, so that all lanes have something to do.</param>
    public BatchPlan(int[] lengths, int batchSize, Func<int, bool>? goesOn = null, bool cutsRuns = true)
    {
        _batchSize = batchSize;
        _lengths = lengths;
        int count = lengths.Length;
        _runs = goesOn is null ? [] : RunsOf(lengths, goesOn, cutsRuns ? (count + batchSize - 1) / batchSize : count);
        _order = [.. Enumerable.Range(0, _runs.Length > 0 ? _runs.Length : count)];
        _sorts = _order.Any(run => StepsOf(run) != StepsOf(0));
        if (_runs.Length == 0)
        {
            _batchOrder = [.. Enumerable.Range(0, (count + batchSize - 1) / batchSize)];
            return;
        }
        _batchOrder = [];
        _pieces = new int[count];
        _lanes = new Lane[count];
        FillLanes();
    }

    /// <summary>The plan of the sequences of a set.</summary>
    public static BatchPlan Of(SequenceSet set, int batchSize, bool cutsRuns = true)
        => new([.. Enumerable.Range(0, set.Count).Select(set.Length)], batchSize, index => set[index].GoesOn, cutsRuns);

    public int Batches => _pieces.Length > 0 ? _starts.Count : _batchOrder.Length;

    /// <summary>The numbers of the runs of pieces, which are whole sequences where none goes on, in the order of training.</summary>
    public int[] Order => _order;

    /// <summary>The numbers of the batches, in the order of training; empty where pieces go on.</summary>
    public int[] BatchOrder => _batchOrder;

    /// <summary>The numbers of the sequences of a batch, by its place in the order of training.</summary>
    public ReadOnlySpan<int> this[int batch]
    {
        get
        {
            if (_pieces.Length > 0)
                return _pieces.AsSpan(RangeOf(batch));
            int start = _batchOrder[batch] * _batchSize;
            return _order.AsSpan(start, Math.Min(_batchSize, _order.Length - start));
        }
    }

    /// <summary>The lanes of the sequences of a batch; empty where none goes on.</summary>
    public ReadOnlySpan<Lane> LanesOf(int batch) => _pieces.Length > 0 ? _lanes.AsSpan(RangeOf(batch)) : [];

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
        for (int start = 0; _sorts && start < _order.Length; start += SortedBatches * _batchSize)
        {
            Span<int> part = _order.AsSpan(start, Math.Min(SortedBatches * _batchSize, _order.Length - start));
            int[] sorted = [.. part.ToArray().OrderByDescending(StepsOf)];
            sorted.CopyTo(part);
        }
        if (_pieces.Length > 0)
            FillLanes();
        else if (_sorts)
            random.Shuffle(_batchOrder);
    }

    private long StepsOf(int run) => _runs.Length > 0 ? _runs[run].Steps : _lengths[run];

    /// <summary>The runs of pieces; none where no piece goes on.</summary>
    private static (int First, int Count, long Steps)[] RunsOf(int[] lengths, Func<int, bool> goesOn, int longest)
    {
        if (!Enumerable.Range(0, lengths.Length).Skip(1).Any(goesOn))
            return [];
        var runs = new List<(int First, int Count, long Steps)>();
        for (int i = 0; i < lengths.Length; i++)
        {
            if (i > 0 && goesOn(i) && runs[^1].Count < longest)
                runs[^1] = (runs[^1].First, runs[^1].Count + 1, runs[^1].Steps + lengths[i]);
            else
                runs.Add((i, 1, lengths[i]));
        }
        return runs.Count < lengths.Length ? [.. runs] : [];
    }

    private Range RangeOf(int batch) => _starts[batch]..(batch + 1 < _starts.Count ? _starts[batch + 1] : _pieces.Length);

    private void FillLanes()
    {
        // The run of each lane, and how many of its pieces are behind.
        var lanes = new (int Run, int Done)[_batchSize];
        Array.Fill(lanes, (-1, 0));
        int next = 0, filled = 0;
        _starts.Clear();
        while (filled < _pieces.Length)
        {
            _starts.Add(filled);
            for (int lane = 0; lane < lanes.Length; lane++)
            {
                (int run, int done) = lanes[lane];
                if (run < 0 || done == _runs[run].Count)
                    (run, done) = (next < _order.Length ? _order[next++] : -1, 0);
                lanes[lane] = (run, done + 1);
                if (run < 0)
                    continue;
                _lanes[filled] = new Lane(lane, GoesOn: done > 0);
                _pieces[filled++] = _runs[run].First + done;
            }
        }
    }
}
