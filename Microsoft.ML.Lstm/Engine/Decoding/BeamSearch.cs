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
/// <remarks>
/// With a beam as wide as there are texts, and no more than <see cref="UsualLength"/> tokens, it finds the best of all. It ends where no
/// text that is followed could become the best within the next <see cref="UsualLength"/> tokens, were all of them certain: divided by its
/// length any text could become so in the end, since what a token costs counts less and less. Behind <see cref="UsualLength"/> tokens it
/// also ends where as many texts as the beam is wide have ended that were more probable than one that was followed; a text that repeats
/// itself would be gone on with to no end.
/// </remarks>
internal sealed class BeamSearch
{
    /// <summary>The tokens up to which every text that could be the best is followed; also those that it has to become the best.</summary>
    public const int UsualLength = 100;

    private readonly TokenStream _stream;
    private readonly GenerationSettings _settings;
    private readonly RepetitionPenalty _penalty;
    private readonly float[] _logProbabilities;
    private readonly float[] _scratch;
    private readonly List<int> _text = [];

    // Texts that have ended, and the probabilities of those that end at this length.
    private readonly List<double> _ends = [];
    private int _ended;

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
        _scratch = new float[stream.Outputs];
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
        _beams = [first];
        _ended = 0;
        Ended? found = null;
        for (int length = 1; _beams.Count > 0; length++)
        {
            cancellation.ThrowIfCancellationRequested();
            _best.Clear();
            _ends.Clear();
            for (int beam = 0; beam < _beams.Count; beam++)
                Collect(beam, prompt, length, ref found);
            _ended += _ends.Count(sum => _best.Count < _settings.BeamWidth || sum > _best[^1].Sum);
            if (length >= _settings.MaximumLength || !CanImprove(length, found))
                break;
            Follow();
        }
        return found is null ? new FoundText([], 0) : new FoundText(Link.TokensTo(found.Last), found.Score);
    }

    /// <summary>Whether one of the texts that are followed could become better than what was found.</summary>
    private bool CanImprove(int length, Ended? found)
    {
        if (found is null)
            return true;
        if (length >= UsualLength && _ended >= _settings.BeamWidth)
            return false;
        // No text becomes more probable by going on, and no logarithm is divided by more than that of the longest text. The first is the
        // most probable.
        double longest = Math.Min(_settings.MaximumLength, (double)length + UsualLength);
        return _best.Count > 0 && _best[0].Sum / Math.Pow(longest, _settings.LengthPenalty) > found.Score;
    }

    private void Collect(int index, IReadOnlyList<int> prompt, int length, ref Ended? found)
    {
        Beam beam = _beams[index];
        beam.State.AsSpan(0, _stream.Outputs).CopyTo(_logProbabilities);
        // A NaN among the outputs of a network makes each of these NaN, and no comparison would ever choose a text.
        if (float.IsNaN(_logProbabilities[0]))
            throw TokenSampler.NotANumber();
        if (_settings.RepetitionPenalty != 1)
            Penalize(prompt, beam.Last);
        double scale = Math.Pow(length, _settings.LengthPenalty);
        for (int output = 0; output < _logProbabilities.Length; output++)
        {
            int token = output + 1;
            double sum = beam.Sum + _logProbabilities[output];
            bool isEnd = _settings.IsEnd(token);
            if (isEnd)
                _ends.Add(sum);
            if (isEnd || length == _settings.MaximumLength)
            {
                float score = (float)(sum / scale);
                if (found is null || score > found.Score)
                    found = new Ended(isEnd ? beam.Last : new Link(token, beam.Last), score);
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

    private void Penalize(IReadOnlyList<int> prompt, Link? last)
    {
        _text.Clear();
        _text.AddRange(prompt);
        for (Link? link = last; link is not null; link = link.Before)
            _text.Add(link.Token);
        _penalty.Apply(_logProbabilities, _text);
        // Texts are compared by their probabilities, so these have to be some.
        TokenStream.Normalize(_logProbabilities, _scratch);
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
            to.Last = new Link(_best[i].Token, from.Last);
            to.Sum = _best[i].Sum;
        }
        List<Beam> before = _beams;
        _beams = _spare[.._best.Count];
        _spare = before;
    }

    private readonly record struct Candidate(int Beam, int Token, double Sum);

    /// <summary>A text that is complete, by its last token; null for one without tokens.</summary>
    private sealed record Ended(Link? Last, float Score);

    /// <summary>A token of a text and, in texts that begin alike the same, those before it.</summary>
    private sealed class Link(int token, Link? before)
    {
        public int Token { get; } = token;

        public Link? Before { get; } = before;

        public static int[] TokensTo(Link? last)
        {
            var tokens = new List<int>();
            for (Link? link = last; link is not null; link = link.Before)
                tokens.Add(link.Token);
            tokens.Reverse();
            return [.. tokens];
        }
    }

    private sealed class Beam(int stateLength)
    {
        /// <summary>The last token of the text, behind the prompt; null before the first.</summary>
        public Link? Last { get; set; }

        public double Sum { get; set; }

        public float[] State { get; } = new float[stateLength];
    }
}
