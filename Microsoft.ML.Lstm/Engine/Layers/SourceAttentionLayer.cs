using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Lets a decoder look at the steps of its source: with h the state of its top layer and e_s the encodings of the S steps of the source,
/// α = softmax of their scores (<see cref="SourceAttention"/>), c = Σ α_s·e_s, and what the head reads is h̃ = tanh(W·[c; h]).
/// Backward, from dc: ds_s = α_s·(dc·e_s − dc·c), de_s = α_s·dc and, by the score, ds_s·q and ds_s·e_s.
/// </summary>
/// <remarks>
/// A row of the decoder's batch looks at one sequence of the source alone. Its gradient is summed in the order of the decoder's steps on
/// the thread that has the row, so that threads don't change a bit. Buffers, with N steps of all targets and M of all sources, rows padded
/// to whole vectors: e, k and their gradients [M x E], [M x H]; q, [c; h], h̃ and their gradients [N x ...]; α [Σ S over N].
/// </remarks>
internal sealed unsafe class SourceAttentionLayer
{
    private readonly SourceAttentionWeights _weights;
    private readonly CpuKernels _kernels;
    private readonly int _sourceSize;
    private readonly int _hiddenSize;
    private readonly int _querySize;
    private readonly int _sourceStride;
    private readonly int _hiddenStride;
    private readonly FloatBuffer _source = new();
    private readonly FloatBuffer _dSource = new();
    private readonly FloatBuffer _keys = new();
    private readonly FloatBuffer _dKeys = new();
    private readonly FloatBuffer _dSourceOfKeys = new();
    private readonly FloatBuffer _queries = new();
    private readonly FloatBuffer _dQueries = new();
    private readonly FloatBuffer _combined = new();
    private readonly FloatBuffer _dCombined = new();
    private readonly FloatBuffer _dHidden = new();
    private readonly FloatBuffer _attended = new();
    private readonly FloatBuffer _dAttended = new();
    private readonly FloatBuffer _scratch = new();
    private readonly FloatBuffer _dVectors = new();
    private SequenceBatch _targets = null!;
    private int _sourceSteps;
    private (int First, int Count)[] _sourceOfRow = [];
    private long[] _weightsAt = [];
    private float[] _alphas = [];
    private float[] _dAlphas = [];
    private int _longest;

    public SourceAttentionLayer(SourceAttentionWeights weights, CpuKernels kernels)
    {
        _weights = weights;
        _kernels = kernels;
        (_sourceSize, _hiddenSize, _querySize) = (weights.Shape.SourceSize, weights.Shape.HiddenSize, weights.Shape.QuerySize);
        (_sourceStride, _hiddenStride) = (kernels.RoundUp(_sourceSize), kernels.RoundUp(_hiddenSize));
    }

    /// <summary>h̃ [N x H], each row padded to whole vectors.</summary>
    public float* Attended => _attended.Pointer;

    /// <summary>The gradient of <see cref="Attended"/>, to be set before <see cref="BackwardStep"/>.</summary>
    public float* DAttended => _dAttended.Pointer;

    /// <summary>Makes room for <paramref name="steps"/> steps of sources, whose encodings the caller fills in.</summary>
    public void PrepareSources(int steps)
    {
        _sourceSteps = steps;
        _source.Require((long)steps * _sourceStride);
        _keys.Require(_weights.Key is { } key ? (long)steps * key.OutputStride : 0);
    }

    /// <summary>The encoding [E] of a step of the sources.</summary>
    public Span<float> Source(int step) => _source.Span.Slice(step * _sourceStride, _sourceSize);

    /// <summary>The gradient of <see cref="Source"/>, after <see cref="EndBackward"/>.</summary>
    public ReadOnlySpan<float> SourceGradient(int step) => _dSource.Span.Slice(step * _sourceStride, _sourceSize);

    /// <summary>Computes what is compared of some steps of the sources, after their encodings have been filled in.</summary>
    public void EncodeSources(int first, int count)
        => _weights.Key?.Forward(count, SourceRows(first), _keys.Pointer + (long)first * _hiddenStride);

    /// <summary>Makes room for the targets.</summary>
    /// <param name="targets">The packed batch.</param>
    /// <param name="sourceOfRow">For each row of the batch the first step of its source and how many there are.</param>
    public void Prepare(SequenceBatch targets, ReadOnlySpan<(int First, int Count)> sourceOfRow)
    {
        _targets = targets;
        FloatBuffer.Require(ref _sourceOfRow, targets.Count);
        FloatBuffer.Require(ref _weightsAt, targets.TotalSteps + 1L);
        sourceOfRow[..targets.Count].CopyTo(_sourceOfRow);
        long at = 0;
        _longest = 0;
        for (int t = 0; t < targets.MaxLength; t++)
        {
            for (int row = 0; row < targets.ActiveRows(t); row++)
            {
                _weightsAt[targets.FirstRow(t) + row] = at;
                at += _sourceOfRow[row].Count;
                _longest = Math.Max(_longest, _sourceOfRow[row].Count);
            }
        }
        _weightsAt[targets.TotalSteps] = at;
        FloatBuffer.Require(ref _alphas, at);
        _scratch.Require((long)targets.Count * _hiddenStride);
        _queries.Require(_weights.Query is { } query ? (long)targets.TotalSteps * query.OutputStride : 0);
        _combined.Require((long)targets.TotalSteps * _weights.Combine.InputStride);
        _attended.Require((long)targets.TotalSteps * _hiddenStride);
    }

    /// <summary>The weights of the steps of the source at a packed row of the targets.</summary>
    public ReadOnlySpan<float> Alphas(int packedRow) => AlphasOf(packedRow);

    /// <summary>One step of some rows: from h of the top layer to h̃.</summary>
    /// <param name="begin">The first row of the batch.</param>
    /// <param name="first">Its packed row at the step.</param>
    /// <param name="count">Rows that have the step.</param>
    /// <param name="h">h of the first packed row, in rows padded to whole vectors as all of this layer.</param>
    public void ForwardStep(int begin, int first, int count, float* h)
    {
        _weights.Query?.Forward(count, h, Queries(first));
        for (int i = 0; i < count; i++)
        {
            var hidden = new ReadOnlySpan<float>(h + (long)i * _hiddenStride, _hiddenSize);
            Span<float> combined = Combined(first + i);
            hidden.CopyTo(combined[_sourceSize..]);
            ReadOnlySpan<float> query = _weights.Query is null ? hidden : new ReadOnlySpan<float>(Queries(first + i), _querySize);
            Span<float> alphas = AlphasOf(first + i);
            Score(begin + i, query, alphas);
            Softmax.InPlace(alphas);
            Span<float> mean = combined[.._sourceSize];
            mean.Clear();
            int source = _sourceOfRow[begin + i].First;
            for (int s = 0; s < alphas.Length; s++)
                TensorPrimitives.MultiplyAdd(Source(source + s), alphas[s], mean, mean);
        }
        float* attended = Row(_attended, first, _hiddenStride);
        _weights.Combine.Forward(count, Row(_combined, first, _weights.Combine.InputStride), attended);
        _kernels.Tanh(count * _hiddenStride, attended);
    }

    /// <summary>Makes room for the backward pass.</summary>
    public void PrepareBackward()
    {
        Clear(_dSource, (long)_sourceSteps * _sourceStride);
        if (_weights.Key is not null)
        {
            Clear(_dKeys, (long)_sourceSteps * _hiddenStride);
            _dSourceOfKeys.Require((long)_sourceSteps * _sourceStride);
            Clear(_dVectors, (long)_targets.Count * _hiddenStride);
        }
        _dQueries.Require(_weights.Query is { } query ? (long)_targets.TotalSteps * query.OutputStride : 0);
        _dCombined.Require((long)_targets.TotalSteps * _weights.Combine.InputStride);
        _dHidden.Require((long)_targets.TotalSteps * _hiddenStride);
        _dAttended.Require((long)_targets.TotalSteps * _hiddenStride);
        FloatBuffer.Require(ref _dAlphas, (long)_targets.Count * _longest);

        static void Clear(FloatBuffer buffer, long length)
        {
            buffer.Require(length);
            buffer.Span[..(int)length].Clear();
        }
    }

    /// <summary>One step of some rows, from the last step on: from the gradient of h̃ to that of h.</summary>
    /// <param name="begin">The first row of the batch.</param>
    /// <param name="first">Its packed row at the step.</param>
    /// <param name="count">Rows that have the step.</param>
    /// <param name="dh">Receives the gradient of h of the first packed row on, padding included.</param>
    /// <param name="h">h as in <see cref="ForwardStep"/>.</param>
    public void BackwardStep(int begin, int first, int count, float* h, float* dh)
    {
        float* dAttended = Row(_dAttended, first, _hiddenStride);
        _kernels.TanhGradient(count * _hiddenStride, Row(_attended, first, _hiddenStride), dAttended);
        _weights.Combine.Backward(count, dAttended, Row(_dCombined, first, _weights.Combine.InputStride));
        for (int i = 0; i < count; i++)
        {
            var dCombined = new ReadOnlySpan<float>(Row(_dCombined, first + i, _weights.Combine.InputStride), _sourceSize + _hiddenSize);
            var dHidden = new Span<float>(dh + (long)i * _hiddenStride, _hiddenStride);
            dCombined[_sourceSize..].CopyTo(dHidden);
            dHidden[_hiddenSize..].Clear();
            ReadOnlySpan<float> query;
            Span<float> dQuery;
            if (_weights.Query is { } layer)
            {
                query = new ReadOnlySpan<float>(Queries(first + i), _querySize);
                dQuery = new Span<float>(Row(_dQueries, first + i, layer.OutputStride), layer.OutputStride);
                dQuery.Clear();
                dQuery = dQuery[.._querySize];
            }
            else
            {
                query = new ReadOnlySpan<float>(h + (long)i * _hiddenStride, _hiddenSize);
                dQuery = dHidden[.._hiddenSize];
            }
            Differentiate(begin + i, AlphasOf(first + i), dCombined[.._sourceSize], query, dQuery);
        }
        if (_weights.Query is null)
            return;
        float* ofQuery = Row(_dHidden, first, _hiddenStride);
        _weights.Query.Backward(count, Row(_dQueries, first, _weights.Query.OutputStride), ofQuery);
        var all = new Span<float>(dh, count * _hiddenStride);
        TensorPrimitives.Add(all, new ReadOnlySpan<float>(ofQuery, all.Length), all);
    }

    /// <summary>Ends the backward pass of some rows, after all their steps.</summary>
    public void EndBackward(int begin, int end)
    {
        for (int row = begin; row < end && _weights.Key is not null; row++)
        {
            (int first, int count) = _sourceOfRow[row];
            float* ofKeys = Row(_dSourceOfKeys, first, _sourceStride);
            _weights.Key.Backward(count, Row(_dKeys, first, _hiddenStride), ofKeys);
            var dSource = new Span<float>(Row(_dSource, first, _sourceStride), count * _sourceStride);
            TensorPrimitives.Add(dSource, new ReadOnlySpan<float>(ofKeys, dSource.Length), dSource);
        }
    }

    /// <summary>The weight gradients, panel by panel.</summary>
    /// <param name="h">h of the top layer.</param>
    public IEnumerable<PanelGradient> NewGradients(Func<nint> h)
    {
        var all = new List<PanelGradient> { Of(_weights.Combine, () => new(_combined.Pointer, _dAttended.Pointer, _targets.TotalSteps)) };
        if (_weights.Query is { } query)
            all.Add(Of(query, () => new((float*)h(), _dQueries.Pointer, _targets.TotalSteps)));
        if (_weights.Key is { } key)
            all.Add(Of(key, () => new(_source.Pointer, _dKeys.Pointer, _sourceSteps)));
        return all;

        static PanelGradient Of(DenseLayer layer, Func<LayerRows> find)
        {
            DenseGradients gradients = layer.NewGradients();
            return new PanelGradient(gradients.Panels, gradients.CostOfPanel, gradients.ScratchLength, (begin, end, scratch, target) =>
            {
                LayerRows rows = find();
                gradients.Add(begin, end, rows.Count, rows.X, rows.DY, scratch, target);
            });
        }
    }

    /// <summary>Adds the gradient of v, after the backward pass of all rows.</summary>
    public void AddVectorGradient(ParameterSet target)
    {
        for (int row = 0; row < _targets.Count && _weights.VectorParameter is { } vector; row++)
            TensorPrimitives.Add(target[vector], _dVectors.Span.Slice(row * _hiddenStride, _hiddenSize), target[vector]);
    }

    private void Score(int row, ReadOnlySpan<float> query, Span<float> scores)
    {
        int source = _sourceOfRow[row].First;
        for (int s = 0; s < scores.Length; s++)
            scores[s] = _weights.Key is null
                ? TensorPrimitives.Dot(query, Source(source + s))
                : TensorPrimitives.Dot(_weights.Vector, Activated(row, query, source + s));
    }

    /// <summary>tanh(q + k_s), in memory of the row's own.</summary>
    private Span<float> Activated(int row, ReadOnlySpan<float> query, int step)
    {
        float* activated = Row(_scratch, row, _hiddenStride);
        var sum = new Span<float>(activated, _hiddenSize);
        TensorPrimitives.Add(query, Key(step), sum);
        new Span<float>(activated + _hiddenSize, _hiddenStride - _hiddenSize).Clear();
        _kernels.Tanh(_hiddenStride, activated);
        return sum;
    }

    private void Differentiate(int row, ReadOnlySpan<float> alphas, ReadOnlySpan<float> dMean, ReadOnlySpan<float> query,
        Span<float> dQuery)
    {
        int source = _sourceOfRow[row].First;
        Span<float> dAlphas = _dAlphas.AsSpan(row * _longest, alphas.Length);
        double mean = 0;
        for (int s = 0; s < alphas.Length; s++)
        {
            dAlphas[s] = TensorPrimitives.Dot(dMean, Source(source + s));
            mean += (double)alphas[s] * dAlphas[s];
        }
        for (int s = 0; s < alphas.Length; s++)
        {
            float dScore = (float)(alphas[s] * (dAlphas[s] - mean));
            Span<float> dSource = _dSource.Span.Slice((source + s) * _sourceStride, _sourceSize);
            TensorPrimitives.MultiplyAdd(dMean, alphas[s], dSource, dSource);
            if (_weights.Key is null)
            {
                TensorPrimitives.MultiplyAdd(query, dScore, dSource, dSource);
                TensorPrimitives.MultiplyAdd(Source(source + s), dScore, dQuery, dQuery);
                continue;
            }
            Span<float> activated = Activated(row, query, source + s);
            Span<float> dVector = _dVectors.Span.Slice(row * _hiddenStride, _hiddenSize);
            TensorPrimitives.MultiplyAdd(activated, dScore, dVector, dVector);
            // ds·v∘(1 − a²)
            TensorPrimitives.Multiply(activated, activated, activated);
            TensorPrimitives.Subtract(1f, activated, activated);
            TensorPrimitives.Multiply(activated, _weights.Vector, activated);
            Span<float> dKey = _dKeys.Span.Slice((source + s) * _hiddenStride, _hiddenSize);
            TensorPrimitives.MultiplyAdd(activated, dScore, dKey, dKey);
            TensorPrimitives.MultiplyAdd(activated, dScore, dQuery, dQuery);
        }
    }

    private Span<float> AlphasOf(int packedRow)
        => _alphas.AsSpan((int)_weightsAt[packedRow], (int)(_weightsAt[packedRow + 1] - _weightsAt[packedRow]));

    private ReadOnlySpan<float> Key(int step) => _keys.Span.Slice(step * _hiddenStride, _hiddenSize);

    private Span<float> Combined(int packedRow) => new(Row(_combined, packedRow, _weights.Combine.InputStride), _sourceSize + _hiddenSize);

    private float* Queries(int packedRow) => _weights.Query is { } query ? Row(_queries, packedRow, query.OutputStride) : null;

    private float* SourceRows(int step) => Row(_source, step, _sourceStride);

    private static float* Row(FloatBuffer buffer, int row, int stride) => buffer.Pointer + (long)row * stride;

    /// <summary>What a linear layer has read, and the gradient of what it gave.</summary>
    private readonly struct LayerRows(float* x, float* dy, int count)
    {
        public float* X { get; } = x;

        public float* DY { get; } = dy;

        public int Count { get; } = count;
    }
}
