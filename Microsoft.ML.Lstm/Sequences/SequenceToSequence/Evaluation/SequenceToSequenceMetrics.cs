namespace Microsoft.ML.Lstm;

/// <summary>
/// How predicted sequences compare with the right ones, of
/// <see cref="LstmCatalog.EvaluateSequenceToSequence(MulticlassClassificationCatalog, IDataView, string, string)"/>.
/// </summary>
public sealed class SequenceToSequenceMetrics
{
    internal SequenceToSequenceMetrics(long rows, long exact, long edits, long tokens)
    {
        NumberOfRows = rows;
        NumberOfTokens = tokens;
        ExactMatch = (double)exact / rows;
        TokenErrorRate = (double)edits / tokens;
    }

    /// <summary>Rows.</summary>
    public long NumberOfRows { get; }

    /// <summary>Tokens of the right sequences.</summary>
    public long NumberOfTokens { get; }

    /// <summary>The share of rows whose sequence is right in every token, 0 to 1; NaN for no rows.</summary>
    public double ExactMatch { get; }

    /// <summary>
    /// The tokens to insert, remove or replace that make a predicted sequence of the right one, over all tokens of the right ones
    /// (Levenshtein 1966): the word, phone or label error rate. 0 or more, also above 1; NaN or ∞ where all right sequences are empty.
    /// </summary>
    public double TokenErrorRate { get; }
}
