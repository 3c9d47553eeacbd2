using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>Turns the top layer's rows of h, one a step, into the encoding [E] of each sequence, and its gradient back.</summary>
internal abstract unsafe class PoolingLayer
{
    /// <summary>Makes room for <paramref name="batch"/>; <paramref name="keep"/> when the backward pass will follow.</summary>
    public abstract void Prepare(SequenceBatch batch, bool keep);

    /// <summary>The encodings of rows <paramref name="begin"/> to <paramref name="end"/> of the batch.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="encodings">Receives row i's at <c>encodings[i·stride]</c>.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    public abstract void Forward(int begin, int end, float* encodings, int stride);

    /// <summary>
    /// Gives the rows of h, or the final states, the gradients that the encodings of rows <paramref name="begin"/> to
    /// <paramref name="end"/> have.
    /// </summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="dEncodings">Row i's at <c>dEncodings[i·stride]</c>.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    public abstract void Backward(int begin, int end, float* dEncodings, int stride);

    /// <summary>The gradients of weights of its own, for after the backward pass.</summary>
    public virtual IEnumerable<PanelGradient> NewGradients() => [];
}
