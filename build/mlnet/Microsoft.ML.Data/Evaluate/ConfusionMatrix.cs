using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How often each class was taken for each.</summary>
public sealed class ConfusionMatrix
{
    private readonly IReadOnlyList<string> _classNames;
    private readonly bool _isBinary;
    private readonly double[][] _counts;

    /// <summary>Counts by true and by predicted class; of a binary task the first class is the positive one.</summary>
    internal ConfusionMatrix(double[][] counts, IReadOnlyList<string> classNames, bool isBinary)
    {
        _counts = counts;
        _classNames = classNames;
        _isBinary = isBinary;
        PerClassRecall = counts.Select((row, c) => Share(row[c], row.Sum())).ToArray();
        PerClassPrecision = counts.Select((row, c) => Share(row[c], counts.Sum(r => r[c]))).ToArray();
    }

    public IReadOnlyList<double> PerClassPrecision { get; }

    public IReadOnlyList<double> PerClassRecall { get; }

    public IReadOnlyList<IReadOnlyList<double>> Counts => _counts;

    public int NumberOfClasses => _counts.Length;

    public double GetCountForClassPair(int predictedClassIndicatorIndex, int actualClassIndicatorIndex)
    {
        CheckClass(predictedClassIndicatorIndex, nameof(predictedClassIndicatorIndex));
        CheckClass(actualClassIndicatorIndex, nameof(actualClassIndicatorIndex));
        return _counts[actualClassIndicatorIndex][predictedClassIndicatorIndex];
    }

    public string GetFormattedConfusionTable()
    {
        int classes = NumberOfClasses;
        int width = classes > 2 ? 5 : 8;
        int longest = _classNames.Max(n => n.Length);
        // Names too long for a column's head are numbered.
        bool isNumbered = longest > width;
        int digits = (classes - 1).ToString().Length;
        int labelWidth = Math.Max(9, isNumbered ? longest + digits + 2 : longest);
        string[] labels = _classNames.Select((name, c) =>
            isNumbered ? $"{c.ToString().PadLeft(digits)}. {name.PadLeft(labelWidth - digits - 2)}" : name.PadLeft(labelWidth)).ToArray();
        string pad = new(' ', labelWidth - 9);
        string bar = string.Concat(Enumerable.Repeat(new string('=', width + 3), classes));

        var text = new StringBuilder();
        text.AppendLine(_isBinary ? DescribePositiveShare() : "");
        text.AppendLine("Confusion table");
        text.AppendLine($"          {pad}||{bar}");
        text.Append($"PREDICTED {pad}||");
        for (int c = 0; c < classes; c++)
            text.Append($" {(isNumbered ? c.ToString() : _classNames[c]).PadLeft(width)} |");
        text.AppendLine(" Recall");
        text.AppendLine($"TRUTH     {pad}||{bar}");
        for (int c = 0; c < classes; c++)
        {
            text.Append($"{labels[c]} ||");
            foreach (double count in _counts[c])
                text.Append($" {count.ToString("N0").PadLeft(width)} |");
            text.AppendLine($" {PerClassRecall[c]:F4}");
        }
        text.AppendLine($"          {pad}||{bar}");
        text.Append($"Precision {pad}||");
        foreach (double precision in PerClassPrecision)
            text.Append($"{precision.ToString("N4").PadLeft(width + 1)} |");
        return text.AppendLine().ToString();
    }

    private string DescribePositiveShare()
    {
        double positives = _counts[0].Sum();
        double negatives = _counts[1].Sum();
        return $"TEST {_classNames[0].ToUpperInvariant()} RATIO:\t{positives / (positives + negatives):N4} ({positives:F1}/({positives:F1}+{negatives:F1}))";
    }

    private void CheckClass(int index, string name) => Contracts.CheckParam(0 <= index && index < NumberOfClasses, name,
        "Invalid index. Should be non-negative, less than the number of classes.");

    private static double Share(double part, double all) => all == 0 ? 0 : part / all;
}
