namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// Makes tokens that a text has already less probable (Keskar et al. 2019): their probability p becomes p^θ, before all are divided by
/// their new sum.
/// </summary>
/// <remarks>The paper divides outputs, whose zero has no meaning, by θ; logarithms of probabilities are never above 0, so that θ above 1
/// always makes repetitions less probable, whatever the outputs of the network.</remarks>
/// <param name="penalty">θ, above 0; 1 for none.</param>
/// <param name="outputs">O: tokens are 1 to O.</param>
internal sealed class RepetitionPenalty(float penalty, int outputs)
{
    private readonly bool[] _isPresent = new bool[outputs + 1];

    /// <summary>Changes the logarithms of probabilities in place.</summary>
    /// <param name="logProbabilities">Of the tokens 1 to O.</param>
    /// <param name="text">The tokens so far, each of which counts once; 0, an unknown one, has no probability to change.</param>
    public void Apply(Span<float> logProbabilities, IReadOnlyList<int> text)
    {
        if (penalty == 1)
            return;
        for (int i = 0; i < text.Count; i++)
        {
            int token = text[i];
            if (token == 0 || token > outputs || _isPresent[token])
                continue;
            _isPresent[token] = true;
            logProbabilities[token - 1] *= penalty;
        }
        for (int i = 0; i < text.Count; i++)
        {
            if (text[i] <= outputs)
                _isPresent[text[i]] = false;
        }
    }
}
