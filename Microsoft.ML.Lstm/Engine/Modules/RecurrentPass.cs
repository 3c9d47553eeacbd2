using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Modules;

/// <summary>
/// The passes of a <see cref="RecurrentStack"/> over padded batches, and what the forward pass keeps for the backward pass.
/// </summary>
/// <remarks>
/// B sequences of N steps in all, packed as everywhere (<see cref="SequenceBatch"/>); Hp is H padded to whole vectors. The second direction
/// runs forward too, over rows in mirrored order, so that every sequence begins at the first step, with its initial state, and ends at its
/// own last one. Rows of h are [N x Hp], those of a layer with two directions, or with dropout behind it, joined to [N x D·Hp] for the
/// next layer.
/// </remarks>
internal sealed unsafe class RecurrentPass
{
    private readonly NetworkShape _shape;
    private readonly CpuKernels _kernels;
    private readonly RecurrentDirection[][] _layers;
    private readonly RecurrentGradients[][] _gradients;
    private readonly FloatBuffer[][] _h;
    private readonly FloatBuffer[][] _dh;
    private readonly FloatBuffer[] _joined;
    private readonly FloatBuffer[] _dx;
    private readonly FloatBuffer[] _mirroredX;
    private readonly FloatBuffer _mirroredDx = new();
    private readonly Action<int> _forwardPart;
    private readonly Action<int> _backwardPart;
    private readonly Action<int> _gradientPart;
    private readonly SequenceBatch _batch;
    private readonly int _padded;
    private int[] _mirror = [];
    private FloatBuffer[] _scratch = [];
    private int[] _bounds = [];
    private int _parts;
    // What threads share: a direction of a layer, the rows that it reads, and the gradients in and out.
    private (int Layer, int Direction, int Stride) _work;
    private float* _x;
    private float* _dHidden;
    private float* _dX;
    private ParameterSet _target = null!;
    private Dropout _dropout;
    private bool _hadStates;

    public RecurrentPass(NetworkShape shape, RecurrentWeights[][] weights, CpuKernels kernels)
    {
        _shape = shape;
        _kernels = kernels;
        _batch = new SequenceBatch(shape);
        _layers = [.. weights.Select((layer, index) => layer.Select(direction =>
            new RecurrentDirection(direction, kernels, index, reverse: false)).ToArray())];
        _gradients = [.. _layers.Select(layer => layer.Select(direction => new RecurrentGradients(direction, kernels)).ToArray())];
        _h = NewBuffers();
        _dh = NewBuffers();
        _joined = [.. _layers.Select(_ => new FloatBuffer())];
        _dx = [.. _layers.Select(_ => new FloatBuffer())];
        _mirroredX = [.. _layers.Select(_ => new FloatBuffer())];
        _padded = _layers[0][0].Layout.PaddedSize;
        _forwardPart = ForwardPart;
        _backwardPart = BackwardPart;
        _gradientPart = AddGradients;

        FloatBuffer[][] NewBuffers() => [.. _layers.Select(layer => layer.Select(_ => new FloatBuffer()).ToArray())];
    }

    /// <summary>B.</summary>
    public int Batch => _batch.Count;

    /// <summary>T: the steps that the tensors of the last forward pass have.</summary>
    public int Steps { get; private set; }

    /// <summary>Whether the last forward pass began with given states.</summary>
    public bool HasInitialState { get; private set; }

    private bool DropsOutput => _dropout.Layers > 0;

    private bool IsJoined => _shape.Bidirectional || DropsOutput;

    /// <summary>Runs a padded batch [B, T, I].</summary>
    public void Forward(ReadOnlySpan<float> input, int batch, int steps, ReadOnlySpan<int> lengths, RecurrentState? state, bool keep,
        Dropout dropout, WorkerTeam team, Func<int, int> threadsFor)
    {
        Steps = steps;
        _dropout = dropout;
        _batch.Clear();
        int width = _shape.InputSize;
        for (int b = 0; b < batch; b++)
        {
            int length = lengths.IsEmpty ? steps : lengths[b];
            input.Slice(b * steps * width, length * width).CopyTo(_batch.Add(length));
        }
        _batch.Pack();
        FloatBuffer.Require(ref _bounds, team.Threads + 1);
        _parts = Math.Min(threadsFor(_batch.TotalSteps), batch);
        _batch.Partition(_parts, _bounds);
        if (_shape.Bidirectional)
            Mirror();
        for (int l = 0; l < _layers.Length; l++)
        {
            for (int d = 0; d < _shape.Directions; d++)
            {
                RecurrentDirection direction = _layers[l][d];
                direction.Prepare(_batch, keep, default);
                Begin(direction, l * _shape.Directions + d, state);
                _h[l][d].Require((long)_batch.TotalSteps * _padded);
                float* x = Input(l);
                if (d == 1)
                {
                    _mirroredX[l].Require((long)_batch.TotalSteps * InputStride(l));
                    CopyMirrored(x, _mirroredX[l].Pointer, InputStride(l));
                    x = _mirroredX[l].Pointer;
                }
                _work = (l, d, InputStride(l));
                _x = x;
                team.Run(_parts, _forwardPart);
            }
            if (IsJoined && l < _layers.Length - 1)
                Join(l);
        }
        HasInitialState = state is not null;
    }

    /// <summary>Writes the outputs of the last layer, [B, T, D·H], zero where a sequence has no step.</summary>
    public void CopyOutputs(Span<float> output, int steps)
    {
        int width = _shape.LayerSize;
        if (_batch.TotalSteps < _batch.Count * steps)
            output.Clear();
        for (int t = 0; t < _batch.MaxLength; t++)
        {
            for (int row = 0; row < _batch.ActiveRows(t); row++)
            {
                Span<float> target = output.Slice((_batch.SequenceAt(row) * steps + t) * width, width);
                for (int d = 0; d < _shape.Directions; d++)
                    H(_layers.Length - 1, d, Place(d, _batch.FirstRow(t) + row)).CopyTo(target[(d * _shape.HiddenSize)..]);
            }
        }
    }

    /// <summary>Writes the states after the last steps.</summary>
    public void CopyFinalStates(RecurrentState state)
    {
        for (int l = 0; l < _layers.Length; l++)
        {
            for (int d = 0; d < _shape.Directions; d++)
            {
                for (int row = 0; row < _batch.Count; row++)
                {
                    int at = StateAt(l, d, row);
                    H(l, d, LastRow(row)).CopyTo(state.Hidden.Flat()[at..]);
                    if (state.Cell is { } cell)
                        _layers[l][d].FinalCellState(row).CopyTo(cell.Flat()[at..]);
                }
            }
        }
    }

    /// <summary>Runs back through the layers and adds the gradients of the weights.</summary>
    public void Backward(ReadOnlySpan<float> dOutput, RecurrentState? dState, bool toInput, ParameterSet gradients, WorkerTeam team)
    {
        (_target, _parts) = (gradients, Math.Min(_parts, team.Threads));
        _batch.Partition(_parts, _bounds);
        if (_scratch.Length < _parts)
            _scratch = [.. Enumerable.Range(0, _parts).Select(_ => new FloatBuffer())];
        int top = _layers.Length - 1;
        for (int l = top; l >= 0; l--)
        {
            bool goesOn = l > 0 || toInput;
            int inputStride = GradientStride(l);
            if (goesOn)
            {
                _dx[l].Require((long)_batch.TotalSteps * inputStride);
                _dx[l].Span[..(_batch.TotalSteps * inputStride)].Clear();
            }
            for (int d = 0; d < _shape.Directions; d++)
            {
                RecurrentDirection direction = _layers[l][d];
                direction.PrepareBackward();
                for (int row = 0; dState is not null && row < _batch.Count; row++)
                {
                    int at = StateAt(l, d, row);
                    dState.Hidden.Flat().Slice(at, _shape.HiddenSize).CopyTo(direction.FinalGradient(row));
                    dState.Cell?.Flat().Slice(at, _shape.HiddenSize).CopyTo(direction.FinalCellGradient(row));
                }
                float* dh = l == top ? OutputGradient(d, dOutput) : InnerGradient(l, d);
                float* dx = !goesOn ? null : _dx[l].Pointer;
                if (goesOn && d == 1)
                {
                    _mirroredDx.Require((long)_batch.TotalSteps * inputStride);
                    _mirroredDx.Span[..(_batch.TotalSteps * inputStride)].Clear();
                    dx = _mirroredDx.Pointer;
                }
                _work = (l, d, inputStride);
                _x = d == 1 ? _mirroredX[l].Pointer : Input(l);
                _dHidden = dh;
                _dX = dx;
                team.Run(_parts, _backwardPart);
                if (goesOn && d == 1)
                    AddMirrored(_mirroredDx.Pointer, _dx[l].Pointer, inputStride);
                team.Run(Math.Min(_parts, _gradients[l][d].Panels), _gradientPart);
            }
        }
    }

    /// <summary>Writes the gradient of the inputs, [B, T, I], after a backward pass that went on to it.</summary>
    public void CopyInputGradient(Span<float> dInput)
    {
        int width = _shape.InputSize, stride = GradientStride(0);
        if (_batch.TotalSteps < _batch.Count * Steps)
            dInput.Clear();
        for (int t = 0; t < _batch.MaxLength; t++)
        {
            for (int row = 0; row < _batch.ActiveRows(t); row++)
                _dx[0].Span.Slice((_batch.FirstRow(t) + row) * stride, width)
                    .CopyTo(dInput[((_batch.SequenceAt(row) * Steps + t) * width)..]);
        }
    }

    /// <summary>Writes the gradient of the states before the first steps.</summary>
    public void CopyInitialGradient(RecurrentState state)
    {
        for (int l = 0; l < _layers.Length; l++)
        {
            for (int d = 0; d < _shape.Directions; d++)
            {
                for (int row = 0; row < _batch.Count; row++)
                {
                    int at = StateAt(l, d, row);
                    _layers[l][d].InitialHiddenGradient(row).CopyTo(state.Hidden.Flat()[at..]);
                    if (state.Cell is { } cell)
                        _layers[l][d].InitialCellGradient(row).CopyTo(cell.Flat()[at..]);
                }
            }
        }
    }

    private void ForwardPart(int part)
    {
        (int l, int d, int stride) = _work;
        _layers[l][d].Forward(_bounds[part], _bounds[part + 1], _x, stride, _h[l][d].Pointer, _padded);
    }

    private void BackwardPart(int part)
    {
        (int l, int d, int stride) = _work;
        _layers[l][d].Backward(_bounds[part], _bounds[part + 1], _h[l][d].Pointer, _padded, _dHidden, _dX, stride);
    }

    private void AddGradients(int part)
    {
        RecurrentGradients sums = _gradients[_work.Layer][_work.Direction];
        int parts = Math.Min(_parts, sums.Panels);
        _scratch[part].Require(sums.ScratchLength);
        sums.Add(sums.Panels * part / parts, sums.Panels * (part + 1) / parts, _batch.TotalSteps, _x,
            InputStride(_work.Layer), _h[_work.Layer][_work.Direction].Pointer, _padded, _scratch[part], _target);
    }

    private void Begin(RecurrentDirection direction, int place, RecurrentState? state)
    {
        // Once there were states, those of the next batch are zeros if it has none.
        if (state is null && !_hadStates)
            return;
        _hadStates = true;
        direction.RequireInitialStates(_batch.Count);
        for (int row = 0; row < _batch.Count; row++)
        {
            int at = (place * _batch.Count + _batch.SequenceAt(row)) * _shape.HiddenSize;
            Set(direction.InitialHidden(row), state?.Hidden, at);
            if (_shape.CellDescription.HasCellState)
                Set(direction.InitialCellState(row), state?.Cell, at);
        }

        static void Set(Span<float> target, Tensor<float>? source, int at)
        {
            if (source is null)
                target.Clear();
            else
                source.Flat().Slice(at, target.Length).CopyTo(target);
        }
    }

    /// <summary>For each packed row that of the step as far from the sequence's end as it is from its beginning.</summary>
    private void Mirror()
    {
        FloatBuffer.Require(ref _mirror, _batch.TotalSteps);
        for (int t = 0; t < _batch.MaxLength; t++)
        {
            for (int row = 0; row < _batch.ActiveRows(t); row++)
                _mirror[_batch.FirstRow(t) + row] = _batch.FirstRow(_batch.Length(row) - 1 - t) + row;
        }
    }

    private int Place(int direction, int packedRow) => direction == 0 ? packedRow : _mirror[packedRow];

    private int LastRow(int row) => _batch.FirstRow(_batch.Length(row) - 1) + row;

    private int StateAt(int layer, int direction, int row)
        => ((layer * _shape.Directions + direction) * _batch.Count + _batch.SequenceAt(row)) * _shape.HiddenSize;

    private Span<float> H(int layer, int direction, int packedRow)
        => _h[layer][direction].Span.Slice(packedRow * _padded, _shape.HiddenSize);

    private float* Input(int layer) => layer == 0 ? _batch.X : IsJoined ? _joined[layer - 1].Pointer : _h[layer - 1][0].Pointer;

    private int InputStride(int layer) => layer == 0 ? _shape.InputSize : _shape.Directions * _padded;

    private int GradientStride(int layer) => _kernels.RoundUp(InputStride(layer));

    private void CopyMirrored(float* source, float* destination, int stride)
    {
        for (int row = 0; row < _batch.TotalSteps; row++)
            new ReadOnlySpan<float>(source + (long)_mirror[row] * stride, stride)
                .CopyTo(new Span<float>(destination + (long)row * stride, stride));
    }

    private void AddMirrored(float* source, float* destination, int stride)
    {
        for (int row = 0; row < _batch.TotalSteps; row++)
        {
            var sum = new Span<float>(destination + (long)row * stride, stride);
            TensorPrimitives.Add(sum, new ReadOnlySpan<float>(source + (long)_mirror[row] * stride, stride), sum);
        }
    }

    /// <summary>Puts the directions of a layer side by side, after dropout.</summary>
    private void Join(int layer)
    {
        int stride = _shape.Directions * _padded;
        _joined[layer].Require((long)_batch.TotalSteps * stride);
        _joined[layer].Span[..(_batch.TotalSteps * stride)].Clear();
        for (int t = 0; t < _batch.MaxLength; t++)
        {
            for (int row = 0; row < _batch.ActiveRows(t); row++)
            {
                int packedRow = _batch.FirstRow(t) + row;
                for (int d = 0; d < _shape.Directions; d++)
                {
                    ReadOnlySpan<float> h = H(layer, d, Place(d, packedRow));
                    Span<float> target = _joined[layer].Span.Slice(packedRow * stride + d * _padded, _shape.HiddenSize);
                    if (DropsOutput)
                        _dropout.LayerMask(layer, d, _batch.SequenceAt(row), t).Apply(h, target);
                    else
                        h.CopyTo(target);
                }
            }
        }
    }

    /// <summary>The user's gradient of the last layer's outputs, in the rows of a direction; null for none.</summary>
    private float* OutputGradient(int direction, ReadOnlySpan<float> dOutput)
    {
        if (dOutput.IsEmpty)
            return null;
        FloatBuffer dh = Empty(_dh[_layers.Length - 1][direction]);
        int width = _shape.LayerSize;
        for (int t = 0; t < _batch.MaxLength; t++)
        {
            for (int row = 0; row < _batch.ActiveRows(t); row++)
            {
                int at = (_batch.SequenceAt(row) * Steps + t) * width + direction * _shape.HiddenSize;
                dOutput.Slice(at, _shape.HiddenSize).CopyTo(dh.Span[(Place(direction, _batch.FirstRow(t) + row) * _padded)..]);
            }
        }
        return dh.Pointer;
    }

    /// <summary>The gradient of a lower layer's outputs, which the layer above has left.</summary>
    private float* InnerGradient(int layer, int direction)
    {
        if (!IsJoined)
            return _dx[layer + 1].Pointer;
        FloatBuffer dh = Empty(_dh[layer][direction]);
        int stride = GradientStride(layer + 1);
        for (int t = 0; t < _batch.MaxLength; t++)
        {
            for (int row = 0; row < _batch.ActiveRows(t); row++)
            {
                int packedRow = _batch.FirstRow(t) + row;
                ReadOnlySpan<float> source = _dx[layer + 1].Span.Slice(packedRow * stride + direction * _padded, _shape.HiddenSize);
                Span<float> target = dh.Span.Slice(Place(direction, packedRow) * _padded, _shape.HiddenSize);
                if (DropsOutput)
                    _dropout.LayerMask(layer, direction, _batch.SequenceAt(row), t).Apply(source, target);
                else
                    source.CopyTo(target);
            }
        }
        return dh.Pointer;
    }

    // The padding of rows has to be zero.
    private FloatBuffer Empty(FloatBuffer buffer)
    {
        buffer.Require((long)_batch.TotalSteps * _padded);
        buffer.Span[..(_batch.TotalSteps * _padded)].Clear();
        return buffer;
    }
}
