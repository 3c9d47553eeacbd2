using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Stacks neighbouring steps to one step of the recurrent layers, a frame (Sak, Senior, Rao and Beaufays 2015): they then take so many
/// times fewer steps. The last frame of a sequence is filled up with zeros.
/// </summary>
internal sealed unsafe class FrameLayer
{
    private readonly int _size;
    private readonly int _stepsPerFrame;
    private readonly int _gradientStride;
    private readonly FloatBuffer _gradient = new();
    private SequenceBatch _steps = null!;

    /// <param name="shape">The network's shape.</param>
    /// <param name="kernels">The kernels to run.</param>
    public FrameLayer(NetworkShape shape, CpuKernels kernels)
    {
        _size = shape.InputSize;
        _stepsPerFrame = shape.StepsPerFrame;
        _gradientStride = kernels.RoundUp(_size * _stepsPerFrame);
        Frames = new SequenceBatch(shape with { InputSize = shape.LayerInputSize(0), StepsPerFrame = 1, Embeddings = default });
    }

    /// <summary>The frames of all sequences, in rows of the same order.</summary>
    public SequenceBatch Frames { get; }

    /// <summary>The gradient of the frames.</summary>
    public float* Gradient => _gradient.Pointer;

    /// <summary>Makes room for the frames of a packed batch.</summary>
    public void Prepare(SequenceBatch steps)
    {
        _steps = steps;
        Frames.PackFramesOf(steps, _stepsPerFrame);
    }

    public void PrepareBackward() => _gradient.Require((long)Frames.TotalSteps * _gradientStride);

    /// <summary>Stacks the steps of rows <paramref name="begin"/> to <paramref name="end"/> of the batch.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="x">The packed rows [N x I].</param>
    public void Forward(int begin, int end, float* x)
    {
        for (int row = begin; row < end; row++)
        {
            int length = _steps.Length(row), padded = Frames.Length(row) * _stepsPerFrame;
            for (int t = 0; t < padded; t++)
            {
                Span<float> to = Frames.Features(Frames.FirstRow(t / _stepsPerFrame) + row).Slice(t % _stepsPerFrame * _size, _size);
                if (t < length)
                    new ReadOnlySpan<float>(x + (_steps.FirstRow(t) + (long)row) * _size, _size).CopyTo(to);
                else
                    to.Clear();
            }
        }
    }

    /// <summary>Gives the gradient of the frames to their steps.</summary>
    public void Backward(int begin, int end, float* dX, int stride)
    {
        for (int row = begin; row < end; row++)
        {
            for (int t = 0; t < _steps.Length(row); t++)
            {
                long frame = Frames.FirstRow(t / _stepsPerFrame) + row;
                new ReadOnlySpan<float>(Gradient + frame * _gradientStride + t % _stepsPerFrame * _size, _size)
                    .CopyTo(new Span<float>(dX + (_steps.FirstRow(t) + (long)row) * stride, _size));
            }
        }
    }

    /// <summary>Gives the weight of each frame of a sequence to its steps, in equal shares.</summary>
    public void SpreadWeights(ReadOnlySpan<float> frames, Span<float> steps)
    {
        for (int t = 0; t < steps.Length; t++)
        {
            int first = t - t % _stepsPerFrame;
            steps[t] = frames[t / _stepsPerFrame] / Math.Min(_stepsPerFrame, steps.Length - first);
        }
    }
}
