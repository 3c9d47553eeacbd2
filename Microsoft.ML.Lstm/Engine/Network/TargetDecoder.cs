using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Runs the decoder of a <see cref="Head.SequenceToSequence"/> over a packed batch of targets: all layers, and the look at the source, step
/// by step, since a step may read what the one before it was made of; then the head over all steps at once, in blocks. Batches of one step
/// each, with states given and taken, write sequences step by step.
/// </summary>
internal sealed unsafe class TargetDecoder
{
    // Rows for which the weights of the head are read once.
    private const int HeadRows = 192;

    private readonly SequenceNetwork _network;
    private readonly NetworkShape _shape;
    private readonly RecurrentLayer[] _layers;
    private readonly EmbeddingLookup _embeddings;
    private readonly int _firstTable;
    private readonly DenseLayer _head;
    private readonly GradientShares? _gradients;
    private readonly FloatBuffer _outputs = new();
    private readonly FloatBuffer _dropped = new();
    private readonly FloatBuffer _dTop = new();
    private readonly FloatBuffer _dInput = new();
    private SequenceBatch _batch = null!;
    private Dropout _dropout;
    private CancellationToken _stop;

    /// <param name="network">The decoder.</param>
    /// <param name="firstTable">The number of the decoder's table of embeddings among those of the gradient.</param>
    /// <param name="threads">The most parts that share the weight gradients.</param>
    public TargetDecoder(SequenceNetwork network, int firstTable, int threads)
    {
        _network = network;
        _shape = network.Shape;
        _layers = [.. Enumerable.Range(0, _shape.Layers)
            .Select(layer => new RecurrentLayer(network.Weights(layer), network.Kernels, layer, isTop: layer == _shape.Layers - 1))];
        States = new StackStates(_layers);
        _firstTable = firstTable;
        _embeddings = new EmbeddingLookup(network.Parameters, firstTable);
        _head = network.Head;
        Attention = network.SourceAttention is { } weights ? new SourceAttentionLayer(weights, network.Kernels) : null;
        if (network.Passes == NetworkPasses.BackwardToInput)
            _gradients = new GradientShares(NewGradients(), threads);
    }

    /// <summary>The look at the source; null for a decoder that does not look.</summary>
    public SourceAttentionLayer? Attention { get; }

    /// <summary>The states of the sequences.</summary>
    public StackStates States { get; }

    /// <summary>Numbers in the state of a sequence.</summary>
    public int StateSize => _shape.StateSize;

    /// <summary>Numbers of a step that a decoder with input feeding reads of the one before; 0 without.</summary>
    public int FeedSize => _shape.NumericSize;

    public CancellationToken Stop
    {
        set
        {
            _stop = value;
            foreach (RecurrentLayer layer in _layers)
                layer.Directions[0].Stop = value;
        }
    }

    public OutputRows Outputs => new(_outputs.Pointer, _head.OutputStride, _shape.OutputSize, areSteps: true);

    /// <summary>Makes room for a packed batch of targets, whose initial states and feeds the caller then sets.</summary>
    public void Prepare(SequenceBatch targets, bool keep, Dropout dropout)
    {
        _batch = targets;
        _dropout = dropout;
        foreach (RecurrentLayer layer in _layers)
            layer.Prepare(targets, keep, dropout);
        States.RequireInitial(targets.Count);
        if (_dropout.Outputs > 0)
            _dropped.Require((long)targets.TotalSteps * _head.InputStride);
        _outputs.Require((long)targets.TotalSteps * _head.OutputStride);
        for (int row = 0; row < targets.Count && FeedSize > 0; row++)
            Feed(row).Clear();
    }

    /// <summary>What the first step of a row reads of a step before, after <see cref="Prepare"/>; zero unless it is set.</summary>
    public Span<float> Feed(int row) => _batch.Features(row)[..FeedSize];

    /// <summary>Copies the state after the last step of a row, and what the step after that reads.</summary>
    public void CopyState(int row, Span<float> state, Span<float> feed)
    {
        int packedRow = _batch.FirstRow(_batch.Length(row) - 1) + row;
        new ReadOnlySpan<float>(Top(packedRow), FeedSize).CopyTo(feed);
        States.CopyFinal(row, packedRow, state);
    }

    /// <summary>Runs some rows through all their steps, up to what the head reads.</summary>
    public void ForwardRows(int begin, int end)
    {
        foreach (RecurrentLayer layer in _layers)
            layer.BeginForward(begin, end);
        for (int t = 0; _batch.TryRowsAt(t, begin, end, out int first, out int count); t++)
        {
            if (t > 0 && _dropout.OwnTokens > 0)
                ReplaceTokens(t, begin, first, count);
            for (int i = 0; i < count; i++)
            {
                Span<float> x = _batch.Features(first + i);
                _embeddings.LookUp(_batch.PackedTokens(first + i), x[FeedSize..]);
                if (t > 0)
                    new ReadOnlySpan<float>(Top(_batch.FirstRow(t - 1) + begin + i), FeedSize).CopyTo(x);
            }
            for (int l = 0; l < _layers.Length; l++)
                _layers[l].ForwardStep(t, begin, end, Input(l), InputStride(l));
            Attention?.ForwardStep(begin, first, count, Hidden(first));
            for (int i = 0; i < count && _dropout.Outputs > 0; i++)
                DropOutput(begin + i, t, Top(first + i), _dropped.Pointer + (long)(first + i) * _head.InputStride);
        }
    }

    /// <summary>
    /// Replaces some of the tokens that a step reads by the most probable known ones after the step before. The end is none of them, since
    /// the true sequence goes on.
    /// </summary>
    private void ReplaceTokens(int t, int begin, int first, int count)
    {
        int before = _batch.FirstRow(t - 1) + begin;
        int known = _shape.Embeddings[0].Vocabulary;
        _head.Forward(count, HeadInputs(before), _outputs.Pointer + (long)before * _head.OutputStride);
        for (int i = 0; i < count; i++)
        {
            if (_dropout.ReadsOwnToken(_batch.SequenceAt(begin + i), t))
                _batch.PackedTokens(first + i)[0] = 1 + TensorPrimitives.IndexOfMax<float>(Outputs[before + i][..known]);
        }
    }

    /// <summary>
    /// Runs the head over share <paramref name="part"/> of <paramref name="parts"/> of the packed rows and, where there is a loss, back to
    /// the gradient of what it reads.
    /// </summary>
    public void RunHead(int part, int parts, OutputLoss? loss)
    {
        int end = (int)((long)_batch.TotalSteps * (part + 1) / parts);
        for (int first = (int)((long)_batch.TotalSteps * part / parts); first < end; first += HeadRows)
        {
            _stop.ThrowIfCancellationRequested();
            int count = Math.Min(HeadRows, end - first);
            _head.Forward(count, HeadInputs(first), _outputs.Pointer + (long)first * _head.OutputStride);
            if (loss is null)
                continue;
            for (int row = first; row < first + count; row++)
                loss.Differentiate(row, Outputs[row]);
            _head.Backward(count, _outputs.Pointer + (long)first * _head.OutputStride, DTop(first));
        }
    }

    /// <summary>Makes room for the backward pass.</summary>
    public void PrepareBackward()
    {
        foreach (RecurrentLayer layer in _layers)
            layer.PrepareBackward(finalGradientsOnly: false);
        Attention?.PrepareBackward();
        if (Attention is null)
            _dTop.Require((long)_batch.TotalSteps * _head.InputStride);
        _dInput.Require((long)_batch.TotalSteps * DInputStride);
    }

    /// <summary>Runs some rows back through all their steps, after <see cref="RunHead"/> of all.</summary>
    public void BackwardRows(int begin, int end)
    {
        int later = 0;
        for (int t = _batch.MaxLength - 1; t >= 0; t--)
        {
            if (!_batch.TryRowsAt(t, begin, end, out int first, out int count))
                continue;
            for (int i = 0; i < count && _dropout.Outputs > 0; i++)
                DropOutput(begin + i, t, DTop(first + i), DTop(first + i));
            for (int i = 0; i < later && FeedSize > 0; i++)
            {
                var d = new Span<float>(DTop(first + i), FeedSize);
                TensorPrimitives.Add(d, new ReadOnlySpan<float>(DInput(_batch.FirstRow(t + 1) + begin + i), FeedSize), d);
            }
            later = count;
            float* dTop = _layers[^1].DOutput + (long)first * _layers[^1].Stride;
            if (Attention is null)
                new ReadOnlySpan<float>(DTop(first), count * _head.InputStride).CopyTo(new Span<float>(dTop, count * _head.InputStride));
            else
                Attention.BackwardStep(begin, first, count, dTop);
            for (int l = _layers.Length - 1; l >= 0; l--)
            {
                float* dX = l > 0 ? _layers[l - 1].DOutput : _dInput.Pointer;
                int stride = l > 0 ? _layers[l - 1].Stride : DInputStride;
                new Span<float>(dX + (long)first * stride, count * stride).Clear();
                _layers[l].BackwardStep(t, begin, end, dX, stride);
            }
        }
        Attention?.EndBackward(begin, end, Hidden(0));
    }

    /// <summary>Adds share <paramref name="part"/> of <paramref name="parts"/> of the weight gradients.</summary>
    public void AddGradients(int part, int parts, Gradient gradient) => _gradients!.Add(part, parts, gradient.Parameters.Decoder!);

    /// <summary>Adds the gradients that threads don't share, after the backward pass of all rows.</summary>
    public void AddRest(Gradient gradient)
    {
        Attention?.AddVectorGradient(gradient.Parameters.Decoder!);
        // As weights of the head the row of each token that can be written has a gradient.
        int rows = _shape.Embeddings[0].Rows;
        for (int output = 0; _shape.TiesHead && output < _shape.OutputSize; output++)
            gradient.Row(_firstTable, (output + 1) % rows);
        for (int row = 0; row < _batch.TotalSteps; row++)
            _embeddings.Backward(_batch.PackedTokens(row), new ReadOnlySpan<float>(DInput(row), _shape.InputSize)[FeedSize..], gradient);
    }

    private int DInputStride => _network.Kernels.RoundUp(_shape.InputSize);

    private float* Input(int layer) => layer == 0 ? _batch.X : _layers[layer - 1].OutputForNext;

    private int InputStride(int layer) => layer == 0 ? _shape.InputSize : _layers[layer - 1].Stride;

    /// <summary>h of the top layer, from a packed row on.</summary>
    private float* Hidden(int packedRow) => _layers[^1].Output(direction: 0) + (long)packedRow * _layers[^1].Stride;

    /// <summary>What the head reads, before dropout, from a packed row on.</summary>
    private float* Top(int packedRow)
        => Attention is null ? Hidden(packedRow) : Attention.Attended + (long)packedRow * _head.InputStride;

    /// <summary>The gradient of <see cref="Top"/>.</summary>
    private float* DTop(int packedRow)
        => (Attention is null ? _dTop.Pointer : Attention.DAttended) + (long)packedRow * _head.InputStride;

    private float* HeadInputs(int packedRow)
        => _dropout.Outputs > 0 ? _dropped.Pointer + (long)packedRow * _head.InputStride : Top(packedRow);

    private float* DInput(int packedRow) => _dInput.Pointer + (long)packedRow * DInputStride;

    private void DropOutput(int row, int step, float* source, float* destination)
        => _dropout.OutputMask(_batch.SequenceAt(row), step).Apply(new ReadOnlySpan<float>(source, _shape.HiddenSize),
            new Span<float>(destination, _shape.HiddenSize));

    private PanelGradient[] NewGradients()
    {
        var all = new List<PanelGradient>();
        for (int l = 0; l < _layers.Length; l++)
        {
            int layer = l;
            var gradients = new RecurrentGradients(_layers[l].Directions[0], _network.Kernels);
            all.Add(new PanelGradient(gradients.Panels, gradients.CostOfPanel, gradients.ScratchLength,
                (begin, end, scratch, target) => gradients.Add(begin, end, _batch.TotalSteps, Input(layer), InputStride(layer),
                    _layers[layer].Output(direction: 0), _layers[layer].Stride, scratch, target)));
        }
        all.AddRange(Attention?.NewGradients(() => (nint)Hidden(0)) ?? []);
        DenseGradients head = _head.NewGradients();
        all.Add(new PanelGradient(head.Panels, head.CostOfPanel, head.ScratchLength, (begin, end, scratch, target)
            => head.Add(begin, end, _batch.TotalSteps, HeadInputs(0), _outputs.Pointer, scratch, target)));
        return [.. all];
    }
}
