using System.Globalization;

namespace Microsoft.ML.Lstm;

/// <summary>
/// How well labels of whole sequences were predicted: by the fewest items, or words, to insert, remove or replace that make the right label
/// of the predicted one.
/// </summary>
public sealed class CtcMetrics
{
    internal CtcMetrics()
    {
    }

    /// <summary>The number of sequences.</summary>
    public long NumberOfSequences { get; internal set; }

    /// <summary>The number of items of the right labels.</summary>
    public long NumberOfLabels { get; internal set; }

    /// <summary>The items to insert, remove or replace.</summary>
    public long NumberOfLabelErrors { get; internal set; }

    /// <summary>The number of words of the right labels: what is between separators or, where there are none, each item.</summary>
    public long NumberOfWords { get; internal set; }

    /// <summary>The words to insert, remove or replace.</summary>
    public long NumberOfWordErrors { get; internal set; }

    /// <summary>The number of sequences whose label is right as a whole.</summary>
    public long NumberOfExactMatches { get; internal set; }

    /// <summary>
    /// The label error rate, <see cref="NumberOfLabelErrors"/> / <see cref="NumberOfLabels"/>: 0 or more, also above 1; NaN or ∞ where
    /// all right labels are empty.
    /// </summary>
    public double LabelErrorRate => (double)NumberOfLabelErrors / NumberOfLabels;

    /// <summary>
    /// The word error rate, <see cref="NumberOfWordErrors"/> / <see cref="NumberOfWords"/>: 0 or more, also above 1; NaN or ∞ where all
    /// right labels are empty.
    /// </summary>
    public double WordErrorRate => (double)NumberOfWordErrors / NumberOfWords;

    /// <summary>The share of sequences whose label is right as a whole, from 0 to 1.</summary>
    public double ExactMatch => (double)NumberOfExactMatches / NumberOfSequences;

    /// <summary>The rates in a line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{NumberOfSequences} sequences, label error rate {100 * LabelErrorRate:0.00} %, word error rate {100 * WordErrorRate:0.00} %, "
        + $"exact match {100 * ExactMatch:0.00} %");
}
