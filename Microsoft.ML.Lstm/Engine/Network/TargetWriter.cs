using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>How a decoder writes sequences.</summary>
/// <param name="BeamSize">Beginnings of a sequence that are gone on with; 1 takes the most probable token at each step.</param>
/// <param name="LengthPenalty">
/// α: sequences of n tokens, with the end, are compared by their log-likelihood / ((5 + n) / 6)^α (Wu et al. 2016); 0 favours short ones.
/// </param>
/// <param name="MaximumLength">The most tokens of a sequence.</param>
internal sealed record WritingSettings(int BeamSize, float LengthPenalty, int MaximumLength)
{
    /// <summary>How many of the sequences that the beam ended with are asked for, from the best on.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Whether the weights of the source's steps are asked for; they are kept for each beginning.</summary>
    public bool KeepsAttention { get; init; }
}

/// <summary>A sequence that a <see cref="TargetWriter"/> wrote.</summary>
/// <param name="LogLikelihood">The sum of the logs of the probabilities of its tokens, and of its end.</param>
/// <param name="Outputs">Its tokens, as numbers of outputs.</param>
internal readonly ref struct WrittenSequence(double LogLikelihood, ReadOnlySpan<int> Outputs)
{
    public double LogLikelihood { get; } = LogLikelihood;

    public ReadOnlySpan<int> Outputs { get; } = Outputs;
}

/// <summary>
/// Writes a sequence for each one of a batch, by beam search (Graves 2012; Sutskever et al. 2014) over the sequences side by side: of all
/// beginnings one token longer, the most probable are gone on with, until as many sequences as the beam is wide have ended. The outputs of
/// several networks are averaged.
/// </summary>
/// <remarks>
/// A sequence's results don't depend on the others: a row of a batch does not, and beginnings are compared within it. The search of a
/// language model, <c>BeamSearch</c>, is another one: it follows a single prompt, with a repetition penalty and several
/// tokens that end a text, an end takes no beginning's place, and it stops when none can become better than the best text so far.
/// </remarks>
internal sealed class TargetWriter
{
    private readonly SequenceToSequenceRunner[] _runners;
    private readonly WritingSettings _settings;
    private readonly bool _keepsAttention;
    private readonly TargetShape _target;
    private readonly SequenceBatch _step;
    private readonly float[] _outputs;
    private readonly float[] _exponentials;
    private readonly float[][] _states;
    private readonly float[][] _feeds;
    private readonly Candidate[] _candidates;

    // The beginnings that are gone on with, those of a sequence beside each other, and those of the next step.
    private Beginning[] _live = [];
    private Beginning[] _next = [];
    private int[] _sequences = [];
    private int[] _parents = [];

    // Tokens with what is before them; the ends of what is written, for each sequence as many as the beam is wide.
    private Node[] _nodes = [];
    private int _nodeCount;
    private Ended[] _ended = [];
    private int[] _endedCounts = [];
    private float[] _alphas = [];
    private int _alphaCount;
    private int[] _written = [];
    private float[] _weights = [];

    /// <param name="networks">The networks, each with its decoder.</param>
    /// <param name="team">The threads to share large batches among.</param>
    /// <param name="settings">How to write.</param>
    public TargetWriter(IReadOnlyList<SequenceNetwork> networks, WorkerTeam team, WritingSettings settings)
    {
        _runners = [.. networks.Select(network => new SequenceToSequenceRunner(network, team))];
        _settings = settings;
        _target = networks[0].Shape.Target!.Value;
        // The steps of members differ in what they are fed, which is not staged here.
        _step = new SequenceBatch(networks[0].Shape.Decoder!);
        _outputs = new float[networks[0].Decoder!.Shape.OutputSize];
        _exponentials = new float[_outputs.Length];
        _states = [.. _runners.Select(_ => Array.Empty<float>())];
        _feeds = [.. _runners.Select(_ => Array.Empty<float>())];
        _candidates = new Candidate[2 * settings.BeamSize];
        _keepsAttention = settings.KeepsAttention && Array.TrueForAll(_runners, runner => runner.Decoder.Attention is not null);
    }

    /// <summary>The runner of the first network.</summary>
    public SequenceToSequenceRunner First => _runners[0];

    private int End => _target.Table.Vocabulary;

    /// <summary>Writes a sequence for each of a packed batch.</summary>
    public void Write(SequenceBatch batch)
    {
        int beam = _settings.BeamSize, count = batch.Count;
        FloatBuffer.Require(ref _live, (long)count * beam);
        FloatBuffer.Require(ref _next, (long)count * beam);
        FloatBuffer.Require(ref _sequences, (long)count * beam);
        FloatBuffer.Require(ref _parents, (long)count * beam);
        FloatBuffer.Require(ref _ended, (long)count * beam);
        FloatBuffer.Require(ref _endedCounts, count);
        _endedCounts.AsSpan(0, count).Clear();
        _nodeCount = _alphaCount = 0;
        for (int m = 0; m < _runners.Length; m++)
        {
            SequenceToSequenceRunner runner = _runners[m];
            int size = runner.Decoder.StateSize, feed = runner.Decoder.FeedSize;
            FloatBuffer.Require(ref _states[m], (long)count * beam * size);
            FloatBuffer.Require(ref _feeds[m], (long)count * beam * feed);
            runner.Encode(batch);
            for (int i = 0; i < count; i++)
            {
                runner.CopySource(i);
                runner.StateOf(i).CopyTo(_states[m].AsSpan(i * size));
            }
            _feeds[m].AsSpan(0, count * feed).Clear();
        }
        for (int i = 0; i < count; i++)
            _live[i] = new Beginning(i, Node: -1, LogLikelihood: 0, Length: 0);
        int live = count;
        for (int length = 0; live > 0; length++)
        {
            Run(live);
            live = Select(live, isLast: length == _settings.MaximumLength);
        }
        for (int i = 0; i < count; i++)
            Sort(_ended.AsSpan(i * beam, _endedCounts[i]));
    }

    /// <summary>How many sequences were written for a sequence of the batch, in the order of adding; the best is the first.</summary>
    public int Count(int sequence) => _endedCounts[sequence];

    /// <summary>A sequence that was written; it is valid until the next call.</summary>
    /// <param name="sequence">The sequence of the batch, in the order of adding.</param>
    /// <param name="rank">0 for the best.</param>
    public WrittenSequence this[int sequence, int rank]
    {
        get
        {
            Ended ended = _ended[sequence * _settings.BeamSize + rank];
            FloatBuffer.Require(ref _written, ended.Length);
            int at = ended.Length;
            for (int node = ended.Node; node >= 0; node = _nodes[node].Before)
                _written[--at] = _nodes[node].Output;
            return new WrittenSequence(ended.LogLikelihood, _written.AsSpan(0, ended.Length));
        }
    }

    /// <summary>
    /// For each token of the best sequence the weights of the S steps of the source, of several networks their means, where the settings
    /// ask for them; valid until the next call.
    /// </summary>
    public ReadOnlySpan<float> AttentionWeights(int sequence, int sourceLength)
    {
        Ended ended = _ended[sequence * _settings.BeamSize];
        FloatBuffer.Require(ref _weights, (long)ended.Length * sourceLength);
        int at = ended.Length;
        for (int node = ended.Node; node >= 0; node = _nodes[node].Before)
            _alphas.AsSpan(_nodes[node].AlphasAt, sourceLength).CopyTo(_weights.AsSpan(--at * sourceLength));
        return _weights.AsSpan(0, ended.Length * sourceLength);
    }

    /// <summary>Runs the decoders one step on from each beginning.</summary>
    private void Run(int live)
    {
        _step.Clear();
        for (int row = 0; row < live; row++)
        {
            int node = _live[row].Node;
            _sequences[row] = _live[row].Sequence;
            _step.AddStep(node < 0 ? _target.Table.Boundary : _target.TokenOf(_nodes[node].Output));
        }
        _step.Pack();
        for (int m = 0; m < _runners.Length; m++)
        {
            SequenceToSequenceRunner runner = _runners[m];
            int size = runner.Decoder.StateSize, feed = runner.Decoder.FeedSize;
            runner.BeginStep(_step, _sequences.AsSpan(0, live));
            for (int row = 0; row < live; row++)
            {
                runner.Decoder.States.SetInitial(row, _states[m].AsSpan(row * size, size));
                _feeds[m].AsSpan(row * feed, feed).CopyTo(runner.Decoder.Feed(row));
            }
            runner.RunStep();
        }
    }

    /// <summary>Chooses the beginnings to go on with, and takes the states of their decoders; returns how many there are.</summary>
    private int Select(int live, bool isLast)
    {
        int beam = _settings.BeamSize, next = 0;
        for (int row = 0; row < live;)
        {
            int sequence = _live[row].Sequence, found = 0, first = next;
            for (; row < live && _live[row].Sequence == sequence; row++)
                found = Add(row, found, isLast);
            for (int rank = 0; rank < found && _endedCounts[sequence] < beam; rank++)
            {
                Candidate candidate = _candidates[rank];
                Beginning before = _live[candidate.Row];
                if (candidate.Output == End)
                {
                    if (rank < beam)
                        _ended[sequence * beam + _endedCounts[sequence]++] = new Ended(before.Node, candidate.LogLikelihood, before.Length,
                            candidate.LogLikelihood / Math.Pow((5.0 + before.Length + 1) / 6, _settings.LengthPenalty));
                }
                else if (next - first < beam)
                {
                    if (_nodeCount == _nodes.Length)
                        Array.Resize(ref _nodes, FloatBuffer.Grow(_nodes.Length, Math.Max(1024, _nodeCount + 1)));
                    _nodes[_nodeCount] = new Node(candidate.Output, before.Node, before.AlphasAt);
                    _parents[next] = candidate.Row;
                    _next[next++] = new Beginning(sequence, _nodeCount++, candidate.LogLikelihood, before.Length + 1);
                }
            }
            if (_endedCounts[sequence] == beam)
                next = first;
        }
        for (int m = 0; m < _runners.Length; m++)
        {
            TargetDecoder decoder = _runners[m].Decoder;
            for (int i = 0; i < next; i++)
                decoder.CopyState(_parents[i], _states[m].AsSpan(i * decoder.StateSize, decoder.StateSize),
                    _feeds[m].AsSpan(i * decoder.FeedSize, decoder.FeedSize));
        }
        (_live, _next) = (_next, _live);
        return next;
    }

    /// <summary>Adds what may follow on a beginning to the best candidates of its sequence, the best first; returns how many.</summary>
    private int Add(int row, int found, bool isLast)
    {
        Average(row);
        float largest = Softmax.Largest(_outputs);
        _outputs.CopyTo(_exponentials, 0);
        double logSum = largest + Math.Log(CpuKernels.Best.Exponentials(_exponentials, largest));
        if (_keepsAttention)
            _live[row] = _live[row] with { AlphasAt = CopyAlphas(row) };
        for (int output = isLast ? End : 0; output < (isLast ? End + 1 : _outputs.Length); output++)
        {
            double logLikelihood = _live[row].LogLikelihood + _outputs[output] - logSum;
            if (found == _candidates.Length && !(logLikelihood > _candidates[found - 1].LogLikelihood))
                continue;
            // Of equal ones the first is the better one, so that the order is always the same.
            int at = found < _candidates.Length ? found++ : found - 1;
            for (; at > 0 && logLikelihood > _candidates[at - 1].LogLikelihood; at--)
                _candidates[at] = _candidates[at - 1];
            _candidates[at] = new Candidate(row, output, logLikelihood);
        }
        return found;
    }

    private void Average(int row)
    {
        _runners[0].Output(row).CopyTo(_outputs);
        for (int m = 1; m < _runners.Length; m++)
            TensorPrimitives.Add(_outputs, _runners[m].Output(row), _outputs);
        if (_runners.Length > 1)
            TensorPrimitives.Multiply(_outputs, 1f / _runners.Length, _outputs);
    }

    private int CopyAlphas(int row)
    {
        int length = _runners[0].AttentionWeights(row).Length, at = _alphaCount;
        if (at + length > _alphas.Length)
            Array.Resize(ref _alphas, FloatBuffer.Grow(_alphas.Length, (long)at + length));
        Span<float> alphas = _alphas.AsSpan(at, length);
        alphas.Clear();
        foreach (SequenceToSequenceRunner runner in _runners)
            TensorPrimitives.MultiplyAdd(runner.AttentionWeights(row), 1f / _runners.Length, alphas, alphas);
        _alphaCount += length;
        return at;
    }

    /// <summary>The best first; of equal ones the one that ended first.</summary>
    private static void Sort(Span<Ended> ended)
    {
        for (int i = 1; i < ended.Length; i++)
        {
            for (int at = i; at > 0 && ended[at].Score > ended[at - 1].Score; at--)
                (ended[at], ended[at - 1]) = (ended[at - 1], ended[at]);
        }
    }

    private readonly record struct Beginning(int Sequence, int Node, double LogLikelihood, int Length)
    {
        public int AlphasAt { get; init; }
    }

    private readonly record struct Candidate(int Row, int Output, double LogLikelihood);

    private readonly record struct Node(int Output, int Before, int AlphasAt);

    private readonly record struct Ended(int Node, double LogLikelihood, int Length, double Score);
}
