namespace Shared;

/// <summary>
/// What a language model without a network knows: how often which token followed the last ones. Counts of longer pasts are mixed with those
/// of shorter ones by how many different tokens followed (Witten and Bell 1991).
/// </summary>
internal sealed class NGrams
{
    private readonly int _length;
    private readonly Dictionary<string, Dictionary<string, int>> _followers = [];

    /// <param name="length">Of how many tokens each is the last: 2 asks what followed the last token.</param>
    /// <param name="texts">The texts to count in.</param>
    public NGrams(int length, IEnumerable<IReadOnlyList<string>> texts)
    {
        _length = length;
        foreach (IReadOnlyList<string> text in texts)
        {
            for (int t = 0; t < text.Count; t++)
            {
                foreach (string past in Pasts(text, t))
                {
                    if (!_followers.TryGetValue(past, out Dictionary<string, int>? following))
                        _followers.Add(past, following = []);
                    following[text[t]] = following.GetValueOrDefault(text[t]) + 1;
                }
            }
        }
    }

    /// <summary>The bits that a token of a text takes, on average over those that were counted and have one before them.</summary>
    public double BitsPerToken(IEnumerable<IReadOnlyList<string>> texts)
        => texts.SelectMany(text => Enumerable.Range(1, text.Count - 1).Where(t => _followers[""].ContainsKey(text[t]))
            .Select(t => -Math.Log2(Probability(text, t)))).Average();

    /// <summary>The token that most likely follows, and how likely it is.</summary>
    public (string Token, double Probability) Next(IReadOnlyList<string> text)
        => _followers[""].Keys.Select(token => (token, Probability([.. text, token], text.Count))).MaxBy(one => one.Item2);

    private double Probability(IReadOnlyList<string> text, int t)
    {
        double probability = 1.0 / _followers[""].Count;
        foreach (string past in Pasts(text, t))
        {
            if (!_followers.TryGetValue(past, out Dictionary<string, int>? following))
                break;
            probability = (following.GetValueOrDefault(text[t]) + following.Count * probability)
                / (following.Values.Sum() + following.Count);
        }
        return probability;
    }

    // The shortest first.
    private IEnumerable<string> Pasts(IReadOnlyList<string> text, int t)
    {
        for (int length = 0; length < _length && length <= t; length++)
            yield return string.Join('\n', text.Skip(t - length).Take(length));
    }
}
