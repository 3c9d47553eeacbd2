using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Distributed;

/// <summary>
/// Data-parallel training: each rank computes a part of each batch, the gradients are added up, and all ranks make the same update.
/// </summary>
/// <remarks>
/// Of a batch in memory, which all ranks have, their sequences take turns: the longest to rank 0, the next one to rank 1, and so on. Of
/// rows that are streamed each rank has read its own. Whatever decides the course of the training is agreed upon.
/// </remarks>
internal sealed class DataParallel : IDisposable
{
    private readonly Communicator _ranks;
    private readonly BatchRunner _runner;
    private readonly Gradient _gradient;
    private readonly GradientSum _sum;
    private readonly AgreedNumbers _agreed;
    private readonly bool _hasOwnSets;
    private readonly Parameter[] _statistics;
    private readonly CancellationToken _asked;
    private readonly CancellationToken _abandoned;
    private readonly CancellationTokenSource _stop = new();
    private int[] _indices = [];
    private Lane[] _lanes = [];

    /// <param name="ranks">The ranks, at least two.</param>
    /// <param name="runner">Runs the own part of a batch.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="hasOwnSets">Whether each rank has sets of sequences of its own, rather than all the same.</param>
    /// <param name="asked">Cancelled to end training with the model so far, on any rank.</param>
    /// <param name="abandoned">Cancelled to end training without a model, on any rank.</param>
    public DataParallel(Communicator ranks, BatchRunner runner, Gradient gradient, bool hasOwnSets, CancellationToken asked,
        CancellationToken abandoned)
    {
        (_ranks, _runner, _gradient, _asked, _abandoned) = (ranks, runner, gradient, asked, abandoned);
        _hasOwnSets = hasOwnSets;
        _sum = new GradientSum(ranks, gradient, runner.EarlyGradients);
        _agreed = new AgreedNumbers(ranks, count: 2);
        runner.GradientReady = _sum.Begin;
        _statistics = [.. gradient.Parameters.Parameters.Where(parameter => parameter.IsStatistic)];
    }

    /// <summary>Cancelled on all ranks before the same batch, when one has been asked to stop.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>The ranks, to combine what they have measured.</summary>
    public Communicator Ranks => _ranks;

    /// <summary>Whether this rank is the one that tells the user.</summary>
    public bool Tells => _ranks.Rank == 0;

    /// <summary>Sequences of the own part of a batch of <paramref name="batchSize"/>, where each rank has sets of its own.</summary>
    public int BatchSizeOf(int batchSize)
        => _hasOwnSets ? Math.Max(1, (batchSize + _ranks.Size - 1 - _ranks.Rank) / _ranks.Size) : batchSize;

    /// <summary>The sets of an epoch: as many on all ranks, where some have fewer with empty ones.</summary>
    public IEnumerable<T> InStep<T>(IEnumerable<T> own, Func<T> empty)
    {
        using IEnumerator<T> sets = own.GetEnumerator();
        for (bool goesOn = true; ;)
        {
            goesOn = goesOn && sets.MoveNext();
            if (!(_hasOwnSets ? Any(goesOn) : goesOn))
                yield break;
            yield return goesOn ? sets.Current : empty();
        }
    }

    /// <summary>The random numbers of this rank for what is its own in an epoch; null where everything is common.</summary>
    public RandomNumbers? OwnRandom(int seed, int epoch)
        => _hasOwnSets ? new RandomNumbers((int)SplitMix64.Mix(SplitMix64.Mix(((ulong)(uint)seed << 32) + (uint)epoch) + (uint)_ranks.Rank))
            : null;

    /// <summary>The batches of a set: as many on all ranks.</summary>
    public int BatchesOf(int batches) => _hasOwnSets ? _ranks.Gather<int>([batches]).Max() : batches;

    /// <summary>The first sequence of a set that this rank measures, and how many further on the next one is.</summary>
    public (int First, int Stride) Turns => _hasOwnSets ? (0, 1) : (_ranks.Rank, _ranks.Size);

    /// <summary>The own part of the sequences of a batch, and their lanes, valid until the next call.</summary>
    public void TakeShare(ref ReadOnlySpan<int> indices, ref ReadOnlySpan<Lane> lanes)
    {
        if (_hasOwnSets)
            return;
        int count = 0;
        if (_indices.Length < indices.Length)
            (_indices, _lanes) = (new int[indices.Length], new Lane[indices.Length]);
        for (int i = 0; i < indices.Length; i++)
        {
            // A lane stays with its rank, which has its state.
            if ((lanes.IsEmpty ? i : lanes[i].Number) % _ranks.Size != _ranks.Rank)
                continue;
            _indices[count] = indices[i];
            if (!lanes.IsEmpty)
                _lanes[count] = lanes[i];
            count++;
        }
        indices = _indices.AsSpan(0, count);
        if (!lanes.IsEmpty)
            lanes = _lanes.AsSpan(0, count);
    }

    /// <summary>Begins to count the labelled rows of all parts of a batch, and to find out whether a rank was asked to stop.</summary>
    public void BeginAgreement(int labelled)
        => _agreed.Begin(labelled, _abandoned.IsCancellationRequested ? 2 : _asked.IsCancellationRequested ? 1 : 0);

    /// <summary>Waits for the labelled rows of all parts of the batch.</summary>
    /// <exception cref="OperationCanceledException">A rank was asked to stop.</exception>
    public long EndAgreement()
    {
        ReadOnlySpan<int> all = _agreed.End();
        long sum = 0;
        int most = 0;
        for (int i = 0; i < all.Length; i += 2)
            (sum, most) = (sum + all[i], Math.Max(most, all[i + 1]));
        if (most == 2)
            throw new OperationCanceledException("Training was cancelled on one of the ranks.");
        if (most == 1)
        {
            _stop.Cancel();
            _stop.Token.ThrowIfCancellationRequested();
        }
        return sum;
    }

    /// <summary>Adds up the gradients of all parts of a batch.</summary>
    /// <param name="isEmpty">Whether there is no own part.</param>
    /// <param name="isFinite">Whether its loss is finite.</param>
    public void AddGradients(bool isEmpty, bool isFinite)
    {
        if (isEmpty)
            _sum.BeginAll();
        _sum.End(isFinite);
    }

    /// <summary>Makes the running statistics of batch normalization the mean of those of the ranks that had a part of the batch.</summary>
    public void CombineStatistics(ParameterSet parameters, bool isEmpty)
    {
        if (_statistics.Length == 0)
            return;
        // The statistics are the last parameters.
        Span<float> own = parameters.Values.AsSpan(_statistics[0].Offset);
        int parts = (int)_ranks.Sum(isEmpty ? 0 : 1);
        float[] all = _ranks.GatherAll<float>(isEmpty ? [] : own);
        for (int i = 0; i < own.Length && parts > 0; i++)
        {
            double sum = 0;
            for (int part = 0; part < parts; part++)
                sum += all[part * own.Length + i];
            own[i] = (float)(sum / parts);
        }
    }

    /// <summary>What any rank says.</summary>
    public bool Any(bool said) => Communicator.Any(_ranks, said);

    /// <summary>Makes sure that all ranks have the same weights, at the end of an epoch or before the first one.</summary>
    /// <exception cref="InvalidOperationException">They have not.</exception>
    public void CheckSame(int epoch, ParameterSet parameters, params ReadOnlySpan<long> others)
    {
        // Of weights that are the head's too, the row of the unknown token has a gradient where it occurs.
        for (int table = 0; !_gradient.HasSparseRows && table < parameters.Embeddings.Length; table++)
        {
            if (Any(_gradient.WasTouched(table, 0)))
                _gradient.Reach(table, 0);
        }
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(others));
        hash.AppendData(MemoryMarshal.AsBytes<float>(parameters.Values));
        byte[][] all = [.. _ranks.Gather<byte>(hash.GetCurrentHash()).Chunk(SHA256.HashSizeInBytes)];
        int other = Array.FindIndex(all, one => !one.SequenceEqual(all[0]));
        if (other < 0)
            return;
        throw new InvalidOperationException(epoch == 0
            ? $"Rank {other} begins with another network or other data than rank 0. All ranks need the same data, in the same order, the "
                + "same options and processors with vectors of the same width."
            : $"After epoch {epoch} rank {other} has other weights than rank 0: ranks need processors with vectors of the same width.");
    }

    public void Dispose()
    {
        _runner.GradientReady = null;
        _sum.Dispose();
        _stop.Dispose();
    }
}
