using System.Globalization;

namespace Microsoft.ML.Lstm;

/// <summary>How well a language model predicts texts: what it takes for their probability, a token.</summary>
/// <remarks>
/// Tokens that the model does not know have no part in any figure, so texts should be compared that have the same ones. Figures of models
/// with other tokens (characters, words, pieces of words) compare by their bits a character of the text: the bits of all tokens divided by
/// its characters.
/// </remarks>
public sealed class LanguageModelMetrics
{
    internal const string DefaultLogLikelihoodColumn = "LogLikelihood";
    internal const string DefaultNumberOfTokensColumn = "NumberOfTokens";

    internal LanguageModelMetrics(double logLikelihood, long tokens, long unscoredRows)
    {
        LogLikelihood = logLikelihood;
        NumberOfTokens = tokens;
        NumberOfUnscoredRows = unscoredRows;
    }

    /// <summary>The natural logarithm of the probability of all texts, the sum over their tokens; 0 or less.</summary>
    public double LogLikelihood { get; }

    /// <summary>The number of tokens that were predicted, the ends of texts included where the model has boundaries.</summary>
    public long NumberOfTokens { get; }

    /// <summary>The number of rows that could not be scored; no other figure has a part of them.</summary>
    public long NumberOfUnscoredRows { get; }

    /// <summary>The cross-entropy in nats a token: the mean of −ln p over all tokens.</summary>
    public double CrossEntropy => -LogLikelihood / NumberOfTokens;

    /// <summary>The cross-entropy in bits a token: the mean of −log₂ p over all tokens.</summary>
    public double BitsPerToken => CrossEntropy / Math.Log(2);

    /// <summary>e to the <see cref="CrossEntropy"/>: among as many equally probable tokens the model has to choose.</summary>
    public double Perplexity => Math.Exp(CrossEntropy);

    /// <summary>All figures in one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"perplexity {Perplexity:0.00}, {CrossEntropy:0.0000} nats ({BitsPerToken:0.0000} bits) a token, {NumberOfTokens} tokens"
        + $"{(NumberOfUnscoredRows > 0 ? $"; left out: {NumberOfUnscoredRows} rows that could not be scored" : "")}");
}
