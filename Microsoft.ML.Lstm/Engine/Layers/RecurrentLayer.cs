using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// A recurrent layer of one or two directions and its output for the layer above: rows of h of both directions side by side, each padded to
/// whole vectors, [N x D·Hp].
/// </summary>
internal sealed unsafe class RecurrentLayer
{
    private readonly FloatBuffer _output = new();
    private readonly FloatBuffer _dropped = new();
    private readonly FloatBuffer _dOutput = new();
    private readonly int _hiddenSize;
    private readonly int _paddedSize;
    private readonly int _layer;
    private readonly bool _isTop;
    private SequenceBatch _batch = null!;
    private Dropout _dropout;
    private bool _finalGradientsOnly;

    /// <param name="weights">The weights of each direction.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="layer">The layer, from 0.</param>
    /// <param name="isTop">Whether no recurrent layer is above it.</param>
    public RecurrentLayer(RecurrentWeights[] weights, CpuKernels kernels, int layer, bool isTop)
    {
        Directions = [.. weights.Select((direction, d) => new RecurrentDirection(direction, kernels, layer, reverse: d == 1))];
        _layer = layer;
        _isTop = isTop;
        _hiddenSize = Directions[0].Layout.HiddenSize;
        _paddedSize = Directions[0].Layout.PaddedSize;
        Stride = Directions.Length * _paddedSize;
    }

    public RecurrentDirection[] Directions { get; }

    /// <summary>Floats of a row.</summary>
    public int Stride { get; }

    /// <summary>h of direction <paramref name="direction"/>.</summary>
    public float* Output(int direction) => _output.Pointer + direction * _paddedSize;

    /// <summary>h as the next layer reads it, after dropout.</summary>
    public float* OutputForNext => DropsOutput ? _dropped.Pointer : _output.Pointer;

    /// <summary>The gradient of the rows.</summary>
    public float* DOutput => _dOutput.Pointer;

    private bool DropsOutput => _dropout.Layers > 0 && !_isTop;

    public void Prepare(SequenceBatch batch, bool keep, Dropout dropout)
    {
        _batch = batch;
        _dropout = dropout;
        _output.Require((long)batch.TotalSteps * Stride);
        if (DropsOutput)
            _dropped.Require((long)batch.TotalSteps * Stride);
        foreach (RecurrentDirection direction in Directions)
            direction.Prepare(batch, keep, _dropout);
    }

    /// <param name="finalGradientsOnly">Whether only the final states have gradients, and no row of h.</param>
    public void PrepareBackward(bool finalGradientsOnly)
    {
        _finalGradientsOnly = finalGradientsOnly;
        if (!finalGradientsOnly)
            _dOutput.Require((long)_batch.TotalSteps * Stride);
        foreach (RecurrentDirection direction in Directions)
            direction.PrepareBackward();
    }

    public void Forward(int begin, int end, float* x, nint xRow)
    {
        for (int d = 0; d < Directions.Length; d++)
            Directions[d].Forward(begin, end, x, xRow, Output(d), Stride);
        if (DropsOutput)
            Drop(begin, end, _output, _dropped);
    }

    /// <summary>Begins a forward pass of one step after the other, of a layer of one direction.</summary>
    public void BeginForward(int begin, int end) => Directions[0].BeginForward(begin, end);

    /// <summary>Step <paramref name="t"/> of the forward pass of some rows, of a layer of one direction.</summary>
    public void ForwardStep(int t, int begin, int end, float* x, nint xRow)
    {
        Directions[0].ForwardStep(t, begin, end, x, xRow, Output(direction: 0), Stride);
        if (DropsOutput)
            DropStep(t, begin, end, _output, _dropped);
    }

    /// <summary>Step <paramref name="t"/> of the backward pass of some rows, of a layer of one direction, from the last step on.</summary>
    public void BackwardStep(int t, int begin, int end, float* dX, nint dXRow)
    {
        if (DropsOutput)
            DropStep(t, begin, end, _dOutput, _dOutput);
        Directions[0].BackwardStep(_batch.MaxLength - 1 - t, begin, end, Output(direction: 0), Stride, _dOutput.Pointer, dX, dXRow);
    }

    /// <summary>The forward pass of a few sequences, shared with the other parts of <paramref name="steps"/>.</summary>
    public void ForwardShared(SharedSteps steps, int part, ref int step, float* x, nint xRow)
    {
        for (int d = 0; d < Directions.Length; d++)
            Directions[d].ForwardShared(steps, part, ref step, x, xRow, Output(d), Stride);
    }

    public void Backward(int begin, int end, float* dX, nint dXRow)
    {
        if (DropsOutput)
            Drop(begin, end, _dOutput, _dOutput);
        for (int d = 0; d < Directions.Length; d++)
        {
            float* dOutput = _finalGradientsOnly ? null : _dOutput.Pointer + d * _paddedSize;
            Directions[d].Backward(begin, end, Output(d), Stride, dOutput, dX, dXRow);
        }
    }

    /// <summary>Applies the dropout between layers to h, or to its gradient, of some rows of the batch; the padding stays zero.</summary>
    private void Drop(int begin, int end, FloatBuffer source, FloatBuffer destination)
    {
        for (int t = 0; t < _batch.MaxLength; t++)
            DropStep(t, begin, end, source, destination);
    }

    private void DropStep(int t, int begin, int end, FloatBuffer source, FloatBuffer destination)
    {
        if (!_batch.TryRowsAt(t, begin, end, out int first, out int count))
            return;
        for (int i = 0; i < count; i++)
        {
            for (int d = 0; d < Directions.Length; d++)
            {
                int at = (first + i) * Stride + d * _paddedSize;
                DropoutMask mask = _dropout.LayerMask(_layer, d, _batch.SequenceAt(begin + i), t);
                mask.Apply(source.Span.Slice(at, _hiddenSize), destination.Span.Slice(at, _hiddenSize));
                destination.Span.Slice(at + _hiddenSize, _paddedSize - _hiddenSize).Clear();
            }
        }
    }

    /// <summary>h [H] of one packed row and direction.</summary>
    public Span<float> Row(int packedRow, int direction) => _output.Span.Slice(packedRow * Stride + direction * _paddedSize, _hiddenSize);

    /// <summary>The gradient of <see cref="Row"/>, with the padding behind it.</summary>
    public Span<float> DRow(int packedRow, int direction) => _dOutput.Span.Slice(packedRow * Stride + direction * _paddedSize, _paddedSize);
}
