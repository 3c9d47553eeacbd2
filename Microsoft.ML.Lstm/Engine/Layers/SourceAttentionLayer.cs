using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Lets a decoder look at the steps of its source: with h the state of its top layer and e_s the encodings of the S steps of the source,
/// α = softmax of their scores (<see cref="SourceAttention"/>), c = Σ α_s·e_s, and what the head reads is h̃ = tanh(W·[c; h]).
/// Backward, from dc: ds_s = α_s·(dc·e_s − dc·c), de_s = α_s·dc and, by the score, ds_s·q and ds_s·k_s, with q the query that is compared
/// with the keys k_s.
/// </summary>
/// <remarks>
/// A row of the decoder's batch looks at one sequence of the source alone, whose keys are computed once. The gradients of h are needed step
/// by step; those of the source are products of matrices over all steps of the decoder, αᵀ·dc and dsᵀ·q, after the last one. Each is
/// summed in the order of the steps on the thread that has the row, so that threads don't change a bit. Buffers, with N steps of all
/// targets and M of all sources, rows padded to whole vectors: e, k and their gradients [M x E], [M x H]; q, [c; h], h̃ and their gradients
/// [N x ...]; α and ds [Σ S over N], the steps of a row one behind the other.
/// </remarks>
internal sealed unsafe class SourceAttentionLayer
{
    private readonly SourceAttentionWeights _weights;
    private readonly CpuKernels _kernels;
    private readonly int _sourceSize;
    private readonly int _hiddenSize;
    private readonly int _sourceStride;
    private readonly int _hiddenStride;
    private readonly FloatBuffer _source = new();
    private readonly FloatBuffer _dSource = new();
    private readonly FloatBuffer _keys = new();
    private readonly FloatBuffer _dKeys = new();
    private readonly FloatBuffer _dSourceOfKeys = new();
    private readonly FloatBuffer _queries = new();
    private readonly FloatBuffer _dQueries = new();
    private readonly FloatBuffer _dHiddenOfQueries = new();
    private readonly FloatBuffer _combined = new();
    private readonly FloatBuffer _dCombined = new();
    private readonly FloatBuffer _attended = new();
    private readonly FloatBuffer _dAttended = new();
    private readonly FloatBuffer _alphas = new();
    private readonly FloatBuffer _dScores = new();
    private readonly FloatBuffer _stepsOfRow = new();
    private readonly FloatBuffer _activated = new();
    private readonly FloatBuffer _vector = new();
    private readonly FloatBuffer _dVectors = new();
    private SequenceBatch _targets = null!;
    private int _sourceSteps;
    private (int First, int Count)[] _sourceOfRow = [];
    private (int First, int Count)[] _alphasOf = [];
    private int _longest;

    public SourceAttentionLayer(SourceAttentionWeights weights, CpuKernels kernels)
    {
        _weights = weights;
        _kernels = kernels;
        (_sourceSize, _hiddenSize) = (weights.Shape.SourceSize, weights.Shape.HiddenSize);
        (_sourceStride, _hiddenStride) = (kernels.RoundUp(_sourceSize), kernels.RoundUp(_hiddenSize));
        _vector.Require(_hiddenStride);
    }

    /// <summary>h̃ [N x H], each row padded to whole vectors.</summary>
    public float* Attended => _attended.Pointer;

    /// <summary>The gradient of <see cref="Attended"/>, to be set before <see cref="BackwardStep"/>.</summary>
    public float* DAttended => _dAttended.Pointer;

    private bool IsAdditive => _weights.Query is not null;

    /// <summary>Makes room for <paramref name="steps"/> steps of sources, whose encodings the caller fills in.</summary>
    public void PrepareSources(int steps)
    {
        _sourceSteps = steps;
        _source.Require((long)steps * _sourceStride);
        _keys.Require(_weights.Key is null ? 0 : (long)steps * _hiddenStride);
        if (IsAdditive)
            _weights.Vector.CopyTo(_vector.Span);
    }

    /// <summary>The encoding [E] of a step of the sources.</summary>
    public Span<float> Source(int step) => _source.Span.Slice(step * _sourceStride, _sourceSize);

    /// <summary>The gradient of <see cref="Source"/>, after <see cref="EndBackward"/>.</summary>
    public ReadOnlySpan<float> SourceGradient(int step) => _dSource.Span.Slice(step * _sourceStride, _sourceSize);

    /// <summary>Computes the keys of some steps of the sources, after their encodings have been filled in.</summary>
    public void EncodeSources(int first, int count)
        => _weights.Key?.Forward(count, SourceRow(first), _keys.Pointer + (long)first * _hiddenStride);

    /// <summary>Makes room for the targets.</summary>
    /// <param name="targets">The packed batch.</param>
    /// <param name="sourceOfRow">For each row of the batch the first step of its source and how many there are.</param>
    public void Prepare(SequenceBatch targets, ReadOnlySpan<(int First, int Count)> sourceOfRow)
    {
        _targets = targets;
        FloatBuffer.Require(ref _sourceOfRow, targets.Count);
        FloatBuffer.Require(ref _alphasOf, targets.TotalSteps);
        sourceOfRow[..targets.Count].CopyTo(_sourceOfRow);
        long at = 0;
        _longest = 0;
        for (int row = 0; row < targets.Count; row++)
        {
            int count = _sourceOfRow[row].Count;
            _longest = Math.Max(_longest, count);
            for (int t = 0; t < targets.Length(row); t++, at += count)
                _alphasOf[targets.FirstRow(t) + row] = ((int)at, count);
        }
        _alphas.Require(at);
        _activated.Require(IsAdditive ? (long)targets.Count * _longest * _hiddenStride : 0);
        _queries.Require(IsAdditive ? (long)targets.TotalSteps * _hiddenStride : 0);
        _combined.Require((long)targets.TotalSteps * _weights.Combine.InputStride);
        _attended.Require((long)targets.TotalSteps * _hiddenStride);
    }

    /// <summary>The weights of the steps of the source at a packed row of the targets.</summary>
    public ReadOnlySpan<float> Alphas(int packedRow) => _alphas.Span.Slice(_alphasOf[packedRow].First, _alphasOf[packedRow].Count);

    /// <summary>One step of some rows: from h of the top layer to h̃.</summary>
    /// <param name="begin">The first row of the batch.</param>
    /// <param name="first">Its packed row at the step.</param>
    /// <param name="count">Rows that have the step.</param>
    /// <param name="h">h of the first packed row, in rows padded to whole vectors as all of this layer.</param>
    public void ForwardStep(int begin, int first, int count, float* h)
    {
        _weights.Query?.Forward(count, h, Row(_queries, first, _hiddenStride));
        for (int i = 0; i < count; i++)
        {
            float* hidden = h + (long)i * _hiddenStride;
            float* combined = Row(_combined, first + i, _weights.Combine.InputStride);
            (int source, int steps) = _sourceOfRow[begin + i];
            float* alphas = _alphas.Pointer + _alphasOf[first + i].First;
            if (IsAdditive)
                _kernels.DotRows(steps, Activate(begin + i, first + i), _hiddenStride, HiddenVectors, _vector.Pointer, alphas);
            else
                _kernels.DotRows(steps, KeyRow(source), KeyStride, KeyStride / _kernels.Lanes, hidden, alphas);
            Softmax.InPlace(new Span<float>(alphas, steps));
            // The mean's padding, if it has any, is where h begins.
            _kernels.MultiplyRows(1, alphas, steps, 1, steps, SourceRow(source), _sourceStride, SourceVectors, combined, _sourceStride,
                accumulate: false);
            new ReadOnlySpan<float>(hidden, _hiddenSize).CopyTo(new Span<float>(combined + _sourceSize, _hiddenSize));
        }
        float* attended = Row(_attended, first, _hiddenStride);
        _weights.Combine.Forward(count, Row(_combined, first, _weights.Combine.InputStride), attended);
        _kernels.Tanh(count * _hiddenStride, attended);
    }

    /// <summary>Makes room for the backward pass.</summary>
    public void PrepareBackward()
    {
        long steps = _targets.TotalSteps;
        _dSource.Require((long)_sourceSteps * _sourceStride);
        _dSourceOfKeys.Require(_weights.Key is null ? 0 : (long)_sourceSteps * _sourceStride);
        _dKeys.Require(_weights.Key is null ? 0 : (long)_sourceSteps * _hiddenStride);
        _dQueries.Require(IsAdditive ? steps * _hiddenStride : 0);
        _dHiddenOfQueries.Require(IsAdditive ? steps * _hiddenStride : 0);
        _dVectors.Require(IsAdditive ? (long)_targets.Count * _hiddenStride : 0);
        if (IsAdditive)
        {
            // These are added to step by step.
            _dKeys.Span[..(_sourceSteps * _hiddenStride)].Clear();
            _dVectors.Span[..(_targets.Count * _hiddenStride)].Clear();
        }
        _dCombined.Require(steps * _weights.Combine.InputStride);
        _dAttended.Require(steps * _hiddenStride);
        _dScores.Require(_alphas.Capacity);
        _stepsOfRow.Require(steps * Math.Max(_sourceStride, _hiddenStride));
    }

    /// <summary>One step of some rows, from the last step on: from the gradient of h̃ to that of h.</summary>
    /// <param name="begin">The first row of the batch.</param>
    /// <param name="first">Its packed row at the step.</param>
    /// <param name="count">Rows that have the step.</param>
    /// <param name="dh">Receives the gradient of h of the first packed row on, padding included.</param>
    public void BackwardStep(int begin, int first, int count, float* dh)
    {
        float* dAttended = Row(_dAttended, first, _hiddenStride);
        _kernels.TanhGradient(count * _hiddenStride, Row(_attended, first, _hiddenStride), dAttended);
        _weights.Combine.Backward(count, dAttended, Row(_dCombined, first, _weights.Combine.InputStride));
        for (int i = 0; i < count; i++)
        {
            float* dMean = DMean(first + i);
            var dHidden = new Span<float>(dh + (long)i * _hiddenStride, _hiddenStride);
            new ReadOnlySpan<float>(dMean + _sourceSize, _hiddenSize).CopyTo(dHidden);
            dHidden[_hiddenSize..].Clear();
            (int source, int steps) = _sourceOfRow[begin + i];
            float* dScores = DifferentiateScores(first + i, source, dMean);
            if (IsAdditive)
                DifferentiateActivated(begin + i, first + i, dScores);
            else
                _kernels.MultiplyRows(1, dScores, steps, 1, steps, KeyRow(source), KeyStride, HiddenVectors, dh + (long)i * _hiddenStride,
                    _hiddenStride, accumulate: true);
        }
        if (_weights.Query is null)
            return;
        float* ofQuery = Row(_dHiddenOfQueries, first, _hiddenStride);
        _weights.Query.Backward(count, Row(_dQueries, first, _hiddenStride), ofQuery);
        var all = new Span<float>(dh, count * _hiddenStride);
        TensorPrimitives.Add(all, new ReadOnlySpan<float>(ofQuery, all.Length), all);
    }

    /// <summary>Ends the backward pass of some rows, after all their steps: the gradients of the sources.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="h">h of the first packed row of all.</param>
    public void EndBackward(int begin, int end, float* h)
    {
        for (int row = begin; row < end; row++)
        {
            (int first, int count) = _sourceOfRow[row];
            int steps = _targets.Length(row), at = _alphasOf[row].First;
            float* dSource = Row(_dSource, first, _sourceStride);
            float* gathered = Gather(row, _dCombined.Pointer, _weights.Combine.InputStride, _sourceStride);
            _kernels.MultiplyRows(count, _alphas.Pointer + at, 1, count, steps, gathered, _sourceStride, SourceVectors, dSource,
                _sourceStride, accumulate: false);
            if (!IsAdditive)
            {
                gathered = Gather(row, h, _hiddenStride, _hiddenStride);
                float* dKeys = _weights.Key is null ? dSource : Row(_dKeys, first, _hiddenStride);
                _kernels.MultiplyRows(count, _dScores.Pointer + at, 1, count, steps, gathered, _hiddenStride, HiddenVectors, dKeys,
                    KeyStride, accumulate: _weights.Key is null);
            }
            if (_weights.Key is null)
                continue;
            float* ofKeys = Row(_dSourceOfKeys, first, _sourceStride);
            _weights.Key.Backward(count, Row(_dKeys, first, _hiddenStride), ofKeys);
            var sum = new Span<float>(dSource, count * _sourceStride);
            TensorPrimitives.Add(sum, new ReadOnlySpan<float>(ofKeys, sum.Length), sum);
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

    /// <summary>Copies a row's steps out of a packed buffer, one behind the other.</summary>
    private float* Gather(int row, float* packed, int packedStride, int stride)
    {
        float* gathered = _stepsOfRow.Pointer + (long)_targets.FirstStep(row) * Math.Max(_sourceStride, _hiddenStride);
        for (int t = 0; t < _targets.Length(row); t++)
            new ReadOnlySpan<float>(packed + (long)(_targets.FirstRow(t) + row) * packedStride, stride)
                .CopyTo(new Span<float>(gathered + (long)t * stride, stride));
        return gathered;
    }

    /// <summary>From the gradient of the mean to those of the scores.</summary>
    private float* DifferentiateScores(int packedRow, int source, float* dMean)
    {
        ReadOnlySpan<float> alphas = Alphas(packedRow);
        float* dScores = _dScores.Pointer + _alphasOf[packedRow].First;
        _kernels.DotRows(alphas.Length, SourceRow(source), _sourceStride, SourceVectors, dMean, dScores);
        double mean = 0;
        for (int s = 0; s < alphas.Length; s++)
            mean += (double)alphas[s] * dScores[s];
        for (int s = 0; s < alphas.Length; s++)
            dScores[s] = (float)(alphas[s] * (dScores[s] - mean));
        return dScores;
    }

    /// <summary>tanh(q + k_s) of all steps of a row's source, in memory of the row's own.</summary>
    private float* Activate(int row, int packedRow)
    {
        (int source, int steps) = _sourceOfRow[row];
        float* activated = _activated.Pointer + (long)row * _longest * _hiddenStride;
        var query = new ReadOnlySpan<float>(Row(_queries, packedRow, _hiddenStride), _hiddenStride);
        for (int s = 0; s < steps; s++)
            TensorPrimitives.Add(query, new ReadOnlySpan<float>(KeyRow(source + s), _hiddenStride),
                new Span<float>(activated + (long)s * _hiddenStride, _hiddenStride));
        _kernels.Tanh(steps * _hiddenStride, activated);
        return activated;
    }

    /// <summary>From the gradients of the scores v·tanh(q + k_s) to those of q, of the keys and of v.</summary>
    private void DifferentiateActivated(int row, int packedRow, float* dScores)
    {
        (int source, int steps) = _sourceOfRow[row];
        float* activated = Activate(row, packedRow);
        _kernels.MultiplyRows(1, dScores, steps, 1, steps, activated, _hiddenStride, HiddenVectors, Row(_dVectors, row, _hiddenStride),
            _hiddenStride, accumulate: true);
        ReadOnlySpan<float> vector = _vector.Span[.._hiddenStride];
        for (int s = 0; s < steps; s++)
        {
            // v∘(1 − a²)
            var a = new Span<float>(activated + (long)s * _hiddenStride, _hiddenStride);
            TensorPrimitives.Multiply(a, a, a);
            TensorPrimitives.Subtract(1f, a, a);
            TensorPrimitives.Multiply(a, vector, a);
            var dKey = new Span<float>(Row(_dKeys, source + s, _hiddenStride), _hiddenStride);
            TensorPrimitives.MultiplyAdd(a, dScores[s], dKey, dKey);
        }
        _kernels.MultiplyRows(1, dScores, steps, 1, steps, activated, _hiddenStride, HiddenVectors,
            Row(_dQueries, packedRow, _hiddenStride), _hiddenStride, accumulate: false);
    }

    private int SourceVectors => _sourceStride / _kernels.Lanes;

    private int HiddenVectors => _hiddenStride / _kernels.Lanes;

    private int KeyStride => _weights.Key is null ? _sourceStride : _hiddenStride;

    private float* SourceRow(int step) => Row(_source, step, _sourceStride);

    /// <summary>The key of a step of the sources, the step itself where keys are not computed.</summary>
    private float* KeyRow(int step) => Row(_weights.Key is null ? _source : _keys, step, KeyStride);

    /// <summary>The gradient of the mean at a packed row and, behind it, the first part of that of h.</summary>
    private float* DMean(int packedRow) => Row(_dCombined, packedRow, _weights.Combine.InputStride);

    private static float* Row(FloatBuffer buffer, int row, int stride) => buffer.Pointer + (long)row * stride;

    /// <summary>What a linear layer has read, and the gradient of what it gave.</summary>
    private readonly struct LayerRows(float* x, float* dy, int count)
    {
        public float* X { get; } = x;

        public float* DY { get; } = dy;

        public int Count { get; } = count;
    }
}
