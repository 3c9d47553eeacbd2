using System.Globalization;
using LstmTool.Data;

namespace LstmTool.Tasks;

/// <summary>The labels of a column that says which rows are anomalies, for the metrics.</summary>
internal static class AnomalyLabels
{
    private static readonly string[] Yes = ["true", "t", "yes", "y", "anomaly", "anomalous", "abnormal", "outlier"];
    private static readonly string[] No = ["false", "f", "no", "n", "normal", "inlier"];

    /// <summary>Which rows are anomalies: 1 beside 0, -1 beside 1 as in scikit-learn, or words; a row without a label is none.</summary>
    /// <exception cref="InvalidDataException">A label is none of these.</exception>
    public static bool[] Read(Dataset data, SourceColumn label)
    {
        string[] texts = data.TextsOf(label);
        bool hasMinus = texts.Any(text => NumberOf(text) == -1);
        return [.. texts.Select((text, row) => IsAnomaly(text, hasMinus) ?? throw new InvalidDataException(
            $"{data.Text.Place(row, label.Index)}: '{text}' is no label of an anomaly; {(hasMinus ? "beside -1, an anomaly, only 1 is one"
                : "such are 1 and 0, -1 and 1, true and false, yes and no, anomaly and normal")}."))];
    }

    /// <summary>How many rows are anomalies, and where none of those is that are measured by.</summary>
    /// <param name="label">The column.</param>
    /// <param name="labels">The labels, in the order of the parts.</param>
    /// <param name="parts">Which rows are for what.</param>
    public static Inference Describe(SourceColumn label, bool[] labels, RowParts parts)
    {
        int unseen = parts.Unseen.Count(row => labels[row]);
        return new(string.Create(CultureInfo.InvariantCulture,
            $"anomalies: {labels.Count(isOne => isOne)} of {labels.Length} rows by '{label.Name}', ")
            + (unseen == 0 ? "none of them unseen, so that precision, recall and F1 say nothing"
                : string.Create(CultureInfo.InvariantCulture, $"{unseen} of them unseen")), "--label-col");
    }

    private static bool? IsAnomaly(string text, bool hasMinus)
    {
        if (NumberOf(text) is { } number)
            return number switch { -1 => true, 1 => !hasMinus, 0 when !hasMinus => false, _ => null };
        string word = text.ToLowerInvariant();
        return hasMinus ? Fields.IsMissing(text) ? false : null : Yes.Contains(word) ? true
            : No.Contains(word) || Fields.IsMissing(text) ? false : null;
    }

    private static float? NumberOf(string text) => Fields.TryParseNumber(text, decimalComma: null, out float number) ? number : null;
}
