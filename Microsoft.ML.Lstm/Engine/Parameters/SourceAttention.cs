namespace Microsoft.ML.Lstm;

/// <summary>
/// How a decoder looks at the steps of the source: the score of step s, whose encoding is e_s, for a decoder with the state h. The weights
/// of the steps are the softmax of their scores.
/// </summary>
public enum SourceAttention
{
    /// <summary>Not at all: what the decoder knows of the source is in the states that it begins with (Sutskever et al. 2014).</summary>
    None,

    /// <summary>h·e_s (Luong et al. 2015); for encodings as wide as the decoder's state.</summary>
    Dot,

    /// <summary>h·W·e_s, with learned weights W (Luong et al. 2015).</summary>
    General,

    /// <summary>v·tanh(Q·h + b + K·e_s), with learned Q, b, K and v (Bahdanau et al. 2015).</summary>
    Additive,
}
