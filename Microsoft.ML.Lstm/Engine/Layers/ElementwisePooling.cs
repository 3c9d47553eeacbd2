using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>Last, mean or max pooling, unit by unit.</summary>
internal sealed unsafe class ElementwisePooling(NetworkShape shape, RecurrentLayer top) : PoolingLayer
{
    private SequenceBatch _batch = null!;
    private int[] _maxSteps = [];

    public override void Prepare(SequenceBatch batch, bool keep)
    {
        _batch = batch;
        if (shape.Pooling == Pooling.Max)
            FloatBuffer.Require(ref _maxSteps, (long)batch.Count * shape.LayerSize);
    }

    public override void Forward(int begin, int end, float* encodings, int stride)
    {
        for (int row = begin; row < end; row++)
        {
            for (int d = 0; d < shape.Directions; d++)
                Forward(row, d, new Span<float>(encodings + (long)row * stride + d * shape.HiddenSize, shape.HiddenSize));
        }
    }

    public override void Backward(int begin, int end, float* dEncodings, int stride)
    {
        for (int row = begin; row < end; row++)
        {
            for (int d = 0; d < shape.Directions; d++)
                Backward(row, d, new ReadOnlySpan<float>(dEncodings + (long)row * stride + d * shape.HiddenSize, shape.HiddenSize));
        }
    }

    private void Forward(int row, int d, Span<float> pooled)
    {
        int length = _batch.Length(row);
        int first = shape.Pooling == Pooling.Last && d == 0 ? length - 1 : 0;
        top.Row(_batch.FirstRow(first) + row, d).CopyTo(pooled);
        switch (shape.Pooling)
        {
            case Pooling.Mean:
                for (int t = 1; t < length; t++)
                    TensorPrimitives.Add(pooled, top.Row(_batch.FirstRow(t) + row, d), pooled);
                TensorPrimitives.Divide(pooled, length, pooled);
                break;
            case Pooling.Max:
                Span<int> maxSteps = MaxSteps(row, d);
                maxSteps.Clear();
                for (int t = 1; t < length; t++)
                {
                    ReadOnlySpan<float> h = top.Row(_batch.FirstRow(t) + row, d);
                    for (int j = 0; j < h.Length; j++)
                    {
                        // NaN has to win, so that the loss shows it.
                        if (h[j] > pooled[j] || float.IsNaN(h[j]))
                            (pooled[j], maxSteps[j]) = (h[j], t);
                    }
                }
                break;
        }
    }

    private void Backward(int row, int d, ReadOnlySpan<float> dPooled)
    {
        if (shape.Pooling == Pooling.Last)
        {
            dPooled.CopyTo(top.Directions[d].FinalGradient(row));
            return;
        }
        int length = _batch.Length(row);
        for (int t = 0; t < length; t++)
        {
            Span<float> dh = top.DRow(_batch.FirstRow(t) + row, d);
            dh.Clear();
            if (shape.Pooling == Pooling.Mean)
                TensorPrimitives.Divide(dPooled, length, dh);
        }
        if (shape.Pooling == Pooling.Max)
        {
            ReadOnlySpan<int> maxSteps = MaxSteps(row, d);
            for (int j = 0; j < maxSteps.Length; j++)
                top.DRow(_batch.FirstRow(maxSteps[j]) + row, d)[j] = dPooled[j];
        }
    }

    private Span<int> MaxSteps(int row, int direction)
        => _maxSteps.AsSpan(row * shape.LayerSize + direction * shape.HiddenSize, shape.HiddenSize);
}
