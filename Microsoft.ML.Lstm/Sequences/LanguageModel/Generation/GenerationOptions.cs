namespace Microsoft.ML.Lstm;

/// <summary>How a language model goes on with a text.</summary>
/// <remarks>
/// A token is drawn by its probability: after <see cref="RepetitionPenalty"/> and <see cref="Temperature"/>, of the <see cref="TopK"/> most
/// probable ones, of these the fewest that have <see cref="TopP"/> of the probability. With <see cref="BeamWidth"/> above 1 nothing is
/// drawn: the text is the most probable one that a search finds. The same seed gives the same text on any number of threads, on processors
/// with the same vector width.
/// </remarks>
/// <seealso cref="LstmLanguageModelTransformer.Generate(IEnumerable{uint}, GenerationOptions?, CancellationToken)"/>
/// <seealso cref="LstmTextGenerator"/>
public sealed class GenerationOptions
{
    /// <summary>The most tokens to generate, at least 1. Default: 100.</summary>
    public int MaximumLength = 100;

    /// <summary>
    /// T: the logarithms of probabilities are divided by it, so that below 1 probable tokens become more probable, and above 1 less. From
    /// 0, which takes the most probable token. Default: 1.
    /// </summary>
    public float Temperature = 1;

    /// <summary>Draws from so many of the most probable tokens only, at least 1. Default: <see langword="null"/>, from all.</summary>
    public int? TopK;

    /// <summary>
    /// Draws from the fewest tokens that together have this share of the probability, above 0 and at most 1 (nucleus sampling, Holtzman et
    /// al. 2020). Default: <see langword="null"/>, from all.
    /// </summary>
    public float? TopP;

    /// <summary>
    /// θ, above 0: the probability p of a token that the text has already, the prompt included, becomes p^θ before all are divided by their
    /// new sum; above 1 repetitions become less probable (after Keskar et al. 2019). Default: 1.
    /// </summary>
    public float RepetitionPenalty = 1;

    /// <summary>
    /// Beam search: how many texts are followed at once, 1 to 1024; at each length those with the highest probability. Default: 1, no
    /// search. A search takes that many steps of the network for each token, and goes on behind the end of the best text so far as long as
    /// one that it follows could still become better within 100 tokens; behind 100 tokens only until that many texts have ended, at most to
    /// <see cref="MaximumLength"/>.
    /// </summary>
    public int BeamWidth = 1;

    /// <summary>
    /// α of a beam search, at least 0: texts are compared by the logarithm of their probability divided by their length to the power of α,
    /// so that the higher it is, the longer they become. Default: 1, the mean of a token.
    /// </summary>
    public float LengthPenalty = 1;

    /// <summary>
    /// Tokens that end a text and are no part of it, by the values of their keys, such as <c>"."</c>. A <see cref="LstmTextGenerator"/>
    /// knows them by their texts too: <c>"\n"</c> or <c>" "</c> is a character, and a subword is what it adds to a text, or its name in the
    /// vocabulary. Where the model's texts have boundaries, the end of a text is one of them anyhow. Default: none.
    /// </summary>
    public string[] StopTokens = [];

    /// <summary>The same by their keys, counted from 1, for keys without values. Default: none.</summary>
    public uint[] StopKeys = [];

    /// <summary>The seed of what is drawn. Default: <see langword="null"/>, another text each time.</summary>
    public int? Seed;

    /// <summary>The same options with more keys that end a text, and these values of keys.</summary>
    internal GenerationOptions WithStops(IEnumerable<uint> moreKeys, string[] tokens)
    {
        var other = (GenerationOptions)MemberwiseClone();
        (other.StopKeys, other.StopTokens) = ([.. StopKeys, .. moreKeys], tokens);
        return other;
    }

    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    internal void Validate()
    {
        Require(MaximumLength >= 1, MaximumLength, nameof(MaximumLength), "1 or more");
        Require(Temperature >= 0 && float.IsFinite(Temperature), Temperature, nameof(Temperature), "0 or more");
        Require(TopK is null or >= 1, TopK, nameof(TopK), "1 or more, or null");
        Require(TopP is null or (> 0 and <= 1), TopP, nameof(TopP), "above 0 and at most 1, or null");
        Require(RepetitionPenalty > 0 && float.IsFinite(RepetitionPenalty), RepetitionPenalty, nameof(RepetitionPenalty), "above 0");
        Require(BeamWidth is >= 1 and <= 1024, BeamWidth, nameof(BeamWidth), "from 1 to 1024");
        Require(BeamWidth == 1 || (Temperature == 1 && TopK is null && TopP is null), BeamWidth, nameof(BeamWidth),
            $"1 with {nameof(Temperature)}, {nameof(TopK)} or {nameof(TopP)}, since a beam search draws nothing");
        Require(LengthPenalty >= 0 && float.IsFinite(LengthPenalty), LengthPenalty, nameof(LengthPenalty), "0 or more");
        ArgumentNullException.ThrowIfNull(StopTokens);
        ArgumentNullException.ThrowIfNull(StopKeys);

        static void Require(bool isValid, object? value, string option, string expected)
        {
            if (!isValid)
                throw new ArgumentOutOfRangeException(option, value, $"{option} must be {expected}.");
        }
    }
}
