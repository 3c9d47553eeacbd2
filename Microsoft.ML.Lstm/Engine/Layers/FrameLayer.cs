using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Stacks neighbouring steps to one step of the recurrent layers, a frame (Sak, Senior, Rao and Beaufays 2015): they then take so many
/// times fewer steps. The last frame of a sequence is filled up with zeros.
/// </summary>
internal sealed unsafe class FrameLayer : FrameSource
{
    private readonly int _size;
    private readonly int _stepsPerFrame;
    private readonly int _gradientStride;
    private readonly FloatBuffer _gradient = new();
    private SequenceBatch _steps = null!;

    /// <param name="shape">The network's shape.</param>
    /// <param name="kernels">The kernels to run.</param>
    public FrameLayer(NetworkShape shape, CpuKernels kernels)
        : base(shape.StepsPerFrame)
    {
        _size = shape.InputSize;
        _stepsPerFrame = shape.StepsPerFrame;
        Stride = _size * _stepsPerFrame;
        _gradientStride = kernels.RoundUp(Stride);
        Frames = new SequenceBatch(shape with { InputSize = Stride, StepsPerFrame = 1, Embeddings = default });
    }

    public override SequenceBatch Frames { get; }

    public override float* X => Frames.X;

    public override int Stride { get; }

    public override float* Gradient => _gradient.Pointer;

    public override void Prepare(SequenceBatch steps)
    {
        _steps = steps;
        Frames.PackFramesOf(steps, _stepsPerFrame);
    }

    public override void PrepareBackward(bool toInput) => _gradient.Require((long)Frames.TotalSteps * _gradientStride);

    public override void Forward(int begin, int end, float* x)
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

    public override void Backward(int begin, int end, float* dX, int stride)
    {
        for (int row = begin; dX != null && row < end; row++)
        {
            for (int t = 0; t < _steps.Length(row); t++)
            {
                long frame = Frames.FirstRow(t / _stepsPerFrame) + row;
                new ReadOnlySpan<float>(Gradient + frame * _gradientStride + t % _stepsPerFrame * _size, _size)
                    .CopyTo(new Span<float>(dX + (_steps.FirstRow(t) + (long)row) * stride, _size));
            }
        }
    }
}
