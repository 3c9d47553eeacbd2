using Microsoft.ML.Lstm.Kernels;

namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// Runs a network over batches, forward and backward. It owns the activations and reuses them from batch to batch; it
/// serves one caller at a time.
/// </summary>
/// <remarks>
/// B sequences of N steps in all; D the directions, E = D·H the encoding, S the static features, O the outputs. Rows are
/// in the packed batch's order throughout. Threads meet three times a training step: after the forward pass, after the
/// way back through all layers (each on its own rows), and after the weights' gradients (each its own panels).
/// </remarks>
internal sealed unsafe class NetworkWorkspace
{
    // Below this many multiplications waking the other threads costs more than it saves.
    private const long SharedWork = 4_000_000;

    private readonly SequenceNetwork _network;
    private readonly NetworkShape _shape;
    private readonly WorkerTeam _team;
    private readonly LayerActivations[] _layers;
    private readonly PoolingLayer _pooling;
    private readonly DenseHead _head;
    private readonly WeightGradients[] _gradients = [];
    private readonly FloatBuffer[] _scratch = [];
    private readonly FloatBuffer? _dInput;
    private readonly int[] _rowBounds;
    private readonly Action<int> _forwardPart;
    private readonly Action<int> _backwardPart;
    private readonly Action<int> _weightGradientPart;
    private float[] _headInputs = [];
    private float[] _dHeadInputs = [];
    private float[] _outputs = [];
    private SequenceBatch _batch = null!;
    private ParameterSet _gradientTarget = null!;
    private Dropout? _dropout;
    private int _parts;
    private int _gradientParts;

    /// <param name="network">The network to run.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public NetworkWorkspace(SequenceNetwork network, WorkerTeam team)
    {
        _network = network;
        _shape = network.Shape;
        _team = team;
        _layers = [.. Enumerable.Range(0, _shape.Layers).Select(layer => new LayerActivations(network, layer))];
        _pooling = new PoolingLayer(_shape);
        _head = new DenseHead(network.Parameters);
        _rowBounds = new int[team.Threads + 1];
        _forwardPart = ForwardRows;
        _backwardPart = BackwardRows;
        _weightGradientPart = AddWeightGradients;
        if (network.Passes != NetworkPasses.Forward)
        {
            _gradients = [.. _layers.SelectMany(layer => layer.Directions).Select(direction => new WeightGradients(direction, network.Kernels))];
            int scratch = _gradients.Max(gradients => gradients.ScratchLength);
            _scratch = [.. Enumerable.Range(0, team.Threads).Select(_ => new FloatBuffer(scratch))];
            _dInput = network.Passes == NetworkPasses.BackwardToInput ? new FloatBuffer() : null;
        }
    }

    /// <summary>The outputs [O] of a row of the last forward pass.</summary>
    public ReadOnlySpan<float> Output(int row) => _outputs.AsSpan(row * _shape.OutputSize, _shape.OutputSize);

    /// <summary>The encoding [E] of a row.</summary>
    public ReadOnlySpan<float> Encoding(int row) => HeadInput(row)[.._shape.EncodingSize];

    // The next three are there for whoever wants to look inside: the tests against other implementations.

    /// <summary>h [H] of a packed row, of one layer and direction.</summary>
    public ReadOnlySpan<float> Hidden(int layer, int direction, int packedRow) => _layers[layer].Row(packedRow, direction);

    /// <summary>c [H] of a packed row, of one layer and direction; after a forward pass that kept it.</summary>
    public ReadOnlySpan<float> CellState(int layer, int direction, int packedRow) => _layers[layer].Directions[direction].CellState(packedRow);

    /// <summary>The gradient of the features [I] of a packed row; of a network for <see cref="NetworkPasses.BackwardToInput"/>.</summary>
    public ReadOnlySpan<float> InputGradient(int packedRow) => _dInput!.Span.Slice(packedRow * DInputStride, _shape.InputSize);

    /// <summary>Runs a packed batch to the outputs.</summary>
    /// <param name="batch">The batch, at least one sequence.</param>
    /// <param name="keep">Whether to keep what <see cref="Backward"/> needs.</param>
    /// <param name="dropout">The dropout between layers, or <see langword="null"/> for none.</param>
    public void Forward(SequenceBatch batch, bool keep, Dropout? dropout = null)
    {
        _batch = batch;
        _dropout = dropout;
        foreach (LayerActivations layer in _layers)
            layer.Prepare(batch, keep, dropout is not null && layer != _layers[^1]);
        _pooling.Prepare(batch);
        FloatBuffer.Require(ref _headInputs, (long)batch.Count * HeadInputSize);
        FloatBuffer.Require(ref _outputs, (long)batch.Count * _shape.OutputSize);
        PartitionRows();
        _team.Run(_parts, _forwardPart);
    }

    /// <summary>Back from the gradient of the outputs to those of all parameters.</summary>
    /// <param name="dOutputs">[B x O].</param>
    /// <param name="gradients">To which the parameters' gradients are added.</param>
    public void Backward(ReadOnlySpan<float> dOutputs, ParameterSet gradients)
    {
        _gradientTarget = gradients;
        FloatBuffer.Require(ref _dHeadInputs, (long)_batch.Count * HeadInputSize);
        for (int row = 0; row < _batch.Count; row++)
            _head.Backward(HeadInput(row), dOutputs.Slice(row * _shape.OutputSize, _shape.OutputSize), DHeadInput(row), gradients);
        foreach (LayerActivations layer in _layers)
            layer.PrepareBackward(_batch, finalGradientsOnly: layer == _layers[^1] && _shape.Pooling == Pooling.Last);
        _dInput?.Require((long)_batch.TotalSteps * DInputStride);
        _team.Run(_parts, _backwardPart);
        _team.Run(_gradientParts, _weightGradientPart);
    }

    private int HeadInputSize => _shape.EncodingSize + _shape.StaticSize;

    private int DInputStride => RecurrentWeights.RoundUp(_shape.InputSize, _network.Kernels.Lanes);

    private Span<float> HeadInput(int row) => _headInputs.AsSpan(row * HeadInputSize, HeadInputSize);

    private Span<float> DHeadInput(int row) => _dHeadInputs.AsSpan(row * HeadInputSize, HeadInputSize);

    private float* Input(int layer) => layer == 0 ? _batch.X : _layers[layer - 1].OutputForNext;

    private int InputStride(int layer) => layer == 0 ? _shape.InputSize : _layers[layer - 1].Stride;

    /// <summary>Cuts the batch's rows into parts of about as many steps each.</summary>
    private void PartitionRows()
    {
        _gradientParts = _shape.ParameterCount * _batch.TotalSteps < SharedWork ? 1 : _team.Threads;
        _parts = Math.Min(_gradientParts, _batch.Count);
        long steps = 0;
        int row = 0;
        for (int part = 0; part < _parts; part++)
        {
            _rowBounds[part] = row;
            long target = (long)_batch.TotalSteps * (part + 1) / _parts;
            // Each part gets a row at least, and leaves one for each part behind it.
            int lastEnd = _batch.Count - (_parts - part - 1);
            do
            {
                steps += _batch.Length(row++);
            }
            while (row < lastEnd && steps + _batch.Length(row) / 2 <= target);
        }
        _rowBounds[_parts] = _batch.Count;
    }

    private void ForwardRows(int part)
    {
        int begin = _rowBounds[part], end = _rowBounds[part + 1];
        for (int l = 0; l < _layers.Length; l++)
        {
            _layers[l].Forward(begin, end, Input(l), InputStride(l));
            if (_dropout is not { } dropout || l == _layers.Length - 1)
                continue;
            for (int t = 0; TryRowsAt(t, begin, end, out int first, out int count); t++)
                _layers[l].Drop(dropout, l, first, count);
        }
        for (int row = begin; row < end; row++)
        {
            Span<float> headInput = HeadInput(row);
            _pooling.Forward(_batch, row, _layers[^1], headInput[.._shape.EncodingSize]);
            _batch.Statics(_batch.SequenceAt(row)).CopyTo(headInput[_shape.EncodingSize..]);
            _head.Forward(headInput, _outputs.AsSpan(row * _shape.OutputSize, _shape.OutputSize));
        }
    }

    private void BackwardRows(int part)
    {
        int begin = _rowBounds[part], end = _rowBounds[part + 1];
        for (int row = begin; row < end; row++)
            _pooling.Backward(_batch, row, DHeadInput(row)[.._shape.EncodingSize], _layers[^1]);
        for (int l = _layers.Length - 1; l >= 0; l--)
        {
            float* dX = l > 0 ? _layers[l - 1].DOutput : _dInput is null ? null : _dInput.Pointer;
            int dXStride = l > 0 ? _layers[l - 1].Stride : DInputStride;
            for (int t = 0; dX != null && TryRowsAt(t, begin, end, out int first, out int count); t++)
                new Span<float>(dX + (long)first * dXStride, count * dXStride).Clear();
            _layers[l].Backward(begin, end, dX, dXStride);
            if (_dropout is not { } dropout || l == 0)
                continue;
            for (int t = 0; TryRowsAt(t, begin, end, out int first, out int count); t++)
                _layers[l - 1].DropGradient(dropout, l - 1, first, count);
        }
    }

    /// <summary>The packed rows that rows <paramref name="begin"/> to <paramref name="end"/> have at step <paramref name="t"/>.</summary>
    private bool TryRowsAt(int t, int begin, int end, out int first, out int count)
    {
        first = count = 0;
        if (t == _batch.MaxLength)
            return false;
        first = _batch.FirstRow(t) + begin;
        count = Math.Min(end, _batch.ActiveRows(t)) - begin;
        return count > 0;
    }

    private void AddWeightGradients(int part)
    {
        long total = 0;
        foreach (WeightGradients gradients in _gradients)
            total += gradients.Panels * gradients.CostOfPanel;
        long from = total * part / _gradientParts, to = total * (part + 1) / _gradientParts;
        long before = 0;
        for (int i = 0; i < _gradients.Length; i++)
        {
            // A panel belongs to the part in whose share of the cost it begins.
            WeightGradients gradients = _gradients[i];
            int begin = PanelsBefore(from - before, gradients), end = PanelsBefore(to - before, gradients);
            before += gradients.Panels * gradients.CostOfPanel;
            if (begin >= end)
                continue;
            (int l, int d) = Math.DivRem(i, _shape.Directions);
            gradients.Add(begin, end, _batch.TotalSteps, Input(l), InputStride(l), _layers[l].Output(d), _layers[l].Stride, _scratch[part], _gradientTarget);
        }
    }

    private static int PanelsBefore(long cost, WeightGradients gradients)
        => (int)Math.Clamp((cost + gradients.CostOfPanel - 1) / gradients.CostOfPanel, 0, gradients.Panels);
}
