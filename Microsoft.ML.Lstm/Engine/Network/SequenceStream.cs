using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Runs a <see cref="SequenceNetwork"/> over one sequence a step at a time, as in streaming prediction. It keeps the state after the last
/// step, so the cost of a step does not depend on how many came before. After each step the encoding and the outputs are the same, to the
/// last bit, as for a batch with all steps so far.
/// </summary>
/// <remarks>
/// Any number of streams may run the same network at once; each serves one caller at a time. The state is, layer by layer,
/// h [H] and for LSTM c [H].
/// </remarks>
internal sealed unsafe class SequenceStream
{
    private readonly SequenceNetwork _network;
    private readonly NetworkShape _shape;
    private readonly EmbeddingLookup? _embeddings;
    private readonly LayerState[] _layers;
    private readonly FloatBuffer _x;
    private readonly FloatBuffer _headInput;
    private readonly FloatBuffer _outputs;
    private readonly AdaptiveSoftmax? _adaptive;
    private readonly WorkerTeam? _team;
    private readonly Action<int> _runShare;
    private PackedCell _cell;
    private CellStep _step;
    private bool _isOddStep;

    /// <param name="network">The network to run.</param>
    /// <param name="team">Threads to share each layer's units among, with the same bits; null for the caller's alone.</param>
    /// <exception cref="NotSupportedException">The outputs of the network depend on later steps, or on all steps.</exception>
    public SequenceStream(SequenceNetwork network, WorkerTeam? team = null)
    {
        _network = network;
        _team = team is { Threads: > 1 } ? team : null;
        _runShare = share => _network.Kernels.Forward(_cell.Share(share, _team!.Threads), _step);
        _shape = network.Shape;
        if (_shape.Bidirectional)
            throw new NotSupportedException(
                "A bidirectional network cannot run step by step: its reverse direction starts from a sequence's last step. Use a network "
                + "of one direction.");
        if (_shape.Pooling != Pooling.Last && !_shape.Head.IsPerStep)
            throw new NotSupportedException(
                $"A network with {nameof(Pooling)}.{_shape.Pooling} cannot run step by step, since its encoding is made of all steps. Use "
                + $"{nameof(Pooling)}.{nameof(Pooling.Last)}.");
        if (_shape.Characters is not null)
            throw new NotSupportedException("A network that reads the characters of words cannot run step by step.");
        if (_shape.Convolutions.Count > 0 || _shape.StepsPerFrame > 1 || _shape.InputConvolutions.Count > 0)
            throw new NotSupportedException(
                "A network with convolutions, or with several steps a frame, cannot run step by step, since a step's outputs depend on "
                + "later steps.");
        _embeddings = _shape.Embeddings.Count > 0 ? new EmbeddingLookup(network.Parameters) : null;
        _layers = [.. Enumerable.Range(0, _shape.Layers).Select(layer => new LayerState(network.Weights(layer, direction: 0).Layout))];
        _x = new FloatBuffer(_shape.InputSize);
        _headInput = new FloatBuffer(network.Head.InputStride);
        _outputs = new FloatBuffer(Math.Max(network.Head.OutputStride, _shape.OutputSize));
        _adaptive = network.AdaptiveSoftmax is { } weights ? new AdaptiveSoftmax(weights) : null;
    }

    /// <summary>The static features [S] for the outputs of the next steps; zero at first.</summary>
    public Span<float> Statics => _headInput.Span.Slice(_shape.EncodingSize, _shape.StaticSize);

    /// <summary>The encoding [E] after the last step: h of the last layer.</summary>
    public ReadOnlySpan<float> Encoding => _headInput.Span[.._shape.EncodingSize];

    /// <summary>Numbers in the state.</summary>
    public int StateLength => _shape.StateSize;

    private bool HasCellState => _shape.CellDescription.HasCellState;

    /// <summary>Runs the next step.</summary>
    /// <param name="features">The numeric features [F] of the step.</param>
    /// <param name="tokens">The tokens of the step, one for each embedding table.</param>
    /// <returns>The outputs [O], valid until the next step.</returns>
    public ReadOnlySpan<float> Step(ReadOnlySpan<float> features, ReadOnlySpan<int> tokens = default)
    {
        if (features.Length != _shape.NumericSize)
            throw new ArgumentException($"A step has {_shape.NumericSize} features, but {features.Length} were given.", nameof(features));
        if (tokens.Length != _shape.Embeddings.Count)
            throw new ArgumentException($"A step has {_shape.Embeddings.Count} tokens, but {tokens.Length} were given.", nameof(tokens));
        features.CopyTo(_x.Span);
        if (_shape.Head.ReadsInputs)
            features.CopyTo(_headInput.Span[(_shape.EncodingSize + _shape.StaticSize)..]);
        _embeddings?.LookUp(tokens, _x.Span[_shape.NumericSize..]);
        float* x = _x.Pointer;
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _cell = _network.Weights(layer, direction: 0).Cell;
            _step = _layers[layer].Next(x, _cell.InputWidth, _isOddStep);
            if (_team is null)
                _network.Kernels.Forward(_cell, _step);
            else
                _team.Run(_team.Threads, _runShare);
            x = _step.H;
        }
        _isOddStep = !_isOddStep;
        CopyEncoding();
        if (_adaptive is null)
            _network.Head.Forward(1, _headInput.Pointer, _outputs.Pointer);
        else
            _adaptive.LogProbabilities(_headInput.Pointer, _outputs.Pointer);
        return _outputs.Span[.._shape.OutputSize];
    }

    /// <summary>Returns to the state before the first step. The static features stay.</summary>
    public void Reset()
    {
        foreach (LayerState layer in _layers)
            layer.Clear();
        CopyEncoding();
    }

    /// <summary>Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        RequireStateLength(destination.Length, nameof(destination));
        int h = _shape.HiddenSize;
        foreach (LayerState layer in _layers)
        {
            layer.Hidden(_isOddStep)[..h].CopyTo(destination);
            destination = destination[h..];
            if (!HasCellState)
                continue;
            layer.CellState[..h].CopyTo(destination);
            destination = destination[h..];
        }
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote, of this stream or of another one of the same network.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        RequireStateLength(source.Length, nameof(source));
        int h = _shape.HiddenSize;
        foreach (LayerState layer in _layers)
        {
            source[..h].CopyTo(layer.Hidden(_isOddStep));
            source = source[h..];
            if (!HasCellState)
                continue;
            source[..h].CopyTo(layer.CellState);
            source = source[h..];
        }
        CopyEncoding();
    }

    private void CopyEncoding() => _layers[^1].Hidden(_isOddStep)[.._shape.HiddenSize].CopyTo(_headInput.Span);

    private void RequireStateLength(int length, string parameter)
    {
        if (length != StateLength)
            throw new ArgumentException($"The state of this network has {StateLength} numbers, not {length}.", parameter);
    }

    /// <summary>The state of a layer: h before and after a step, alternately in two rows, and c, which is updated in place.</summary>
    private sealed class LayerState(CellLayout layout)
    {
        private readonly FloatBuffer _h = new(2 * layout.PaddedSize);
        private readonly FloatBuffer _c = new(layout.PaddedSize);

        public Span<float> Hidden(bool isOddStep) => _h.Span.Slice(isOddStep ? layout.PaddedSize : 0, layout.PaddedSize);

        public Span<float> CellState => _c.Span;

        public CellStep Next(float* x, nint xRow, bool isOddStep) => new()
        {
            Rows = 1,
            Carried = 1,
            X = x,
            XRow = xRow,
            HPrevious = _h.Pointer + (isOddStep ? layout.PaddedSize : 0),
            H = _h.Pointer + (isOddStep ? 0 : layout.PaddedSize),
            HRow = layout.PaddedSize,
            CPrevious = _c.Pointer,
            C = _c.Pointer,
            LastPanelFirst = isOddStep,
        };

        public void Clear()
        {
            _h.Span.Clear();
            _c.Span.Clear();
        }
    }
}
