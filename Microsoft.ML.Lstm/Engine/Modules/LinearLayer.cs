using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Modules;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>y = W·x + b for each vector x along the last axis of a tensor: <c>torch.nn.Linear</c>.</summary>
public sealed unsafe class LinearLayer : Layer
{
    private const int MaxRank = 8;

    private readonly DenseLayer _dense;
    private readonly DenseGradients _gradients;
    private readonly FloatBuffer _x = new();
    private readonly FloatBuffer _y = new();
    private readonly FloatBuffer _dx = new();
    private readonly Action<int> _forwardPart;
    private readonly Action<int> _backwardPart;
    private readonly Action<int> _gradientPart;
    private FloatBuffer[] _scratch = [];
    private int _parts;
    // The gradient is made when it is first asked for, which only one thread may do.
    private ParameterSet _target = null!;
    private readonly KeptTensor _output = new();
    private readonly KeptTensor _inputGradient = new();
    private readonly nint[] _inputLengths = new nint[MaxRank];
    private int _rank;
    private int _rows;
    private bool _hasRun;

    /// <summary>Makes a layer with random weights, Glorot uniform, and biases of zero.</summary>
    /// <param name="inputSize">K: the width of x.</param>
    /// <param name="outputSize">O: the width of y.</param>
    /// <param name="seed">The seed of the weights; <see langword="null"/> for another one each time.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1.</exception>
    public LinearLayer(int inputSize, int outputSize, int? seed = null)
        : base(ShapeOf(inputSize, outputSize), seed, name => name == ParameterSet.HeadWeight ? "weight" : "bias")
    {
        _dense = new DenseLayer(Weights.Find(ParameterSet.HeadWeight), Weights.Find(ParameterSet.HeadBias), Kernels, backward: true);
        _gradients = _dense.NewGradients();
        _forwardPart = part => RunRows(part, backward: false);
        _backwardPart = part => RunRows(part, backward: true);
        _gradientPart = part => _gradients.Add(_gradients.Panels * part / _parts, _gradients.Panels * (part + 1) / _parts, _rows,
            _x.Pointer, _y.Pointer, _scratch[part], _target);
        Packed = [.. _dense.Packed];
    }

    /// <summary>K: the width of x.</summary>
    public int InputSize => _dense.InputSize;

    /// <summary>O: the width of y.</summary>
    public int OutputSize => _dense.OutputSize;

    private protected override PackedParameter[] Packed { get; }

    /// <summary>y of each vector.</summary>
    /// <param name="input">[..., K].</param>
    /// <returns>[..., O].</returns>
    /// <exception cref="ArgumentException">The last axis does not have K numbers.</exception>
    public Tensor<float> Forward(Tensor<float> input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Rank is < 1 or > MaxRank || input.Lengths[^1] != InputSize || input.FlattenedLength == 0)
            throw new ArgumentException(
                $"Expected a tensor [..., {InputSize}], found [{string.Join(", ", input.Lengths.ToArray())}].", nameof(input));
        Prepare();
        _rank = input.Rank;
        input.Lengths.CopyTo(_inputLengths);
        _rows = (int)(input.FlattenedLength / InputSize);
        CopyRows(input.Flat(), InputSize, _x, _dense.InputStride);
        _y.Require((long)_rows * _dense.OutputStride);
        Share(_rows, _forwardPart);
        _hasRun = IsTraining;
        Span<nint> lengths = stackalloc nint[_rank];
        input.Lengths.CopyTo(lengths);
        lengths[^1] = OutputSize;
        Tensor<float> output = _output.Of(lengths);
        for (int row = 0; row < _rows; row++)
            _y.Span.Slice(row * _dense.OutputStride, OutputSize).CopyTo(_output.Values[(row * OutputSize)..]);
        return output;
    }

    /// <summary>The gradient of the inputs and, added to those of before, of the weights.</summary>
    /// <param name="outputGradient">The gradient of the last <see cref="Forward"/>'s outputs.</param>
    /// <returns>The gradient of its inputs, <see langword="null"/> without <see cref="Layer.ComputesInputGradient"/>.</returns>
    /// <exception cref="InvalidOperationException">There was no <see cref="Forward"/> in training.</exception>
    public Tensor<float>? Backward(Tensor<float> outputGradient)
    {
        RequireForward(_hasRun);
        ArgumentNullException.ThrowIfNull(outputGradient);
        if (outputGradient.FlattenedLength != (nint)_rows * OutputSize)
            throw new ArgumentException($"Expected {_rows} rows of {OutputSize} numbers, as the outputs have, found "
                + $"[{string.Join(", ", outputGradient.Lengths.ToArray())}].", nameof(outputGradient));
        _hasRun = false;
        CopyRows(outputGradient.Flat(), OutputSize, _y, _dense.OutputStride);
        if (_scratch.Length != Team.Threads)
            _scratch = [.. Enumerable.Range(0, Team.Threads).Select(_ => new FloatBuffer(_gradients.ScratchLength))];
        _target = Gradient.Parameters;
        Share(_gradients.Panels, _gradientPart);
        if (!ComputesInputGradient)
            return null;
        _dx.Require((long)_rows * _dense.InputStride);
        Share(_rows, _backwardPart);
        Tensor<float> input = _inputGradient.Of(_inputLengths.AsSpan(0, _rank));
        for (int row = 0; row < _rows; row++)
            _dx.Span.Slice(row * _dense.InputStride, InputSize).CopyTo(_inputGradient.Values[(row * InputSize)..]);
        return input;
    }

    private static NetworkShape ShapeOf(int inputSize, int outputSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputSize, 1);
        return new NetworkShape { Cell = CellType.Rnn, InputSize = 1, HiddenSize = inputSize, Layers = 0, OutputSize = outputSize };
    }

    private void Share(int pieces, Action<int> work)
    {
        _parts = Math.Min(ThreadsFor(_rows), pieces);
        Team.Run(_parts, work);
    }

    private void RunRows(int part, bool backward)
    {
        int begin = (int)((long)_rows * part / _parts), rows = (int)((long)_rows * (part + 1) / _parts) - begin;
        float* y = _y.Pointer + (long)begin * _dense.OutputStride;
        if (backward)
            _dense.Backward(rows, y, _dx.Pointer + (long)begin * _dense.InputStride);
        else
            _dense.Forward(rows, _x.Pointer + (long)begin * _dense.InputStride, y);
    }

    // The padding of rows is zero, as the buffer was to begin with and kernels leave it.
    private void CopyRows(ReadOnlySpan<float> source, int width, FloatBuffer destination, int stride)
    {
        destination.Require((long)_rows * stride);
        for (int row = 0; row < _rows; row++)
            source.Slice(row * width, width).CopyTo(destination.Span[(row * stride)..]);
    }
}
