namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>How a text is generated, in the numbers of a network's tokens.</summary>
/// <param name="MaximumLength">The most tokens to generate.</param>
internal sealed record GenerationSettings(int MaximumLength)
{
    /// <summary>T, by which the logarithms of probabilities are divided before a token is drawn; 0 for the most probable token.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Only so many of the most probable tokens may be drawn; null for all.</summary>
    public int? TopK { get; init; }

    /// <summary>Only the fewest tokens that have so much probability together may be drawn (Holtzman et al. 2020); null for all.</summary>
    public float? TopP { get; init; }

    /// <summary>θ of <see cref="Decoding.RepetitionPenalty"/>.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Texts that are followed at once; 1 to draw tokens instead.</summary>
    public int BeamWidth { get; init; } = 1;

    /// <summary>α: the logarithm of a text's probability is divided by its length to the power of α, before texts are compared.</summary>
    public float LengthPenalty { get; init; } = 1;

    /// <summary>Tokens that end a text and are no part of it.</summary>
    public IReadOnlySet<int> Stops { get; init; } = new HashSet<int>();

    /// <summary>The token that stands before the first one of a text and behind the last one; null for a model without one.</summary>
    public int? Boundary { get; init; }

    /// <summary>Whether a text ends with the token.</summary>
    public bool IsEnd(int token) => token == Boundary || Stops.Contains(token);
}
