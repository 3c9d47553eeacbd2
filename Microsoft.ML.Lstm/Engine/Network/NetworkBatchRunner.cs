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
/// has at one step; it is run by blocks of packed rows instead, which takes one more synchronization. Batch normalization behind a
/// convolution takes one in each pass of a training step.
/// </remarks>
internal sealed unsafe partial class NetworkBatchRunner : BatchRunner
{
    /// <summary>Multiplications below which waking the other threads costs more than it saves.</summary>
    public const long SharedWork = 4_000_000;

    // Parameters from which on packing is shared: packing as many takes some ten microseconds.
    private const int SharedPacking = 50_000;

    // Recurrent weights that make it worth while to synchronize with another thread at every step: reading 256 KB from the second-level
    // cache takes a processor two microseconds.
    private const int RecurrentWeightsOfAPart = 1 << 16;

    private readonly SequenceNetwork _network;
    private readonly NetworkShape _shape;
    private readonly WorkerTeam _team;
    private readonly InputLayer _inputs;
    private readonly RecurrentLayer[] _layers;
    private readonly FrameSource? _frames;
    private readonly ConvolutionBranch? _convolutions;
    private readonly PoolingLayer? _pooling;
    private readonly DenseLayer _head;
    private readonly bool _hasWideHead;
    private readonly AdaptiveSoftmax? _adaptive;
    private readonly GradientShares? _gradients;
    private readonly FloatBuffer? _dInput;
    private readonly FloatBuffer _headInputs = new();
    private readonly FloatBuffer _dHeadInputs = new();
    private readonly FloatBuffer _outputs = new();
    private readonly FloatBuffer _logProbabilities = new();
    private readonly int[] _rowBounds;
    private readonly SharedSteps _sharedSteps;
    private readonly Action<int> _forwardUnitsPart;
    private readonly Action<int> _forwardPart;
    private readonly Action<int> _wideHeadPart;
    private readonly Action<int> _measurePart;
    private readonly Action<int> _convolvePart;
    private readonly Action<int> _finishPart;
    private readonly Action<int> _backwardHeadPart;
    private readonly Action<int> _backwardConvolutionPart;
    private readonly Action<int> _backwardPart;
    private readonly Action<int> _weightGradientPart;
    private readonly Action<int> _packPart;
    private SequenceBatch _batch = null!;
    private SequenceBatch _steps = null!;
    private bool _keep;
    private int _convolution;
    private float[] _attentionWeights = [];
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
            ? new CharacterEncoder(network.Parameters, characters, network.Kernels,
                backward: network.Passes is NetworkPasses.Backward or NetworkPasses.BackwardToInput)
            : null);
        _layers = [.. Enumerable.Range(0, _shape.Layers)
            .Select(layer => new RecurrentLayer(network.Weights(layer), network.Kernels, layer, isTop: layer == _shape.Layers - 1))];
        _frames = _shape.InputConvolutions.Count > 0 ? new InputConvolution(_shape, network.InputConvolutions)
            : _shape.StepsPerFrame > 1 ? new FrameLayer(_shape, network.Kernels) : null;
        _convolutions = _shape.Convolutions.Count == 0 ? null
            : new ConvolutionBranch(_shape, network.Parameters, network.Convolutions, network.Kernels, isFrozen: IsInputsOnly);
        _pooling = _shape.Head.IsPerStep ? null
            : network.Attention is { } attention ? new AttentionPooling(_shape, attention, network.Kernels, _layers[^1])
            : new ElementwisePooling(_shape, _layers[^1]);
        _head = network.Head;
        // A conditional random field and an alignment need all outputs of a sequence together, and a decoder reads them within the pass.
        _hasWideHead = _shape.AdaptiveSoftmax is not null || (!_shape.Head.JoinsSteps
            && _shape.Head is not (Head.Autoencoder or Head.SequenceToSequence) && !IsInputsOnly
            && (long)_head.InputSize * _head.OutputSize >= WideHeadWeights);
        if (_shape.AdaptiveSoftmax is not null && IsInputsOnly)
            throw new NotSupportedException("The outputs of an adaptive softmax have no gradient with respect to the inputs.");
        _adaptive = network.AdaptiveSoftmax is { } clusters ? new AdaptiveSoftmax(clusters) : null;
        _rowBounds = new int[team.Threads + 1];
        _sharedSteps = new SharedSteps(team.Threads);
        _forwardUnitsPart = ForwardUnits;
        _forwardPart = ForwardRows;
        _wideHeadPart = _adaptive is null ? RunWideHead : RunAdaptiveSoftmax;
        _measurePart = Differentiate;
        _convolvePart = Convolve;
        _finishPart = FinishConvolutions;
        _backwardHeadPart = BackwardHead;
        _backwardConvolutionPart = BackwardConvolution;
        _backwardPart = BackwardRows;
        _weightGradientPart = part => _gradients!.Add(part, _sharedParts, _gradientTarget.Parameters);
        _packPart = part => _network.Pack(part, _packParts);
        if (network.Passes is NetworkPasses.Backward or NetworkPasses.BackwardToInput)
            _gradients = new GradientShares(
                [.. _layers.SelectMany((_, layer) => GradientsOfLayer(layer)), .. OtherGradients(), .. HeadGradients()], team.Threads);
        _dInput = network.Passes == NetworkPasses.BackwardToInput || IsInputsOnly ? new FloatBuffer() : null;
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

    public override SequenceBatch OutputSteps => _steps;

    public override ReadOnlySpan<float> Encoding(int row) => HeadInput(row)[.._shape.EncodingSize];

    public override ReadOnlySpan<float> AttentionWeights(int row)
    {
        ReadOnlySpan<float> weights = ((AttentionPooling)_pooling!).Weights(row);
        if (_frames is null)
            return weights;
        FloatBuffer.Require(ref _attentionWeights, _batch.Length(row));
        Span<float> spread = _attentionWeights.AsSpan(0, _batch.Length(row));
        _frames.SpreadWeights(weights, spread);
        return spread;
    }

    /// <summary>h [H] of a packed row, of one layer and direction; for tests.</summary>
    public ReadOnlySpan<float> Hidden(int layer, int direction, int packedRow) => _layers[layer].Row(packedRow, direction);

    /// <summary>c [H] of a packed row, of one layer and direction, after a forward pass that kept it; for tests.</summary>
    public ReadOnlySpan<float> CellState(int layer, int direction, int packedRow)
        => _layers[layer].Directions[direction].CellState(packedRow);

    public override ReadOnlySpan<float> InputGradient(int packedRow) => _dInput!.Span.Slice(packedRow * DInputStride, _shape.InputSize);

    /// <summary>
    /// Runs a packed batch to the outputs; with a wide head and <paramref name="keep"/> only up to the head, whose outputs are then
    /// computed in the backward pass, block by block. With an adaptive softmax the outputs of a row, ln p of each class, are computed when
    /// they are asked for.
    /// </summary>
    public override void Forward(SequenceBatch batch, bool keep, Dropout dropout = default)
    {
        _batch = batch;
        _loss = null;
        _dropout = dropout;
        _keep = keep;
        if (keep && dropout.Weights > 0)
            DropWeights();
        if (IsInputsOnly)
            _inputs.Prepare(batch);
        else
            _inputs.Prepare(batch, keep, dropout);
        _frames?.Prepare(batch);
        _steps = _frames?.Frames ?? batch;
        foreach (RecurrentLayer layer in _layers)
            layer.Prepare(_steps, keep, dropout);
        _convolutions?.Prepare(batch, keep);
        _pooling?.Prepare(_steps, keep);
        _headInputs.Require((long)HeadRows * _head.InputStride);
        _outputs.Require((long)HeadRows * _head.OutputStride);
        _sharedParts = (long)_network.Parameters.DenseLength * batch.TotalSteps < SharedWork ? 1 : _team.Threads;
        _parts = Math.Min(_sharedParts, batch.Count);
        batch.Partition(_parts, _rowBounds);
        int unitParts = UnitParts();
        if (unitParts > 1)
        {
            ReadInputs(0, batch.Count);
            _sharedSteps.Start(unitParts);
            _team.Run(unitParts, _forwardUnitsPart);
            _stop.ThrowIfCancellationRequested();
        }
        else
        {
            _team.Run(_parts, _forwardPart);
        }
        if (_convolutions is not null && keep)
            RunConvolutions(_convolutions);
        if (_hasWideHead && !keep && _adaptive is null)
            _team.Run(_sharedParts, _wideHeadPart);
    }

    public override void Backward(OutputLoss loss, Gradient? gradient)
    {
        _loss = loss;
        _dHeadInputs.Require((long)HeadRows * _head.InputStride);
        _adaptive?.Prepare(HeadRows, loss);
        foreach (RecurrentLayer layer in _layers)
            layer.PrepareBackward(finalGradientsOnly: layer == _layers[^1] && HasFinalGradientsOnly);
        _dInput?.Require((long)_batch.TotalSteps * DInputStride);
        if (_hasWideHead)
            _team.Run(_sharedParts, _wideHeadPart);
        _frames?.PrepareBackward(toInput: _dInput is not null);
        if (_dInput is not null)
            _convolutions?.PrepareInputGradient();
        _team.Run(_parts, _backwardHeadPart);
        for (_convolution = _shape.Convolutions.Count - 1; _convolution >= 0; _convolution--)
        {
            _team.Run(_parts, _backwardConvolutionPart);
            _convolutions!.FinishSums(_convolution);
        }
        if (gradient is not null)
            _gradientTarget = gradient;
        if (GradientReady is not null)
        {
            BackwardInTurn(GradientReady);
        }
        else
        {
            _team.Run(_parts, _backwardPart);
            if (gradient is null)
                return;
            _team.Run(_sharedParts, _weightGradientPart);
        }
        if (_dInput is not null)
            _inputs.AddGradients(_dInput.Pointer, DInputStride, _gradientTarget);
        _convolutions?.AddNormalizationGradients(_gradientTarget.Parameters);
        for (int l = 0; _dropout.Weights > 0 && l < _layers.Length; l++)
        {
            foreach (RecurrentWeights weights in _network.Weights(l))
                weights.DropGradient(_gradientTarget.Parameters);
        }
        for (int range = 0; _dropout.Weights > 0 && range < _earlyGradients.Length; range++)
            GradientReady?.Invoke(range);
    }

    public override void UpdateStatistics(int? batches) => _convolutions?.UpdateStatistics(batches);

    public override void PackNetwork()
    {
        _packParts = _network.Parameters.DenseLength < SharedPacking ? 1 : _team.Threads;
        _team.Run(_packParts, _packPart);
    }

    private void DropWeights()
    {
        for (int l = 0; l < _layers.Length; l++)
        {
            for (int d = 0; d < _shape.Directions; d++)
                _network.Weights(l, d).PackDropped(_network.Parameters, _dropout.WeightMask(l, d));
        }
    }

    private bool HasFinalGradientsOnly => !_shape.Head.IsPerStep && _shape.Pooling == Pooling.Last && StepGradients is null;

    private bool IsInputsOnly => _network.Passes == NetworkPasses.InputsOnly;

    private int DInputStride => _network.Kernels.RoundUp(_shape.InputSize);

    private float* Input(int layer)
        => layer > 0 ? _layers[layer - 1].OutputForNext : _frames is null ? _inputs.X : _frames.X;

    private int InputStride(int layer) => layer > 0 ? _layers[layer - 1].Stride : _frames?.Stride ?? _shape.InputSize;

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
        ForwardConvolutions(0, _batch.Count);
    }

    private void ForwardRows(int part)
    {
        int begin = _rowBounds[part], end = _rowBounds[part + 1];
        ReadInputs(begin, end);
        for (int l = 0; l < _layers.Length; l++)
            _layers[l].Forward(begin, end, Input(l), InputStride(l));
        ForwardConvolutions(begin, end);
    }

    private void ReadInputs(int begin, int end)
    {
        if (!IsInputsOnly)
            _inputs.Forward(begin, end);
        _frames?.Forward(begin, end, _inputs.X);
        _convolutions?.Read(begin, end, _inputs.X);
    }

    /// <summary>
    /// The convolutions and the head; in training up to the first batch normalization, from where <see cref="RunConvolutions"/> goes on.
    /// </summary>
    private void ForwardConvolutions(int begin, int end)
    {
        if (_convolutions is not null && _keep)
        {
            _convolutions.Convolve(layer: 0, begin, end);
            return;
        }
        _convolutions?.Score(begin, end);
        ForwardHead(begin, end);
    }

    private void RunConvolutions(ConvolutionBranch convolutions)
    {
        convolutions.FinishMoments(0);
        for (_convolution = 1; _convolution < convolutions.Layers; _convolution++)
        {
            _stop.ThrowIfCancellationRequested();
            _team.Run(_parts, _convolvePart);
            convolutions.FinishMoments(_convolution);
        }
        _team.Run(_parts, _finishPart);
    }

    private void Convolve(int part) => _convolutions!.Convolve(_convolution, _rowBounds[part], _rowBounds[part + 1]);

    private void FinishConvolutions(int part)
    {
        _convolutions!.Finish(_rowBounds[part], _rowBounds[part + 1]);
        ForwardHead(_rowBounds[part], _rowBounds[part + 1]);
    }

    private void BackwardConvolution(int part)
    {
        _stop.ThrowIfCancellationRequested();
        _convolutions!.Backward(_convolution, _rowBounds[part], _rowBounds[part + 1]);
    }

    private void BackwardRows(int part)
    {
        for (int l = _layers.Length - 1; l >= 0; l--)
            BackwardLayer(l, part);
        BackwardInputs(part);
    }

    private void BackwardLayer(int l, int part)
    {
        int begin = _rowBounds[part], end = _rowBounds[part + 1];
        bool goesOn = _dInput is not null;
        float* dX = l > 0 ? _layers[l - 1].DOutput
            : _frames is null ? (goesOn ? _dInput!.Pointer : null)
            : goesOn || _frames.HasWeights ? _frames.Gradient : null;
        int dXStride = l > 0 ? _layers[l - 1].Stride : _network.Kernels.RoundUp(_shape.LayerInputSize(0));
        for (int t = 0; dX != null && _steps.TryRowsAt(t, begin, end, out int first, out int count); t++)
            new Span<float>(dX + (long)first * dXStride, count * dXStride).Clear();
        _layers[l].Backward(begin, end, dX, dXStride);
    }

    private void BackwardInputs(int part)
    {
        int begin = _rowBounds[part], end = _rowBounds[part + 1];
        bool goesOn = _dInput is not null;
        _frames?.Backward(begin, end, goesOn ? _dInput!.Pointer : null, DInputStride);
        _convolutions?.BackwardToInput(begin, end, goesOn ? _dInput!.Pointer : null, DInputStride);
        if (!goesOn)
            return;
        _inputs.Backward(begin, end, _dInput!.Pointer, DInputStride);
        AddSkippedGradients(begin, end);
        for (int t = 0; _shape.Head.ReadsInputs && _batch.TryRowsAt(t, begin, end, out int first, out int count); t++)
        {
            for (int row = first; row < first + count; row++)
            {
                Span<float> dx = _dInput.Span.Slice(row * DInputStride, _shape.NumericSize);
                TensorPrimitives.Add(dx, DHeadInput(row)[(_shape.EncodingSize + _shape.StaticSize)..], dx);
            }
        }
    }
}
