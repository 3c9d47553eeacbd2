using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Kernels;

namespace Microsoft.ML.Lstm.Network;

/// <summary>Turns the top layer's rows of h, one a step, into the encoding [D·H] of each sequence, and its gradient back.</summary>
internal sealed class PoolingLayer(NetworkShape shape)
{
    private int[] _maxSteps = [];

    public void Prepare(SequenceBatch batch)
    {
        if (shape.Pooling == Pooling.Max)
            FloatBuffer.Require(ref _maxSteps, (long)batch.Count * shape.EncodingSize);
    }

    /// <summary>The encoding of row <paramref name="row"/> of the batch.</summary>
    public void Forward(SequenceBatch batch, int row, LayerActivations top, Span<float> encoding)
    {
        int length = batch.Length(row);
        for (int d = 0; d < shape.Directions; d++)
        {
            Span<float> pooled = encoding.Slice(d * shape.HiddenSize, shape.HiddenSize);
            int first = shape.Pooling == Pooling.Last && d == 0 ? length - 1 : 0;
            top.Row(batch.FirstRow(first) + row, d).CopyTo(pooled);
            switch (shape.Pooling)
            {
                case Pooling.Mean:
                    for (int t = 1; t < length; t++)
                        TensorPrimitives.Add(pooled, top.Row(batch.FirstRow(t) + row, d), pooled);
                    TensorPrimitives.Divide(pooled, length, pooled);
                    break;
                case Pooling.Max:
                    Span<int> maxSteps = MaxSteps(row, d);
                    maxSteps.Clear();
                    for (int t = 1; t < length; t++)
                    {
                        ReadOnlySpan<float> h = top.Row(batch.FirstRow(t) + row, d);
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
    }

    /// <summary>Gives the rows of h, or the final states, the gradient that row <paramref name="row"/>'s encoding has.</summary>
    public void Backward(SequenceBatch batch, int row, ReadOnlySpan<float> dEncoding, LayerActivations top)
    {
        int length = batch.Length(row);
        for (int d = 0; d < shape.Directions; d++)
        {
            ReadOnlySpan<float> dPooled = dEncoding.Slice(d * shape.HiddenSize, shape.HiddenSize);
            if (shape.Pooling == Pooling.Last)
            {
                dPooled.CopyTo(top.Directions[d].FinalGradient(row));
                continue;
            }
            for (int t = 0; t < length; t++)
            {
                Span<float> dh = top.DRow(batch.FirstRow(t) + row, d);
                dh.Clear();
                if (shape.Pooling == Pooling.Mean)
                    TensorPrimitives.Divide(dPooled, length, dh);
            }
            if (shape.Pooling == Pooling.Max)
            {
                ReadOnlySpan<int> maxSteps = MaxSteps(row, d);
                for (int j = 0; j < maxSteps.Length; j++)
                    top.DRow(batch.FirstRow(maxSteps[j]) + row, d)[j] = dPooled[j];
            }
        }
    }

    private Span<int> MaxSteps(int row, int direction)
        => _maxSteps.AsSpan(row * shape.EncodingSize + direction * shape.HiddenSize, shape.HiddenSize);
}
