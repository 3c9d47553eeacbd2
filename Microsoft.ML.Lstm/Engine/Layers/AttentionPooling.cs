using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Additive attention: a_t = tanh(W·h_t + b), s_t = v·a_t, α = softmax of s over the steps of a sequence, e = Σ α_t·h_t.
/// Backward, from de: ds_t = α_t·(de·h_t − de·e), da_t = ds_t·v, dh_t = α_t·de + Wᵀ·(da_t∘(1 − a_t²)).
/// </summary>
/// <remarks>
/// Buffers, with N the steps of all sequences: a and its gradient [N x E], s [N x 1], each row padded to whole vectors; α [N].
/// </remarks>
internal sealed unsafe class AttentionPooling(NetworkShape shape, AttentionWeights attention, CpuKernels kernels, RecurrentLayer top)
    : PoolingLayer
{
    private readonly FloatBuffer _hidden = new();
    private readonly FloatBuffer _dHidden = new();
    private readonly FloatBuffer _scores = new();
    private float[] _weights = [];
    private SequenceBatch _batch = null!;

    public override void Prepare(SequenceBatch batch, bool keep)
    {
        _batch = batch;
        _hidden.Require((long)batch.TotalSteps * attention.Hidden.OutputStride);
        if (keep)
            _dHidden.Require((long)batch.TotalSteps * attention.Hidden.OutputStride);
        _scores.Require((long)batch.TotalSteps * attention.Score.OutputStride);
        FloatBuffer.Require(ref _weights, batch.TotalSteps);
    }

    /// <summary>The attention weights α of the sequence in row <paramref name="row"/> of the batch, after a forward pass.</summary>
    public Span<float> Weights(int row) => _weights.AsSpan(_batch.FirstStep(row), _batch.Length(row));

    public override void Forward(int begin, int end, float* encodings, int stride)
    {
        for (int t = 0; _batch.TryRowsAt(t, begin, end, out int first, out int count); t++)
        {
            attention.Hidden.Forward(count, H(first), Hidden(first));
            kernels.Tanh(count * attention.Hidden.OutputStride, Hidden(first));
            attention.Score.Forward(count, Hidden(first), Scores(first));
        }
        for (int row = begin; row < end; row++)
        {
            Span<float> weights = Weights(row);
            for (int t = 0; t < weights.Length; t++)
                weights[t] = *Scores(_batch.FirstRow(t) + row);
            Softmax.InPlace(weights);
            for (int d = 0; d < shape.Directions; d++)
            {
                Span<float> encoding = Part(encodings + (long)row * stride, d);
                encoding.Clear();
                for (int t = 0; t < weights.Length; t++)
                    TensorPrimitives.MultiplyAdd(top.Row(_batch.FirstRow(t) + row, d), weights[t], encoding, encoding);
            }
        }
    }

    public override void Backward(int begin, int end, float* dEncodings, int stride)
    {
        for (int row = begin; row < end; row++)
            DifferentiateScores(row, dEncodings + (long)row * stride);
        for (int t = 0; _batch.TryRowsAt(t, begin, end, out int first, out int count); t++)
        {
            float* dHidden = DHidden(first);
            attention.Score.Backward(count, Scores(first), dHidden);
            kernels.TanhGradient(count * attention.Hidden.OutputStride, Hidden(first), dHidden);
            attention.Hidden.Backward(count, dHidden, top.DOutput + (long)first * top.Stride);
            for (int i = 0; i < count; i++)
            {
                for (int d = 0; d < shape.Directions; d++)
                {
                    Span<float> dh = top.DRow(first + i, d)[..shape.HiddenSize];
                    TensorPrimitives.MultiplyAdd(Part(dEncodings + (long)(begin + i) * stride, d), Weights(begin + i)[t], dh, dh);
                }
            }
        }
    }

    public override IEnumerable<PanelGradient> NewGradients()
    {
        DenseGradients hidden = attention.Hidden.NewGradients(), score = attention.Score.NewGradients();
        return
        [
            new PanelGradient(hidden.Panels, hidden.CostOfPanel, hidden.ScratchLength,
                (begin, end, scratch, target) => hidden.Add(begin, end, _batch.TotalSteps, H(0), _dHidden.Pointer, scratch, target)),
            new PanelGradient(score.Panels, score.CostOfPanel, score.ScratchLength,
                (begin, end, scratch, target)
                    => score.Add(begin, end, _batch.TotalSteps, _hidden.Pointer, _scores.Pointer, scratch, target)),
        ];
    }

    /// <summary>Replaces the scores of a sequence by their gradients.</summary>
    private void DifferentiateScores(int row, float* dEncoding)
    {
        ReadOnlySpan<float> weights = Weights(row);
        double mean = 0;
        for (int t = 0; t < weights.Length; t++)
        {
            float dWeight = 0;
            for (int d = 0; d < shape.Directions; d++)
                dWeight += TensorPrimitives.Dot(Part(dEncoding, d), top.Row(_batch.FirstRow(t) + row, d));
            mean += (double)weights[t] * dWeight;
            *Scores(_batch.FirstRow(t) + row) = dWeight;
        }
        for (int t = 0; t < weights.Length; t++)
        {
            float* score = Scores(_batch.FirstRow(t) + row);
            *score = (float)(weights[t] * (*score - mean));
        }
    }

    private Span<float> Part(float* encoding, int direction) => new(encoding + direction * shape.HiddenSize, shape.HiddenSize);

    private float* H(int packedRow) => top.Output(direction: 0) + (long)packedRow * top.Stride;

    private float* Hidden(int packedRow) => _hidden.Pointer + (long)packedRow * attention.Hidden.OutputStride;

    private float* DHidden(int packedRow) => _dHidden.Pointer + (long)packedRow * attention.Hidden.OutputStride;

    private float* Scores(int packedRow) => _scores.Pointer + (long)packedRow * attention.Score.OutputStride;
}

/// <summary>The packed weights of additive attention, whose score of a row h of the top layer is v·tanh(W·h + b).</summary>
internal sealed class AttentionWeights
{
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="layout">The memory layout of h in one direction of the top layer.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="backward">Whether a backward pass will run.</param>
    public AttentionWeights(ParameterSet parameters, CellLayout layout, CpuKernels kernels, bool backward)
    {
        Hidden = new DenseLayer(parameters.Find(ParameterSet.AttentionWeight), parameters.Find(ParameterSet.AttentionBias), kernels,
            backward, RecurrentWeights.OutputFeatures(layout, parameters.Shape.Directions));
        Score = new DenseLayer(parameters.Find(ParameterSet.AttentionVector), bias: null, kernels, backward);
    }

    /// <summary>W·h + b, which reads rows of h as the top layer stores them.</summary>
    public DenseLayer Hidden { get; }

    /// <summary>v·a.</summary>
    public DenseLayer Score { get; }

    /// <summary>All packed matrices, each with the parameter that it is packed from.</summary>
    public IEnumerable<PackedParameter> Packed => Hidden.Packed.Concat(Score.Packed);
}
