using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>Makes of the steps of a batch fewer ones, which the recurrent layers read in their place: frames.</summary>
/// <param name="frameSteps">Steps from one frame to the next.</param>
internal abstract unsafe class FrameSource(int frameSteps)
{
    /// <summary>The frames of all sequences, in rows of the same order.</summary>
    public abstract SequenceBatch Frames { get; }

    /// <summary>The packed frames.</summary>
    public abstract float* X { get; }

    /// <summary>Floats from one row of <see cref="X"/> to the next.</summary>
    public abstract int Stride { get; }

    /// <summary>The gradient of the frames, which the first recurrent layer adds to.</summary>
    public abstract float* Gradient { get; }

    /// <summary>Whether frames are made with weights, whose gradient comes from that of the frames.</summary>
    public virtual bool HasWeights => false;

    /// <summary>Makes room for the frames of a packed batch.</summary>
    public abstract void Prepare(SequenceBatch steps);

    /// <summary>Makes room for the backward pass; <paramref name="toInput"/> if it goes on to the steps.</summary>
    public abstract void PrepareBackward(bool toInput);

    /// <summary>Makes the frames of rows <paramref name="begin"/> to <paramref name="end"/> of the batch.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="x">The packed rows [N x I].</param>
    public abstract void Forward(int begin, int end, float* x);

    /// <summary>Goes on from the gradient of the frames of some rows to that of their steps.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="dX">Receives the gradient of the packed rows; null for none.</param>
    /// <param name="stride">Floats from one of its rows to the next.</param>
    public abstract void Backward(int begin, int end, float* dX, int stride);

    /// <summary>The gradients of the weights.</summary>
    public virtual IEnumerable<PanelGradient> NewGradients() => [];

    /// <summary>Gives the weight of each frame of a sequence to its steps, in equal shares.</summary>
    public void SpreadWeights(ReadOnlySpan<float> frames, Span<float> steps)
    {
        for (int t = 0; t < steps.Length; t++)
        {
            int first = t - t % frameSteps;
            steps[t] = frames[t / frameSteps] / Math.Min(frameSteps, steps.Length - first);
        }
    }
}
