using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lstm;

/// <summary>How well the steps of sequences were labelled: token by token, and by the spans that the labels mark.</summary>
/// <remarks>
/// <para>
/// Spans are read from labels as the scorer of the CoNLL-2000 shared task, conlleval, reads them, with the additions of its
/// later versions. A label is a position, a dash, and the type of span: <c>B-NP</c> for a span's first step and <c>I-NP</c> for
/// the others (IOB2), and where they are used <c>E-NP</c> for the last step and <c>S-NP</c>, <c>[-NP</c> or <c>]-NP</c> for a
/// span of one step; <c>O</c> is outside of all spans. Sequences of labels need not be well-formed: a span begins at B, S, [
/// and ], after O, E, S, [ and ], and wherever the type changes; it ends before the next begins and before O. So
/// <c>O I-NP I-VP</c> are two spans. Any other letter before the dash, which conlleval does not provide for, counts as I. A
/// predicted span is correct if there is one with the same first step, last step and type in the data.
/// </para>
/// <para>
/// Labels without a dash, such as parts of speech, mark no spans (except a bare <c>B</c>, <c>I</c>, <c>E</c>, <c>S</c>, <c>[</c> or
/// <c>]</c>, which mark spans of a type without a name). Where no label marks a span, <see cref="Precision"/>, <see cref="Recall"/> and
/// <see cref="F1"/> are 0 and <see cref="PerSpanType"/> is empty: <see cref="TokenAccuracy"/> and <see cref="PerLabel"/> are the figures to
/// look at.
/// </para>
/// <para>
/// Steps whose label is missing are left out of all other figures, as if the sequence did not have them, and counted by
/// <see cref="NumberOfMissingLabels"/>. Labels that training did not see are not missing: as in conlleval, they count as labels and spans
/// that were not found, and <see cref="NumberOfUnseenLabels"/> says how many there are. Keys alone can't tell them from missing labels,
/// since <c>MapValueToKey</c> makes the missing key of both. The texts of the labels can, where the data still has the column that the keys
/// were made of, or has texts as labels; where there is no such column, each missing key counts as a wrong label and each run of missing
/// keys, if labels mark spans, as a span that was not found. Sequences for which nothing was predicted, because they could not be scored,
/// count as wrong at each step (<see cref="NumberOfUnscoredSequences"/>).
/// </para>
/// </remarks>
public sealed class SequenceLabelingMetrics
{
    private readonly SequenceLabelingScore _spans;

    internal SequenceLabelingMetrics(IReadOnlyList<SequenceLabelingScore> perLabel, IReadOnlyList<SequenceLabelingScore> perSpanType)
    {
        PerLabel = perLabel;
        PerSpanType = perSpanType;
        NumberOfTokens = perLabel.Sum(label => label.Support);
        TokenAccuracy = SequenceLabelingScore.Share(perLabel.Sum(label => label.Correct), NumberOfTokens);
        _spans = new("all", perSpanType.Sum(type => type.Support), perSpanType.Sum(type => type.Predicted),
            perSpanType.Sum(type => type.Correct));
    }

    /// <summary>The number of labelled steps of all sequences.</summary>
    public long NumberOfTokens { get; }

    /// <summary>The number of steps of all sequences whose label is missing; the other figures leave them out.</summary>
    public long NumberOfMissingLabels { get; internal init; }

    /// <summary>
    /// The number of labelled steps whose label can't be predicted, because training did not see it: all of these steps count as wrong.
    /// </summary>
    public long NumberOfUnseenLabels { get; internal init; }

    /// <summary>
    /// The number of sequences that have labels but no prediction, because they could not be scored: all their steps count as wrong.
    /// </summary>
    public long NumberOfUnscoredSequences { get; internal init; }

    /// <summary>The share of the labelled steps that got the right label, 0 to 1; 0 if there are no labelled steps.</summary>
    public double TokenAccuracy { get; }

    /// <summary>The share of the predicted spans that are correct, over all types, 0 to 1; 0 if none was predicted.</summary>
    public double Precision => _spans.Precision;

    /// <summary>The share of the spans in the data that were found, over all types, 0 to 1; 0 if the data has none.</summary>
    public double Recall => _spans.Recall;

    /// <summary>The harmonic mean of <see cref="Precision"/> and <see cref="Recall"/>, conlleval's FB1; 0 if both are 0.</summary>
    public double F1 => _spans.F1;

    /// <summary>The figures of each type of span that is in the data or was predicted, by name.</summary>
    public IReadOnlyList<SequenceLabelingScore> PerSpanType { get; }

    /// <summary>The figures of each label that is in the data or was predicted, step by step, by name.</summary>
    public IReadOnlyList<SequenceLabelingScore> PerLabel { get; }

    /// <summary>All figures as a table, shares in percent.</summary>
    /// <returns>The table, of several lines.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{NumberOfTokens} tokens, accuracy {100 * TokenAccuracy:0.00} %");
        if (NumberOfMissingLabels > 0)
            text.Append(CultureInfo.InvariantCulture, $"; left out: {NumberOfMissingLabels} tokens with missing labels");
        if (NumberOfUnseenLabels > 0)
            text.Append(CultureInfo.InvariantCulture,
                $"; counted as wrong: {NumberOfUnseenLabels} tokens with labels that training did not see");
        if (NumberOfUnscoredSequences > 0)
            text.Append(CultureInfo.InvariantCulture,
                $"; counted as wrong: {NumberOfUnscoredSequences} sequences that could not be scored");
        text.AppendLine();
        int width = PerLabel.Concat(PerSpanType).Select(score => score.Name.Length).Append("Span type".Length).Max();
        if (PerSpanType.Count > 0)
            AppendTable("Span type", PerSpanType.Append(_spans));
        AppendTable("Label", PerLabel);
        return text.ToString().TrimEnd();

        void AppendTable(string title, IEnumerable<SequenceLabelingScore> scores)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{title.PadRight(width)}  Precision  Recall      F1  Support  Predicted  Correct");
            foreach (SequenceLabelingScore score in scores)
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"{score.Name.PadRight(width)}  {100 * score.Precision,9:0.00}  {100 * score.Recall,6:0.00}  {100 * score.F1,6:0.00}  "
                    + $"{score.Support,7}  {score.Predicted,9}  {score.Correct,7}");
        }
    }
}

/// <summary>How well one label, or one type of span, was found.</summary>
/// <param name="Name">The label, or the type of span.</param>
/// <param name="Support">How many such labels or spans the data has.</param>
/// <param name="Predicted">How many were predicted.</param>
/// <param name="Correct">How many were predicted correctly.</param>
public sealed record SequenceLabelingScore(string Name, long Support, long Predicted, long Correct)
{
    /// <summary>Correct / predicted, 0 to 1; 0 if none was predicted.</summary>
    public double Precision => Share(Correct, Predicted);

    /// <summary>Correct / support, 0 to 1; 0 if the data has none.</summary>
    public double Recall => Share(Correct, Support);

    /// <summary>The harmonic mean of <see cref="Precision"/> and <see cref="Recall"/>; 0 if both are 0.</summary>
    public double F1 => Share(2 * Correct, Predicted + Support);

    internal static double Share(long part, long all) => all == 0 ? 0 : (double)part / all;
}
