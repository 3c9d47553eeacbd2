namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// What the network makes of the row that a cursor or a mapper stands on. All spans are empty when that row can't be scored.
/// </summary>
internal abstract class ScoredRow
{
    /// <summary>The outputs of the head, O values.</summary>
    public abstract ReadOnlySpan<float> Output { get; }

    /// <summary>The encoding of the sequence, E values.</summary>
    public abstract ReadOnlySpan<float> Encoding { get; }

    /// <summary>How much each step counts in the encoding, T values with the sum 1; of a network that pools by attention.</summary>
    public abstract ReadOnlySpan<float> Attention { get; }
}
