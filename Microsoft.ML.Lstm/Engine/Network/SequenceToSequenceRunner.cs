using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Runs an encoder and its decoder over batches with <see cref="SequenceBatch.Targets"/>: the encoder reads the source; the tanh of its
/// outputs is the state that the decoder begins with, which reads at each step the true token before it (teacher forcing; Williams and
/// Zipser 1989).
/// </summary>
internal sealed class SequenceToSequenceRunner : BatchRunner
{
    private readonly SequenceNetwork _network;
    private readonly WorkerTeam _team;
    private readonly NetworkBatchRunner _encoder;
    private readonly StateLoss _stateLoss;
    private readonly Action<int> _forwardPart;
    private readonly Action<int> _stepPart;
    private readonly Action<int> _headPart;
    private readonly Action<int> _measurePart;
    private readonly Action<int> _backwardPart;
    private readonly Action<int> _gradientPart;
    private readonly int[] _rowBounds;
    private SequenceBatch _batch = null!;
    private SequenceBatch _targets = null!;
    private (int First, int Count)[] _sourceOfRow = [];

    // The row of each sequence in the batch of the source, and in that of the targets.
    private int[] _sourceRows = [];
    private int[] _targetRows = [];
    private float[] _state = [];
    private float[] _stateGradients = [];
    private OutputLoss? _loss;
    private Gradient? _gradient;
    private int _parts;
    private int _sharedParts;

    /// <param name="network">The encoder, with its decoder.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public SequenceToSequenceRunner(SequenceNetwork network, WorkerTeam team)
    {
        _network = network;
        _team = team;
        _encoder = new NetworkBatchRunner(network, team);
        Decoder = new TargetDecoder(network.Decoder!, network.Parameters.Embeddings.Length - 1, team.Threads);
        if (Decoder.Attention is not null)
            _encoder.StepGradients = SetStepGradients;
        _stateLoss = new StateLoss(this);
        _rowBounds = new int[team.Threads + 1];
        _forwardPart = part => ForwardRows(_rowBounds[part], _rowBounds[part + 1]);
        _stepPart = part => Decoder.ForwardRows(_rowBounds[part], _rowBounds[part + 1]);
        _headPart = part => Decoder.RunHead(part, _sharedParts, _loss);
        _measurePart = Differentiate;
        _backwardPart = part => Decoder.BackwardRows(_rowBounds[part], _rowBounds[part + 1]);
        _gradientPart = part => Decoder.AddGradients(part, _sharedParts, _gradient!);
    }

    /// <summary>The decoder, for those who write sequences with it.</summary>
    public TargetDecoder Decoder { get; }

    public override CancellationToken Stop
    {
        get => _encoder.Stop;
        set => _encoder.Stop = Decoder.Stop = value;
    }

    public override SequenceBatch OutputSteps => _targets;

    /// <summary>The outputs [O] of a packed row of the targets.</summary>
    public override ReadOnlySpan<float> Output(int row) => Decoder.Outputs[row];

    public override ReadOnlySpan<float> Encoding(int row) => _encoder.Encoding(row);

    /// <summary>The weights of the source's steps at a packed row of the targets.</summary>
    public override ReadOnlySpan<float> AttentionWeights(int row) => Decoder.Attention!.Alphas(row);

    public override void Forward(SequenceBatch batch, bool keep, Dropout dropout = default)
    {
        Encode(batch, keep, dropout);
        SequenceBatch targets = batch.Targets!;
        _targets = targets;
        FloatBuffer.Require(ref _sourceOfRow, targets.Count);
        FloatBuffer.Require(ref _targetRows, targets.Count);
        for (int row = 0; row < targets.Count; row++)
        {
            _sourceOfRow[row] = SourceOf(targets.SequenceAt(row));
            _targetRows[targets.SequenceAt(row)] = row;
        }
        // Dropout of the encoder's inputs makes its task harder; the decoder reads what is to be predicted.
        Decoder.Prepare(targets, keep, dropout with { Key = SplitMix64.Mix(dropout.Key), Inputs = 0, Tokens = 0, TokenRates = null });
        Decoder.Attention?.Prepare(targets, _sourceOfRow);
        for (int row = 0; row < targets.Count; row++)
            Decoder.States.SetInitial(row, StateOf(targets.SequenceAt(row)));
        _loss = null;
        Share();
        _team.Run(_parts, _forwardPart);
        // In training the outputs are computed in the backward pass, block by block.
        if (!keep)
            _team.Run(_sharedParts, _headPart);
    }

    /// <summary>
    /// Begins a step of sequences that are being written, after <see cref="Encode"/> and <see cref="CopySource"/>: the caller then sets
    /// their states and feeds.
    /// </summary>
    /// <param name="step">A batch of sequences of one step each, with the token to read.</param>
    /// <param name="sequences">For each the sequence of the source, in the order of adding.</param>
    public void BeginStep(SequenceBatch step, ReadOnlySpan<int> sequences)
    {
        _targets = step;
        FloatBuffer.Require(ref _sourceOfRow, step.Count);
        for (int row = 0; row < step.Count; row++)
            _sourceOfRow[row] = SourceOf(sequences[row]);
        Decoder.Prepare(step, keep: false, dropout: default);
        Decoder.Attention?.Prepare(step, _sourceOfRow);
        _loss = null;
        Share();
    }

    /// <summary>Runs the step to its outputs.</summary>
    public void RunStep()
    {
        _team.Run(_parts, _stepPart);
        _team.Run(_sharedParts, _headPart);
    }

    /// <summary>Shares the targets among threads.</summary>
    private void Share()
    {
        long work = (long)_network.Decoder!.Parameters.DenseLength * _targets.TotalSteps;
        _sharedParts = work < NetworkBatchRunner.SharedWork ? 1 : _team.Threads;
        _parts = Math.Min(_sharedParts, _targets.Count);
        _targets.Partition(_parts, _rowBounds);
    }

    private (int First, int Count) SourceOf(int sequence)
        => (_batch.FirstStep(_sourceRows[sequence]), _batch.Length(_sourceRows[sequence]));

    /// <summary>Runs the encoder over a packed batch, and makes its steps ready to be looked at.</summary>
    public void Encode(SequenceBatch batch, bool keep = false, Dropout dropout = default)
    {
        _batch = batch;
        _encoder.Forward(batch, keep, dropout);
        FloatBuffer.Require(ref _sourceRows, batch.Count);
        for (int row = 0; row < batch.Count; row++)
            _sourceRows[batch.SequenceAt(row)] = row;
        Decoder.Attention?.PrepareSources(batch.TotalSteps);
    }

    /// <summary>The state that the decoder begins with for a sequence of the batch, in the order of adding.</summary>
    public ReadOnlySpan<float> StateOf(int sequence)
    {
        ReadOnlySpan<float> outputs = _encoder.Output(_sourceRows[sequence]);
        FloatBuffer.Require(ref _state, outputs.Length);
        for (int i = 0; i < outputs.Length; i++)
            _state[i] = MathF.Tanh(outputs[i]);
        return _state.AsSpan(0, outputs.Length);
    }

    /// <summary>Copies the steps of a sequence of the batch, in the order of adding, to where the decoder looks at them.</summary>
    public void CopySource(int sequence)
    {
        if (Decoder.Attention is not { } attention)
            return;
        int row = _sourceRows[sequence];
        (int first, int count) = SourceOf(sequence);
        RecurrentLayer top = _encoder.Top;
        for (int t = 0; t < count; t++)
        {
            Span<float> source = attention.Source(first + t);
            for (int d = 0; d < top.Directions.Length; d++)
            {
                Span<float> h = top.Row(_batch.FirstRow(t) + row, d);
                h.CopyTo(source[(d * h.Length)..]);
            }
        }
        attention.EncodeSources(first, count);
    }

    public override void Measure(OutputLoss loss)
    {
        _loss = loss;
        _team.Run(_parts, _measurePart);
    }

    public override void Backward(OutputLoss loss, Gradient? gradient)
    {
        (_loss, _gradient) = (loss, gradient);
        Decoder.PrepareBackward();
        _team.Run(_sharedParts, _headPart);
        _team.Run(_parts, _backwardPart);
        if (gradient is not null)
        {
            _team.Run(_sharedParts, _gradientPart);
            Decoder.AddRest(gradient);
        }
        int size = Decoder.StateSize;
        FloatBuffer.Require(ref _stateGradients, (long)_targets.Count * size);
        for (int row = 0; row < _targets.Count; row++)
            Decoder.States.CopyInitialGradient(row, _stateGradients.AsSpan(row * size, size));
        _encoder.Backward(_stateLoss, gradient);
    }

    public override ReadOnlySpan<float> InputGradient(int packedRow) => _encoder.InputGradient(packedRow);

    public override void AddStaticGradient(int row, Span<float> sum) => _encoder.AddStaticGradient(row, sum);

    public override void CopyStates(int row, int step, StateSpans states) => _encoder.CopyStates(row, step, states);

    public override void PackNetwork() => _encoder.PackNetwork();

    private void ForwardRows(int begin, int end)
    {
        for (int row = begin; row < end; row++)
            CopySource(_targets.SequenceAt(row));
        Decoder.ForwardRows(begin, end);
    }

    private void Differentiate(int part)
    {
        for (int row = _rowBounds[part]; row < _rowBounds[part + 1]; row++)
            _loss!.Differentiate(_targets, row, Decoder.Outputs);
    }

    private void SetStepGradients(int begin, int end)
    {
        RecurrentLayer top = _encoder.Top;
        for (int row = begin; row < end; row++)
        {
            for (int t = 0; t < _batch.Length(row); t++)
            {
                ReadOnlySpan<float> gradient = Decoder.Attention!.SourceGradient(_batch.FirstStep(row) + t);
                int size = gradient.Length / top.Directions.Length;
                for (int d = 0; d < top.Directions.Length; d++)
                {
                    Span<float> dh = top.DRow(_batch.FirstRow(t) + row, d);
                    gradient.Slice(d * size, size).CopyTo(dh);
                    dh[size..].Clear();
                }
            }
        }
    }

    /// <summary>The gradient of the encoder's outputs z, from that of the states tanh(z) that the decoder began with.</summary>
    private sealed class StateLoss(SequenceToSequenceRunner runner) : OutputLoss
    {
        public override void Differentiate(int row, Span<float> outputs)
        {
            int target = runner._targetRows[runner._batch.SequenceAt(row)];
            ReadOnlySpan<float> gradient = runner._stateGradients.AsSpan(target * outputs.Length, outputs.Length);
            for (int i = 0; i < outputs.Length; i++)
            {
                float state = MathF.Tanh(outputs[i]);
                outputs[i] = gradient[i] * (1 - state * state);
            }
        }
    }
}
