using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// How likely texts are by a network with a <see cref="Head.NextToken"/>, and what follows them. Texts go through it side by side and in
/// pieces, so that their outputs, a number for each token of the vocabulary at each step, need not all be in memory.
/// </summary>
internal sealed class TextScorer
{
    private const int MostOutputs = 1 << 22;
    private const int MostSteps = 256;

    private readonly BatchRunner _runner;
    private readonly EmbeddingShape _table;
    private readonly int _outputSize;
    private readonly int _headOutputSize;
    private readonly SequenceBatch _pieces;
    private readonly CarriedStates _states;
    private readonly Likelihoods _likelihoods = new();
    private int[] _texts = [];
    private Lane[] _lanes = [];

    /// <param name="shape">The network's shape.</param>
    /// <param name="runner">Runs the network.</param>
    public TextScorer(NetworkShape shape, BatchRunner runner)
    {
        _runner = runner;
        _table = shape.Embeddings[0];
        _outputSize = shape.OutputSize;
        _headOutputSize = shape.HeadOutputSize;
        _pieces = new SequenceBatch(shape);
        _states = new CarriedStates(runner);
    }

    /// <summary>
    /// The numbers that a text of <paramref name="tokens"/> tokens is scored with: the logarithms of the probabilities of its tokens, then
    /// the O outputs for the token that follows it.
    /// </summary>
    public int LengthOf(int tokens) => LikelihoodsOf(tokens, _table) + _outputSize;

    /// <summary>
    /// How many tokens of a text are predicted: all but the first or, where there is a boundary, all and the boundary at its end.
    /// </summary>
    public static int LikelihoodsOf(int tokens, EmbeddingShape table) => tokens + (table.HasBoundary ? 1 : -1);

    /// <summary>Scores texts.</summary>
    /// <param name="texts">The texts, staged: their tokens have the numbers of the network.</param>
    /// <param name="results">Receives the results of one text after the other, <see cref="LengthOf"/> numbers each; an unknown token has no
    /// probability, but NaN.</param>
    /// <param name="starts">Where the results of each text begin.</param>
    public void Score(SequenceBatch texts, Span<float> results, ReadOnlySpan<int> starts)
    {
        FloatBuffer.Require(ref _texts, texts.Count);
        FloatBuffer.Require(ref _lanes, texts.Count);
        int steps = (int)Math.Clamp(MostOutputs / ((long)texts.Count * _headOutputSize), 1, MostSteps);
        for (int begin = 0, active = 1; active > 0; begin += steps)
        {
            active = 0;
            _pieces.Clear();
            for (int text = 0; text < texts.Count; text++)
            {
                int left = StepsOf(texts, text) - begin;
                if (left <= 0)
                    continue;
                _pieces.Add(Math.Min(steps, left));
                Span<int> tokens = _pieces.Tokens(active);
                for (int i = 0; i < tokens.Length; i++)
                    tokens[i] = TokenAt(texts.Tokens(text), begin + i);
                _texts[active] = text;
                _lanes[active++] = new Lane(text, GoesOn: begin > 0);
            }
            if (active > 0)
                ScorePieces(texts, begin, results, starts);
        }
    }

    private void ScorePieces(SequenceBatch texts, int begin, Span<float> results, ReadOnlySpan<int> starts)
    {
        ReadOnlySpan<Lane> lanes = _lanes.AsSpan(0, _pieces.Count);
        _pieces.Pack();
        _states.Begin(_pieces, lanes);
        _runner.Forward(_pieces, keep: false);
        _states.End(_pieces, lanes);
        _likelihoods.Begin(_pieces.TotalSteps);
        for (int row = 0; row < _pieces.Count; row++)
        {
            int text = _texts[_pieces.SequenceAt(row)], length = _pieces.Length(row);
            for (int t = 0; t < length; t++)
                _likelihoods.SetTarget(_pieces.FirstRow(t) + row, TokenAt(texts.Tokens(text), begin + t + 1));
            if (begin + length == StepsOf(texts, text))
                _runner.Output(_pieces.FirstRow(length - 1) + row).CopyTo(results[(starts[text] + LikelihoodsOf(texts.Tokens(text).Length,
                    _table))..]);
        }
        _runner.Measure(_likelihoods);
        for (int row = 0; row < _pieces.Count; row++)
        {
            int text = _texts[_pieces.SequenceAt(row)], count = LikelihoodsOf(texts.Tokens(text).Length, _table);
            for (int t = 0; t < _pieces.Length(row) && begin + t < count; t++)
                results[starts[text] + begin + t] = _likelihoods.Values[_pieces.FirstRow(t) + row];
        }
    }

    /// <summary>The tokens that the network reads of a text, with the boundary before it.</summary>
    private int StepsOf(SequenceBatch texts, int text) => texts.Tokens(text).Length + (_table.HasBoundary ? 1 : 0);

    /// <summary>The token that the network reads at a step; behind the last the boundary, or 0 where there is none.</summary>
    private int TokenAt(ReadOnlySpan<int> text, int step)
    {
        if (_table.HasBoundary)
            step--;
        return step < 0 || (step == text.Length && _table.HasBoundary) ? _table.Boundary : step < text.Length ? text[step] : 0;
    }

    /// <summary>The logarithm of the probability of the token that each step is followed by.</summary>
    private sealed class Likelihoods : OutputLoss
    {
        private int[] _targets = [];
        private float[] _values = [];

        public float[] Values => _values;

        public void Begin(int rows)
        {
            FloatBuffer.Require(ref _targets, rows);
            FloatBuffer.Require(ref _values, rows);
        }

        /// <summary>Sets the token behind a packed row; 0 for none, which has no probability.</summary>
        public void SetTarget(int row, int token) => (_targets[row], _values[row]) = (token, token > 0 ? 0 : float.NaN);

        public override int ClassOf(int row) => _targets[row] - 1;

        public override void Differentiate(int row, Span<float> outputs)
        {
            if (_targets[row] > 0)
                DifferentiateCluster(row, outputs, _targets[row] - 1);
        }

        public override void DifferentiateCluster(int row, Span<float> outputs, int index)
        {
            float output = outputs[index], largest = Softmax.Largest(outputs);
            _values[row] += (float)(output - largest - Math.Log(CpuKernels.Best.Exponentials(outputs, largest)));
        }
    }
}
