using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Applies a <see cref="SequenceModel"/> to sequences in the user's units, a batch at a time. Each cursor or caller has its own scorer; the
/// <see cref="ScoringNetwork"/> is shared.
/// </summary>
internal sealed class SequenceScorer
{
    private readonly SequenceModel _model;
    private readonly SequenceBatch _batch;
    private readonly WorkerTeam _team;
    private readonly BatchRunner _runner;
    private readonly TargetWriter? _writer;
    private readonly KeySubset?[] _keys;
    private readonly TextScorer? _texts;
    private readonly int _sequences;
    private float[] _outputs = [];

    // Sequences, and steps of these, that are scaled and numbered already: an earlier call scored them, and others came after it.
    private int _preparedSequences;
    private int _preparedSteps;

    private int[] _rows = [];
    private int[] _starts = [];

    /// <param name="network">The model, ready to run.</param>
    /// <param name="threads">The number of threads to share large batches among.</param>
    public SequenceScorer(ScoringNetwork network, int threads = 1)
    {
        _model = network.Model;
        _batch = new SequenceBatch(_model.Shape);
        _keys = _model.Shape.Embeddings.Select(embedding => embedding.Keys);
        _team = new WorkerTeam(threads);
        _sequences = network.Writing?.Sequences ?? 0;
        _writer = network.Writing is { } writing ? new TargetWriter(network.Networks, _team, writing) : null;
        _runner = _writer is null ? BatchRunner.Create(network.Networks, _team) : _writer.First;
        if (_model.Shape.Head == Head.NextToken)
            _texts = new TextScorer(_model.Shape, _runner);
    }

    /// <summary>Sequences added since <see cref="Clear"/>.</summary>
    public int Count => _batch.Count;

    /// <summary>Steps of these sequences.</summary>
    public int TotalSteps => _batch.TotalSteps;

    public void Clear()
    {
        _batch.Clear();
        _batch.Spellings.Clear();
        (_preparedSequences, _preparedSteps) = (0, 0);
    }

    /// <summary>Releases the threads for other scorers until the next call of <see cref="Score"/>.</summary>
    public void ReleaseThreads() => _team.Release();

    /// <summary>
    /// Adds a sequence and returns its features [steps x F], unscaled, for the caller to fill before the next call.
    /// </summary>
    public Span<float> AddSequence(int steps) => _batch.Add(steps);

    /// <summary>
    /// The tokens of sequence <paramref name="index"/> as keys of their columns, for the caller to fill; where words have characters, the
    /// last token of a step is the number of its word in <see cref="Spellings"/>.
    /// </summary>
    public Span<int> Tokens(int index) => _batch.Tokens(index);

    /// <summary>The words of the sequences, which the caller adds to.</summary>
    public Spellings Spellings => _batch.Spellings;

    /// <summary>The static features [S] of sequence <paramref name="index"/>, for the caller to fill.</summary>
    public Span<float> Statics(int index) => _batch.Statics(index);

    /// <summary>Scores the sequences that were added since <see cref="Clear"/>.</summary>
    public void Score()
    {
        FloatBuffer.Require(ref _rows, Count);
        if (Count == 0)
            return;
        Prepare();
        if (_texts is not null)
        {
            ScoreTexts(_texts);
            return;
        }
        _batch.Pack();
        if (_writer is not null)
        {
            _writer.Write(_batch);
            GatherWritten(_writer);
            return;
        }
        _runner.Forward(_batch, keep: false);
        for (int row = 0; row < Count; row++)
            _rows[_batch.SequenceAt(row)] = row;
        if (_model.Shape.Head == Head.Autoencoder)
            GatherErrors();
        else
            GatherOutputs();
    }

    /// <summary>Scales the sequences that were added since the last call, and gives their tokens the network's numbers, in place.</summary>
    private void Prepare()
    {
        _model.InputScaler.Apply(_batch.StagedSteps[(_preparedSteps * _batch.NumericSize)..]);
        for (int i = _preparedSequences; i < Count; i++)
            _model.StaticScaler.Apply(_batch.Statics(i));
        KeySubset.Apply(_batch.StagedTokens[(_preparedSteps * _batch.TokenColumns)..], _batch.TokenColumns, _keys);
        (_preparedSequences, _preparedSteps) = (Count, TotalSteps);
    }

    /// <summary>
    /// The outputs [O] of sequence <paramref name="index"/> or, with a head per step, the outputs of its steps or frames [T x O], in the
    /// unit of the targets. For an autoencoder the reconstruction errors of the steps [T], in the scaled unit. For a language model the
    /// logarithms of the probabilities of the text's tokens, behind them the outputs [O] for the token that follows the text. For a
    /// decoder that writes sequences, for each that is asked for, from the best on, the log of its probability, the number of its tokens,
    /// and its tokens as numbers of outputs.
    /// </summary>
    public ReadOnlySpan<float> Output(int index) => _outputs.AsSpan(_starts[index]..(_starts[index + 1]));

    /// <summary>
    /// The encoding [E] of sequence <paramref name="index"/>, for an autoencoder its code; of an ensemble those of all members.
    /// </summary>
    public ReadOnlySpan<float> Encoding(int index) => _runner.Encoding(_rows[index]);

    /// <summary>The attention weights [T] of sequence <paramref name="index"/>, for a network with attention.</summary>
    public ReadOnlySpan<float> AttentionWeights(int index)
        => _writer is null ? _runner.AttentionWeights(_rows[index]) : _writer.AttentionWeights(index, _batch.Length(_rows[index]));

    private void GatherWritten(TargetWriter writer)
    {
        FloatBuffer.Require(ref _starts, Count + 1);
        int end = 0;
        for (int row = 0; row < Count; row++)
            _rows[_batch.SequenceAt(row)] = row;
        for (int index = 0; index < Count; index++)
        {
            for (int rank = 0; rank < _sequences && rank < writer.Count(index); rank++)
                end += 2 + writer[index, rank].Outputs.Length;
        }
        FloatBuffer.Require(ref _outputs, end);
        end = 0;
        for (int index = 0; index < Count; index++)
        {
            _starts[index] = end;
            for (int rank = 0; rank < _sequences && rank < writer.Count(index); rank++)
            {
                WrittenSequence written = writer[index, rank];
                _outputs[end++] = (float)written.LogLikelihood;
                _outputs[end++] = written.Outputs.Length;
                foreach (int output in written.Outputs)
                    _outputs[end++] = output;
            }
        }
        _starts[Count] = end;
    }

    private void ScoreTexts(TextScorer texts)
    {
        FloatBuffer.Require(ref _starts, Count + 1);
        int end = 0;
        for (int index = 0; index < Count; index++)
        {
            _starts[index] = end;
            end = checked(end + texts.LengthOf(_batch.Tokens(index).Length));
        }
        _starts[Count] = end;
        FloatBuffer.Require(ref _outputs, end);
        texts.Score(_batch, _outputs, _starts);
    }

    private void GatherErrors()
    {
        FloatBuffer.Require(ref _outputs, TotalSteps);
        FloatBuffer.Require(ref _starts, Count + 1);
        int end = 0;
        for (int index = 0; index < Count; index++)
        {
            _starts[index] = end;
            int row = _rows[index], length = _batch.Length(row);
            for (int t = 0; t < length; t++)
                _outputs[end + length - 1 - t] = (float)Reconstruction.ErrorOf(_runner.Output(_batch.FirstRow(t) + row),
                    _batch.Features(_batch.FirstRow(length - 1 - t) + row), _model.InputScaler);
            end += length;
        }
        _starts[Count] = end;
    }

    private void GatherOutputs()
    {
        NetworkShape shape = _model.Shape;
        SequenceBatch steps = _runner.OutputSteps;
        FloatBuffer.Require(ref _outputs, (long)(shape.Head.IsPerStep ? steps.TotalSteps : Count) * shape.OutputSize);
        FloatBuffer.Require(ref _starts, Count + 1);
        int end = 0;
        for (int index = 0; index < Count; index++)
        {
            _starts[index] = end;
            int rows = shape.Head.IsPerStep ? steps.Length(_rows[index]) : 1;
            for (int t = 0; t < rows; t++, end += shape.OutputSize)
                _runner.Output(steps.FirstRow(t) + _rows[index]).CopyTo(_outputs.AsSpan(end));
        }
        _starts[Count] = end;
        _model.OutputScaler.Invert(_outputs.AsSpan(0, end));
    }
}

/// <summary>A model and its networks, packed for scoring; immutable, so any number of <see cref="SequenceScorer"/>s may share it.</summary>
internal sealed class ScoringNetwork(SequenceModel model, CpuKernels? kernels = null)
{
    public SequenceModel Model { get; } = model;

    /// <summary>How decoders write sequences; null for networks that write none.</summary>
    public WritingSettings? Writing { get; init; }

    public IReadOnlyList<SequenceNetwork> Networks { get; }
        = [.. model.Members.Select(member => new SequenceNetwork(member, NetworkPasses.Forward, kernels))];
}
