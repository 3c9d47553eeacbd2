namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>A text that a <see cref="BeamSearch"/> found.</summary>
/// <param name="Tokens">Its tokens, without the one that ended it.</param>
/// <param name="Score">The logarithm of its probability, divided by its length to the power of α.</param>
internal sealed record FoundText(IReadOnlyList<int> Tokens, float Score);

/// <summary>
/// Looks for the text with the highest score behind a prompt. At each length the texts with the highest probability are followed, so many
/// as the beam is wide; a text is complete with a token that ends it, which counts as one of its length, or with the most tokens it may
/// have.
/// </summary>
/// <remarks>With a beam as wide as there are texts, it finds the best of all.</remarks>
internal sealed class BeamSearch
{
    private readonly TokenStream _stream;
    private readonly GenerationSettings _settings;
    private readonly RepetitionPenalty _penalty;
    private readonly float[] _logProbabilities;

    // The texts that go on, each with the state of the stream behind it, and those that will.
    private readonly List<Candidate> _best = [];
    private List<Beam> _beams = [];
    private List<Beam> _spare = [];

    public BeamSearch(TokenStream stream, GenerationSettings settings)
    {
        _stream = stream;
        _settings = settings;
        _penalty = new RepetitionPenalty(settings.RepetitionPenalty, stream.Outputs);
        _logProbabilities = new float[stream.Outputs];
    }

    /// <summary>Finds the best text behind what the stream has read.</summary>
    /// <param name="prompt">The tokens that the stream has read, for the repetition penalty.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="OperationCanceledException">The search was ended.</exception>
    /// <exception cref="InvalidOperationException">A probability is NaN.</exception>
    public FoundText Find(IReadOnlyList<int> prompt, CancellationToken cancellation)
    {
        var first = new Beam(_stream.StateLength);
        _stream.CopyStateTo(first.State);
        first.Tokens.AddRange(prompt);
        _beams = [first];
        FoundText? found = null;
        double longest = Math.Pow(_settings.MaximumLength, _settings.LengthPenalty);
        for (int length = 1; _beams.Count > 0; length++)
        {
            cancellation.ThrowIfCancellationRequested();
            _best.Clear();
            for (int beam = 0; beam < _beams.Count; beam++)
                Collect(beam, prompt.Count, length, ref found);
            // No text becomes more probable by going on, and no logarithm is divided by more than that of the longest text. The first
            // is the most probable.
            bool canImprove = found is null || (_best.Count > 0 && _best[0].Sum / longest > found.Score);
            if (length >= _settings.MaximumLength || !canImprove)
                break;
            Follow();
        }
        return found ?? new FoundText([], 0);
    }

    private void Collect(int index, int promptLength, int length, ref FoundText? found)
    {
        Beam beam = _beams[index];
        beam.State.AsSpan(0, _stream.Outputs).CopyTo(_logProbabilities);
        // A NaN among the outputs of a network makes each of these NaN, and no comparison would ever choose a text.
        if (float.IsNaN(_logProbabilities[0]))
            throw TokenSampler.NotANumber();
        _penalty.Apply(_logProbabilities, beam.Tokens);
        double scale = Math.Pow(length, _settings.LengthPenalty);
        for (int output = 0; output < _logProbabilities.Length; output++)
        {
            int token = output + 1;
            double sum = beam.Sum + _logProbabilities[output];
            bool isEnd = _settings.IsEnd(token);
            if (isEnd || length == _settings.MaximumLength)
            {
                float score = (float)(sum / scale);
                if (found is null || score > found.Score)
                {
                    List<int> text = beam.Tokens[promptLength..];
                    if (!isEnd)
                        text.Add(token);
                    found = new FoundText(text, score);
                }
            }
            else if (_best.Count < _settings.BeamWidth || sum > _best[^1].Sum)
            {
                int at = _best.FindIndex(other => sum > other.Sum);
                _best.Insert(at < 0 ? _best.Count : at, new Candidate(index, token, sum));
                if (_best.Count > _settings.BeamWidth)
                    _best.RemoveAt(_best.Count - 1);
            }
        }
    }

    private void Follow()
    {
        while (_spare.Count < _best.Count)
            _spare.Add(new Beam(_stream.StateLength));
        for (int i = 0; i < _best.Count; i++)
        {
            Beam from = _beams[_best[i].Beam], to = _spare[i];
            _stream.CopyStateFrom(from.State);
            _stream.Step(_best[i].Token);
            _stream.CopyStateTo(to.State);
            to.Tokens.Clear();
            to.Tokens.AddRange(from.Tokens);
            to.Tokens.Add(_best[i].Token);
            to.Sum = _best[i].Sum;
        }
        List<Beam> before = _beams;
        _beams = _spare[.._best.Count];
        _spare = before;
    }

    private readonly record struct Candidate(int Beam, int Token, double Sum);

    private sealed class Beam(int stateLength)
    {
        /// <summary>The prompt and, behind it, the text.</summary>
        public List<int> Tokens { get; } = [];

        public double Sum { get; set; }

        public float[] State { get; } = new float[stateLength];
    }
}
