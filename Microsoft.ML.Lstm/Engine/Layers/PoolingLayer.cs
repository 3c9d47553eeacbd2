using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>Pools the top layer's rows of h, one a step, to the encoding [E] of each sequence.</summary>
internal abstract unsafe class PoolingLayer
{
    /// <summary>Makes room for <paramref name="batch"/>; <paramref name="keep"/> when the backward pass will follow.</summary>
    public abstract void Prepare(SequenceBatch batch, bool keep);

    /// <summary>The encodings of rows <paramref name="begin"/> to <paramref name="end"/> of the batch.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="encodings">Receives the encoding of row i at <c>encodings[i·stride]</c>.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    public abstract void Forward(int begin, int end, float* encodings, int stride);

    /// <summary>
    /// Passes the gradients of the encodings of rows <paramref name="begin"/> to <paramref name="end"/> back to the rows of h, or to the
    /// final states.
    /// </summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="dEncodings">The gradients; row i is at <c>dEncodings[i·stride]</c>.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    public abstract void Backward(int begin, int end, float* dEncodings, int stride);

    /// <summary>The gradients of the layer's own weights, to be computed after the backward pass.</summary>
    public virtual IEnumerable<PanelGradient> NewGradients() => [];
}
