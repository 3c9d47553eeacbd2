using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Runs a network over batches, forward and backward. It owns the activations and reuses them from batch to batch.
/// </summary>
/// <remarks>
/// B sequences of N steps in all; D directions, E = D·H the width of the encoding, S static features, O outputs. Rows are in the order
/// of the packed batch throughout; the head has one row for each sequence, or one for each packed step. Threads synchronize three times
/// a training step: after the forward pass, after the backward pass through all layers (each thread has its own sequences), and after
/// the weight gradients (each has its own panels). A wide head has too many weights to read all of them for the few rows that a thread
/// has at one step; it is run by blocks of packed rows instead, which takes one more synchronization.
/// </remarks>
internal sealed unsafe class NetworkBatchRunner : BatchRunner
{
    // Multiplications below which waking the other threads costs more than it saves.
    private const long SharedWork = 4_000_000;

    // Parameters from which on packing is shared: packing as many takes some ten microseconds.
    private const int SharedPacking = 50_000;

    // Recurrent weights that make it worth while to synchronize with another thread at every step: reading 256 KB from the second-level
    // cache takes a processor two microseconds.
    private const int RecurrentWeightsOfAPart = 1 << 16;

    // Weights from which on a head is wide: more than the second-level cache holds.
    private const long WideHeadWeights = 200_000;

    // Rows for which the weights of a wide head are read once.
    private const int WideHeadRows = 192;

    private readonly SequenceNetwork _network;
    private readonly NetworkShape _shape;
    private readonly WorkerTeam _team;
    private readonly InputLayer _inputs;
    private readonly RecurrentLayer[] _layers;
    private readonly PoolingLayer? _pooling;
    private readonly DenseLayer _head;
    private readonly bool _hasWideHead;
    private readonly GradientShares? _gradients;
    private readonly FloatBuffer? _dInput;
    private readonly FloatBuffer _headInputs = new();
    private readonly FloatBuffer _dHeadInputs = new();
    private readonly FloatBuffer _outputs = new();
    private readonly int[] _rowBounds;
    private readonly SharedSteps _sharedSteps;
    private readonly Action<int> _forwardUnitsPart;
    private readonly Action<int> _forwardPart;
    private readonly Action<int> _wideHeadPart;
    private readonly Action<int> _measurePart;
    private readonly Action<int> _backwardPart;
    private readonly Action<int> _weightGradientPart;
    private readonly Action<int> _packPart;
    private SequenceBatch _batch = null!;
    private OutputLoss? _loss;
    private Gradient _gradientTarget = null!;
    private Dropout _dropout;
    private int _parts;
    private int _sharedParts;
    private int _packParts;
    private CancellationToken _stop;

    /// <param name="network">The network to run.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public NetworkBatchRunner(SequenceNetwork network, WorkerTeam team)
    {
        _network = network;
        _shape = network.Shape;
        _team = team;
        _inputs = new InputLayer(network.Parameters, network.Characters is { } characters
            ? new CharacterEncoder(network.Parameters, characters, network.Kernels, backward: network.Passes != NetworkPasses.Forward)
            : null);
        _layers = [.. Enumerable.Range(0, _shape.Layers)
            .Select(layer => new RecurrentLayer(network.Weights(layer), network.Kernels, layer, isTop: layer == _shape.Layers - 1))];
        _pooling = _shape.Head.IsPerStep ? null
            : network.Attention is { } attention ? new AttentionPooling(_shape, attention, network.Kernels, _layers[^1])
            : new ElementwisePooling(_shape, _layers[^1]);
        _head = network.Head;
        // A conditional random field needs all outputs of a sequence together, and a decoder reads them within the pass.
        _hasWideHead = _shape.Head is not (Head.Crf or Head.Autoencoder) && (long)_head.InputSize * _head.OutputSize >= WideHeadWeights;
        _rowBounds = new int[team.Threads + 1];
        _sharedSteps = new SharedSteps(team.Threads);
        _forwardUnitsPart = ForwardUnits;
        _forwardPart = ForwardRows;
        _wideHeadPart = RunWideHead;
        _measurePart = Differentiate;
        _backwardPart = BackwardRows;
        _weightGradientPart = part => _gradients!.Add(part, _sharedParts, _gradientTarget.Parameters);
        _packPart = part => _network.Pack(part, _packParts);
        if (network.Passes != NetworkPasses.Forward)
        {
            _gradients = new GradientShares(WeightGradientsOfLayers(), team.Threads);
            _dInput = network.Passes == NetworkPasses.BackwardToInput ? new FloatBuffer() : null;
        }
    }

    public override CancellationToken Stop
    {
        get => _stop;
        set
        {
            _stop = value;
            foreach (RecurrentDirection direction in _layers.SelectMany(layer => layer.Directions))
                direction.Stop = value;
        }
    }

    public override ReadOnlySpan<float> Output(int row) => Outputs[row];

    public override ReadOnlySpan<float> Encoding(int row) => HeadInput(row)[.._shape.EncodingSize];

    public override ReadOnlySpan<float> AttentionWeights(int row) => ((AttentionPooling)_pooling!).Weights(row);

    /// <summary>h [H] of a packed row, of one layer and direction; for tests.</summary>
    public ReadOnlySpan<float> Hidden(int layer, int direction, int packedRow) => _layers[layer].Row(packedRow, direction);

    /// <summary>c [H] of a packed row, of one layer and direction, after a forward pass that kept it; for tests.</summary>
    public ReadOnlySpan<float> CellState(int layer, int direction, int packedRow)
        => _layers[layer].Directions[direction].CellState(packedRow);

    /// <summary>The gradient of the features [I] of a packed row; of a network for <see cref="NetworkPasses.BackwardToInput"/>.</summary>
    public ReadOnlySpan<float> InputGradient(int packedRow) => _dInput!.Span.Slice(packedRow * DInputStride, _shape.InputSize);

    /// <summary>
    /// Runs a packed batch to the outputs; with a wide head and <paramref name="keep"/> only up to the head, whose outputs are then
    /// computed in the backward pass, block by block.
    /// </summary>
    public override void Forward(SequenceBatch batch, bool keep, Dropout dropout = default)
    {
        _batch = batch;
        _loss = null;
        _dropout = dropout;
        _inputs.Prepare(batch, keep, dropout);
        foreach (RecurrentLayer layer in _layers)
            layer.Prepare(batch, keep, dropout);
        _pooling?.Prepare(batch, keep);
        _headInputs.Require((long)HeadRows * _head.InputStride);
        _outputs.Require((long)HeadRows * _head.OutputStride);
        _sharedParts = (long)_network.Parameters.DenseLength * batch.TotalSteps < SharedWork ? 1 : _team.Threads;
        _parts = Math.Min(_sharedParts, batch.Count);
        batch.Partition(_parts, _rowBounds);
        int unitParts = UnitParts();
        if (unitParts > 1)
        {
            _inputs.Forward(0, batch.Count);
            _sharedSteps.Start(unitParts);
            _team.Run(unitParts, _forwardUnitsPart);
            _stop.ThrowIfCancellationRequested();
        }
        else
        {
            _team.Run(_parts, _forwardPart);
        }
        if (_hasWideHead && !keep)
            _team.Run(_sharedParts, _wideHeadPart);
    }

    public override void Measure(OutputLoss loss)
    {
        _loss = loss;
        _team.Run(_parts, _measurePart);
    }

    public override void Backward(OutputLoss loss, Gradient gradient)
    {
        _loss = loss;
        _gradientTarget = gradient;
        _dHeadInputs.Require((long)HeadRows * _head.InputStride);
        foreach (RecurrentLayer layer in _layers)
            layer.PrepareBackward(finalGradientsOnly: layer == _layers[^1] && !_shape.Head.IsPerStep && _shape.Pooling == Pooling.Last);
        _dInput?.Require((long)_batch.TotalSteps * DInputStride);
        if (_hasWideHead)
            _team.Run(_sharedParts, _wideHeadPart);
        _team.Run(_parts, _backwardPart);
        _team.Run(_sharedParts, _weightGradientPart);
        if (_dInput is not null)
            _inputs.AddGradients(_dInput.Pointer, DInputStride, gradient);
    }

    public override void PackNetwork()
    {
        _packParts = _network.Parameters.DenseLength < SharedPacking ? 1 : _team.Threads;
        _team.Run(_packParts, _packPart);
    }

    private int HeadRows => _shape.Head.IsPerStep ? _batch.TotalSteps : _batch.Count;

    private int DInputStride => _network.Kernels.RoundUp(_shape.InputSize);

    private OutputRows Outputs => new(_outputs.Pointer, _head.OutputStride, _shape.OutputSize, _shape.Head.IsPerStep);

    private Span<float> HeadInput(int row) => _headInputs.Span.Slice(row * _head.InputStride, _shape.HeadInputSize);

    private Span<float> DHeadInput(int row) => _dHeadInputs.Span.Slice(row * _head.InputStride, _shape.HeadInputSize);

    private float* Input(int layer) => layer == 0 ? _inputs.X : _layers[layer - 1].OutputForNext;

    private int InputStride(int layer) => layer == 0 ? _shape.InputSize : _layers[layer - 1].Stride;

    /// <summary>
    /// The number of parts that share the units instead of the rows, or 1. A few sequences need all weights at every step, so with large
    /// weights the time goes into reading them: each thread then reads only its own part, from its own cache.
    /// </summary>
    private int UnitParts()
    {
        if (_sharedParts == 1 || _batch.Count > RecurrentDirection.MaxRowsOfInputsFirst || _dropout.IsOn)
            return 1;
        CellLayout layout = _network.Weights(layer: 0, direction: 0).Layout;
        return (int)Math.Min(_team.Threads, (long)layout.PaddedSize * layout.GateWidth / RecurrentWeightsOfAPart);
    }

    private void ForwardUnits(int part)
    {
        if (part > 0)
            _sharedSteps.Arrive();
        int step = 0;
        for (int l = 0; l < _layers.Length; l++)
            _layers[l].ForwardShared(_sharedSteps, part, ref step, Input(l), InputStride(l));
        if (part > 0)
            return;
        _sharedSteps.Finish(step);
        ForwardHead(0, _batch.Count);
    }

    private void ForwardRows(int part)
    {
        int begin = _rowBounds[part], end = _rowBounds[part + 1];
        _inputs.Forward(begin, end);
        for (int l = 0; l < _layers.Length; l++)
            _layers[l].Forward(begin, end, Input(l), InputStride(l));
        ForwardHead(begin, end);
    }

    private void ForwardHead(int begin, int end)
    {
        _pooling?.Forward(begin, end, _headInputs.Pointer, _head.InputStride);
        for (int i = 0; TryHeadRows(i, begin, end, out int first, out int count); i++)
        {
            _stop.ThrowIfCancellationRequested();
            for (int row = first; row < first + count; row++)
                GatherHeadInput(row, _batch.SequenceAt(begin + row - first), step: i);
            if (!_hasWideHead)
                _head.Forward(count, HeadInputs(first), OutputsFrom(first));
        }
    }

    private void GatherHeadInput(int row, int sequence, int step)
    {
        Span<float> headInput = HeadInput(row);
        for (int d = 0; _shape.Head.IsPerStep && d < _shape.Directions; d++)
            _layers[^1].Row(row, d).CopyTo(headInput[(d * _shape.HiddenSize)..]);
        DropOutput(headInput, sequence, step);
        _batch.Statics(sequence).CopyTo(headInput[_shape.EncodingSize..]);
        if (_shape.Head.ReadsInputs)
            _batch.Features(row)[.._shape.NumericSize].CopyTo(headInput[(_shape.EncodingSize + _shape.StaticSize)..]);
    }

    /// <summary>Applies dropout to the encoding that the head reads, or to its gradient.</summary>
    private void DropOutput(Span<float> headInput, int sequence, int step)
    {
        Span<float> encoding = headInput[.._shape.EncodingSize];
        if (_dropout.Outputs > 0)
            _dropout.OutputMask(sequence, step).Apply(encoding, encoding);
    }

    private void Differentiate(int part)
    {
        for (int row = _rowBounds[part]; row < _rowBounds[part + 1]; row++)
        {
            _stop.ThrowIfCancellationRequested();
            _loss!.Differentiate(_batch, row, Outputs);
        }
    }

    private void BackwardRows(int part)
    {
        int begin = _rowBounds[part], end = _rowBounds[part + 1];
        if (!_hasWideHead)
            Differentiate(part);
        for (int i = 0; TryHeadRows(i, begin, end, out int first, out int count); i++)
        {
            _stop.ThrowIfCancellationRequested();
            if (!_hasWideHead)
                _head.Backward(count, OutputsFrom(first), DHeadInputs(first));
            for (int row = first; row < first + count; row++)
            {
                DropOutput(DHeadInput(row), _batch.SequenceAt(begin + row - first), step: i);
                if (_shape.Head.IsPerStep)
                    SpreadHeadGradient(row);
            }
        }
        _pooling?.Backward(begin, end, _dHeadInputs.Pointer, _head.InputStride);
        for (int l = _layers.Length - 1; l >= 0; l--)
        {
            float* dX = l > 0 ? _layers[l - 1].DOutput : _dInput is null ? null : _dInput.Pointer;
            int dXStride = l > 0 ? _layers[l - 1].Stride : DInputStride;
            for (int t = 0; dX != null && _batch.TryRowsAt(t, begin, end, out int first, out int count); t++)
                new Span<float>(dX + (long)first * dXStride, count * dXStride).Clear();
            _layers[l].Backward(begin, end, dX, dXStride);
        }
        if (_dInput is null)
            return;
        _inputs.Backward(begin, end, _dInput.Pointer, DInputStride);
        for (int t = 0; _shape.Head.ReadsInputs && _batch.TryRowsAt(t, begin, end, out int first, out int count); t++)
        {
            for (int row = first; row < first + count; row++)
            {
                Span<float> dx = _dInput.Span.Slice(row * DInputStride, _shape.NumericSize);
                TensorPrimitives.Add(dx, DHeadInput(row)[(_shape.EncodingSize + _shape.StaticSize)..], dx);
            }
        }
    }

    private void SpreadHeadGradient(int row)
    {
        ReadOnlySpan<float> dEncoding = DHeadInput(row)[.._shape.EncodingSize];
        for (int d = 0; d < _shape.Directions; d++)
        {
            Span<float> dh = _layers[^1].DRow(row, d);
            dEncoding.Slice(d * _shape.HiddenSize, _shape.HiddenSize).CopyTo(dh);
            dh[_shape.HiddenSize..].Clear();
        }
    }

    /// <summary>
    /// Runs the wide head over a share of the rows, block by block: to the outputs and, in a backward pass, from the loss back to its
    /// inputs.
    /// </summary>
    private void RunWideHead(int part)
    {
        int end = (int)((long)HeadRows * (part + 1) / _sharedParts);
        for (int first = (int)((long)HeadRows * part / _sharedParts); first < end; first += WideHeadRows)
        {
            _stop.ThrowIfCancellationRequested();
            int count = Math.Min(WideHeadRows, end - first);
            _head.Forward(count, HeadInputs(first), OutputsFrom(first));
            if (_loss is null)
                continue;
            for (int row = first; row < first + count; row++)
                _loss.Differentiate(row, Outputs[row]);
            _head.Backward(count, OutputsFrom(first), DHeadInputs(first));
        }
    }

    /// <summary>
    /// The rows of the head for sequences <paramref name="begin"/> to <paramref name="end"/>: the rows of step <paramref name="i"/>, or all
    /// at once where the head is not per step.
    /// </summary>
    private bool TryHeadRows(int i, int begin, int end, out int first, out int count)
    {
        if (_shape.Head.IsPerStep)
            return _batch.TryRowsAt(i, begin, end, out first, out count);
        (first, count) = (begin, end - begin);
        return i == 0;
    }

    private float* HeadInputs(int row) => _headInputs.Pointer + (long)row * _head.InputStride;

    private float* DHeadInputs(int row) => _dHeadInputs.Pointer + (long)row * _head.InputStride;

    private float* OutputsFrom(int row) => _outputs.Pointer + (long)row * _head.OutputStride;

    private PanelGradient[] WeightGradientsOfLayers()
    {
        var all = new List<PanelGradient>();
        for (int l = 0; l < _layers.Length; l++)
        {
            for (int d = 0; d < _shape.Directions; d++)
            {
                (int layer, int direction) = (l, d);
                var gradients = new RecurrentGradients(_layers[l].Directions[d], _network.Kernels);
                all.Add(new PanelGradient(gradients.Panels, gradients.CostOfPanel, gradients.ScratchLength,
                    (begin, end, scratch, target) => gradients.Add(begin, end, _batch.TotalSteps, Input(layer), InputStride(layer),
                        _layers[layer].Output(direction), _layers[layer].Stride, scratch, target)));
            }
        }
        all.AddRange(_pooling?.NewGradients() ?? []);
        // On encodings the head has so few rows that its panels cost next to nothing.
        DenseGradients head = _head.NewGradients();
        long cost = _shape.Head.IsPerStep ? head.CostOfPanel : 1;
        all.Add(new PanelGradient(head.Panels, cost, head.ScratchLength,
            (begin, end, scratch, target) => head.Add(begin, end, HeadRows, _headInputs.Pointer, _outputs.Pointer, scratch, target)));
        return [.. all];
    }
}
