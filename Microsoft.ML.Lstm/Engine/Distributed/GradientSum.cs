using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Distributed;

/// <summary>
/// Adds up the gradients of all ranks, so that each has the sum. What the backward pass has finished is on its way while the pass goes on.
/// </summary>
/// <remarks>
/// Dense parameters go in pieces that are the same on all ranks: of a piece each rank receives its share from all others, adds these in
/// the order of the ranks, and sends the sum to all (a reduce-scatter and an all-gather). So each rank sends and receives 2·(N − 1)/N of
/// the gradient, and a sum depends neither on the pieces nor on who is first. Of embeddings only the rows that occur are sent.
/// </remarks>
internal sealed class GradientSum : IDisposable
{
    // Floats of a piece: enough that latency counts for little, few enough that a piece is under way while the next is computed.
    private const int PieceLength = 1 << 20;

    private readonly Communicator _ranks;
    private readonly Gradient _gradient;
    private readonly GCHandle _pinned;
    private readonly (int Start, int Length)[] _early;
    private readonly List<(int Start, int Length)> _late = [];
    private readonly List<PieceSum> _pieces = [];
    private int _begun;

    /// <param name="ranks">Those who compute the gradient.</param>
    /// <param name="gradient">The gradient of the own part of the batch, which becomes that of the whole batch.</param>
    /// <param name="early">The ranges of the gradient that are ready before the end of the backward pass, in the order in which they are.
    /// </param>
    public GradientSum(Communicator ranks, Gradient gradient, IReadOnlyList<(int Start, int Length)> early)
    {
        (_ranks, _gradient, _early) = (ranks, gradient, [.. early]);
        _pinned = GCHandle.Alloc(gradient.Parameters.Values, GCHandleType.Pinned);
        int at = 0;
        foreach ((int start, int length) in early.Order())
        {
            if (start > at)
                _late.Add((at, start - at));
            at = start + length;
        }
        if (at < gradient.Parameters.DenseLength)
            _late.Add((at, gradient.Parameters.DenseLength - at));
    }

    /// <summary>Begins to add up a range that is ready early, of which each comes once a batch and in their order.</summary>
    public void Begin(int range) => Begin(_early[range].Start, _early[range].Length);

    /// <summary>Begins with all ranges that are ready early, of a rank that has no part of the batch.</summary>
    public void BeginAll()
    {
        for (int range = 0; range < _early.Length; range++)
            Begin(range);
    }

    /// <summary>Adds up the rest, and waits for all.</summary>
    /// <param name="isFinite">Whether the loss of the own part is finite; where it is not on one rank, the sum is not.</param>
    public void End(bool isFinite)
    {
        if (!isFinite)
            _gradient.Parameters.Values[_late[0].Start] = float.NaN;
        foreach ((int start, int length) in _late)
            Begin(start, length);
        for (int i = 0; i < _begun; i++)
            _ranks.Wait(_pieces[i]);
        _begun = 0;
        if (_gradient.HasSparseRows)
            AddRows();
    }

    public void Dispose()
    {
        // Into the pieces of a sum that was broken off the others' parts may still be written.
        if (_begun == 0)
            _pinned.Free();
    }

    private unsafe void Begin(int start, int length)
    {
        for (int end = start + length; start < end; start += PieceLength)
        {
            if (_begun == _pieces.Count)
                _pieces.Add(new PieceSum());
            PieceSum piece = _pieces[_begun++];
            piece.Set((float*)_pinned.AddrOfPinnedObject() + start, Math.Min(PieceLength, end - start));
            _ranks.Post(piece);
        }
    }

    /// <summary>
    /// Adds the rows of embeddings that occur on any rank, in the order of the ranks, which is then the order of the gradient's pieces.
    /// </summary>
    private void AddRows()
    {
        (int Table, int Row)[] own = _gradient.TouchedRows.ToArray();
        float[] ownValues = [.. own.SelectMany(one => _gradient.Row(one.Table, one.Row).ToArray())];
        (int Table, int Row)[] rows = _ranks.GatherAll<(int, int)>(own);
        ReadOnlySpan<float> values = _ranks.GatherAll<float>(ownValues);
        _gradient.ClearRows();
        foreach ((int table, int row) in rows)
        {
            Span<float> sum = _gradient.Row(table, row);
            TensorPrimitives.Add(sum, values[..sum.Length], sum);
            values = values[sum.Length..];
        }
    }

    /// <summary>The sum of a piece of the gradient.</summary>
    private sealed unsafe class PieceSum : Communicator.Exchange
    {
        private readonly FloatBuffer _parts = new();
        private float* _values;
        private int _length;

        public void Set(float* values, int length)
        {
            _values = values;
            _length = length;
        }

        public override void Run(Communicator ranks)
        {
            Span<int> starts = stackalloc int[ranks.Size + 1];
            for (int rank = 0; rank <= ranks.Size; rank++)
                starts[rank] = (int)((long)_length * rank / ranks.Size) * sizeof(float);
            int begin = starts[ranks.Rank] / sizeof(float), length = starts[ranks.Rank + 1] / sizeof(float) - begin;
            _parts.Require((long)ranks.Size * length);
            ExchangeParts(ranks, (byte*)_values, starts, (byte*)_parts.Pointer);
            var sum = new Span<float>(_values + begin, length);
            _parts.Span[..length].CopyTo(sum);
            for (int rank = 1; rank < ranks.Size; rank++)
                TensorPrimitives.Add(sum, _parts.Span.Slice(rank * length, length), sum);
            GatherParts(ranks, (byte*)_values, starts);
        }
    }
}
