using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Convolutions in front of the recurrent layers, one on top of the other, each with a bias and a rectifier: y = max(0, W·x + b) over a
/// window of steps, at one of every S. What the recurrent layers read is the last one's output, of fewer steps, each of which knows its
/// surroundings (Amodei et al. 2016).
/// </summary>
/// <remarks>
/// There is no batch normalization, as the convolutions beside the recurrent layers have it, so a sequence does not depend on those beside
/// it and no pass has to wait for other threads in front of the recurrent layers. A window is copied to a row of its own, K steps side by
/// side, so that a convolution is the product of matrices of a dense layer; the rows of the batch are in the order of time, and windows of
/// one sequence don't lie in a row there. Buffers, with N outputs of a layer, rows padded to whole vectors: windows and their gradients
/// [N x K·C], y and its gradient [N x filters].
/// </remarks>
internal sealed unsafe class InputConvolution : FrameSource
{
    private readonly Layer[] _layers;
    private readonly int _inputSize;

    /// <param name="shape">The network's shape.</param>
    /// <param name="weights">The packed weights of each convolution, as <see cref="WeightsOf"/> makes them.</param>
    public InputConvolution(NetworkShape shape, DenseLayer[] weights)
        : base(shape.FrameSteps)
    {
        _inputSize = shape.InputSize;
        _layers = [.. weights.Select((layer, i) => new Layer(shape, i, layer))];
    }

    /// <summary>The weights of the convolutions of a network, packed for the kernels.</summary>
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="backward">Whether a backward pass will run.</param>
    /// <param name="toInput">Whether it will go on to the steps.</param>
    public static DenseLayer[] WeightsOf(ParameterSet parameters, CpuKernels kernels, bool backward, bool toInput)
        => parameters.Shape.InputConvolutions.Select((shape, i) =>
        {
            // PyTorch's weight is [filters x channels x K], a window has one step after the other.
            int channels = parameters.Shape.InputConvolutionInputSize(i), size = shape.KernelSize;
            int[] window = [.. Enumerable.Range(0, size * channels).Select(at => at % channels * size + at / channels)];
            return new DenseLayer(parameters.Find(ParameterSet.InputConvolutionWeight(i)),
                parameters.Find(ParameterSet.InputConvolutionBias(i)), kernels, backward && (toInput || i > 0), window);
        });

    public override SequenceBatch Frames => _layers[^1].Outputs;

    public override float* X => _layers[^1].Y;

    public override int Stride => _layers[^1].Stride;

    public override float* Gradient => _layers[^1].DY;

    public override bool HasWeights => true;

    public override void Prepare(SequenceBatch steps)
    {
        foreach (Layer layer in _layers)
        {
            layer.Prepare(steps);
            steps = layer.Outputs;
        }
    }

    public override void PrepareBackward(bool toInput)
    {
        for (int i = 0; i < _layers.Length; i++)
            _layers[i].PrepareBackward(toInput || i > 0);
    }

    public override void Forward(int begin, int end, float* x)
    {
        int stride = _inputSize;
        foreach (Layer layer in _layers)
        {
            layer.Forward(begin, end, x, stride);
            x = layer.Y;
            stride = layer.Stride;
        }
    }

    public override void Backward(int begin, int end, float* dX, int stride)
    {
        for (int i = _layers.Length - 1; i >= 0; i--)
            _layers[i].Backward(begin, end, i == 0 ? dX : _layers[i - 1].DY, i == 0 ? stride : _layers[i - 1].Stride);
    }

    public override IEnumerable<PanelGradient> NewGradients() => _layers.Select(layer => layer.NewGradient());

    private sealed class Layer(NetworkShape network, int index, DenseLayer dense)
    {
        // Rows for which the weights are read once.
        private const int BlockRows = 192;

        private readonly InputConvolutionShape _shape = network.InputConvolutions[index];
        private readonly int _channels = network.InputConvolutionInputSize(index);
        private readonly FloatBuffer _windows = new();
        private readonly FloatBuffer _dWindows = new();
        private readonly FloatBuffer _y = new();
        private readonly FloatBuffer _dy = new();
        private SequenceBatch _inputs = null!;

        /// <summary>The outputs, whose values are in <see cref="Y"/>.</summary>
        public SequenceBatch Outputs { get; } = new(network with { InputSize = 0, Embeddings = default, Characters = null });

        /// <summary>Floats from one row of <see cref="Y"/> and <see cref="DY"/> to the next.</summary>
        public int Stride => dense.OutputStride;

        public float* Y => _y.Pointer;

        public float* DY => _dy.Pointer;

        public void Prepare(SequenceBatch inputs)
        {
            _inputs = inputs;
            Outputs.PackFramesOf(inputs, _shape.Stride);
            _windows.Require((long)Outputs.TotalSteps * dense.InputStride);
            _y.Require((long)Outputs.TotalSteps * Stride);
        }

        public void PrepareBackward(bool toInput)
        {
            _dy.Require((long)Outputs.TotalSteps * Stride);
            _dWindows.Require(toInput ? (long)Outputs.TotalSteps * dense.InputStride : 0);
        }

        public void Forward(int begin, int end, float* x, int stride)
        {
            for (int i = 0; TryRows(i, begin, end, out int first, out int count); i++)
            {
                for (int row = first; row < first + count; row++)
                {
                    (int sequence, int at) = WindowOf(row);
                    float* to = Window(_windows, row);
                    for (int k = 0; k < _shape.KernelSize; k++, to += _channels)
                    {
                        var step = new Span<float>(to, _channels);
                        if (Has(sequence, at + k))
                            new ReadOnlySpan<float>(x + (_inputs.FirstRow(at + k) + (long)sequence) * stride, _channels).CopyTo(step);
                        else
                            step.Clear();
                    }
                }
                float* y = Y + (long)first * Stride;
                dense.Forward(count, Window(_windows, first), y);
                var all = new Span<float>(y, count * Stride);
                TensorPrimitives.Max(all, 0f, all);
            }
        }

        public void Backward(int begin, int end, float* dX, int stride)
        {
            for (int t = 0; dX != null && _inputs.TryRowsAt(t, begin, end, out int first, out int count); t++)
                new Span<float>(dX + (long)first * stride, count * stride).Clear();
            for (int i = 0; TryRows(i, begin, end, out int first, out int count); i++)
            {
                float* y = Y + (long)first * Stride, dy = DY + (long)first * Stride;
                for (int each = 0; each < count * Stride; each++)
                {
                    if (!(y[each] > 0))
                        dy[each] = 0;
                }
                if (dX == null)
                    continue;
                dense.Backward(count, dy, Window(_dWindows, first));
                for (int row = first; row < first + count; row++)
                {
                    (int sequence, int at) = WindowOf(row);
                    float* window = Window(_dWindows, row);
                    for (int k = 0; k < _shape.KernelSize; k++, window += _channels)
                    {
                        if (!Has(sequence, at + k))
                            continue;
                        var sum = new Span<float>(dX + (_inputs.FirstRow(at + k) + (long)sequence) * stride, _channels);
                        TensorPrimitives.Add(sum, new ReadOnlySpan<float>(window, _channels), sum);
                    }
                }
            }
        }

        public PanelGradient NewGradient()
        {
            DenseGradients gradients = dense.NewGradients();
            return new PanelGradient(gradients.Panels, gradients.CostOfPanel, gradients.ScratchLength, (begin, end, scratch, target)
                => gradients.Add(begin, end, Outputs.TotalSteps, _windows.Pointer, DY, scratch, target));
        }

        /// <summary>
        /// Rows of outputs that lie one after the other: of all sequences block by block, whatever their steps, of some step by step.
        /// </summary>
        private bool TryRows(int i, int begin, int end, out int first, out int count)
        {
            if (end - begin < Outputs.Count)
                return Outputs.TryRowsAt(i, begin, end, out first, out count);
            first = i * BlockRows;
            count = Math.Min(BlockRows, Outputs.TotalSteps - first);
            return count > 0;
        }

        /// <summary>The row of the batch that an output belongs to, and the first step of its window, which may be none.</summary>
        private (int Sequence, int At) WindowOf(int row)
        {
            int step = Outputs.StepOf(row);
            return (row - Outputs.FirstRow(step), step * _shape.Stride - _shape.StepsBefore);
        }

        private bool Has(int sequence, int step) => step >= 0 && step < _inputs.Length(sequence);

        private float* Window(FloatBuffer buffer, int row) => buffer.Pointer + (long)row * dense.InputStride;
    }
}
