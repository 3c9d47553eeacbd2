using Microsoft.ML.Lstm.Sequences.SequenceToSequence.Evaluation;

namespace Microsoft.ML.Lstm;

/// <summary>
/// How texts compare with reference texts, of
/// <see cref="LstmCatalog.EvaluateTranslation(MulticlassClassificationCatalog, IDataView, string, string)"/>.
/// </summary>
public sealed class TranslationMetrics
{
    internal TranslationMetrics(BleuCounter bleu, long rows, long exact, long edits, long words)
    {
        Bleu = bleu.Score;
        Precisions = bleu.Precisions;
        BrevityPenalty = bleu.BrevityPenalty;
        NumberOfTokens = bleu.Tokens;
        NumberOfReferenceTokens = bleu.ReferenceTokens;
        NumberOfRows = rows;
        ExactMatch = (double)exact / rows;
        WordErrorRate = (double)edits / words;
    }

    /// <summary>
    /// BLEU of all rows together, 0 to 100 (Papineni et al. 2002), as sacreBLEU has it by default (Post 2018): 13a tokenization, case as it
    /// is, runs of up to four tokens, exponential smoothing.
    /// </summary>
    public double Bleu { get; }

    /// <summary>The share of runs of one, two, three and four tokens that a reference has too, 0 to 1.</summary>
    public IReadOnlyList<double> Precisions { get; }

    /// <summary>The factor of BLEU for texts that are shorter than their references, 0 to 1.</summary>
    public double BrevityPenalty { get; }

    /// <summary>Tokens of the texts.</summary>
    public long NumberOfTokens { get; }

    /// <summary>Tokens of the references, of several the one that is closest in length.</summary>
    public long NumberOfReferenceTokens { get; }

    /// <summary>Rows.</summary>
    public long NumberOfRows { get; }

    /// <summary>The share of rows whose text is that of a reference, 0 to 1; NaN for no rows.</summary>
    public double ExactMatch { get; }

    /// <summary>
    /// The words to insert, remove or replace that make a text of the reference that is closest, over all words of these references; words
    /// are what white space separates. 0 or more, also above 1; NaN or ∞ where the references have no words.
    /// </summary>
    public double WordErrorRate { get; }
}
