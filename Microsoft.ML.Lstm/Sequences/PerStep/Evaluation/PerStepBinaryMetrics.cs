using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lstm;

/// <summary>
/// How well yes and no, or several of them, were predicted at every step: the figures of each truth, over all of them (micro) and their
/// unweighted averages (macro). Truths that are not known are left out.
/// </summary>
public sealed class PerStepBinaryMetrics
{
    private readonly long _rightSteps;

    internal PerStepBinaryMetrics(IReadOnlyList<PerStepBinaryScore> perOutput, long steps, long rightSteps, long unscored)
    {
        PerOutput = perOutput;
        NumberOfSteps = steps;
        _rightSteps = rightSteps;
        NumberOfUnscoredSequences = unscored;
        Total = new("all", perOutput.Sum(one => one.TruePositives), perOutput.Sum(one => one.FalsePositives),
            perOutput.Sum(one => one.FalseNegatives), perOutput.Sum(one => one.TrueNegatives),
            perOutput.Sum(one => one.NumberOfMissingLabels), double.NaN);
    }

    /// <summary>The figures of each of the L truths of a step.</summary>
    public IReadOnlyList<PerStepBinaryScore> PerOutput { get; }

    /// <summary>The number of steps that have a known truth and predictions.</summary>
    public long NumberOfSteps { get; }

    /// <summary>The number of sequences with labels that could not be scored, which are left out.</summary>
    public long NumberOfUnscoredSequences { get; }

    /// <summary>The share of predictions that are right, from 0 to 1, over all truths.</summary>
    public double Accuracy => Total.Accuracy;

    /// <summary>The share of steps at which all known truths are predicted right, from 0 to 1.</summary>
    public double ExactMatch => (double)_rightSteps / NumberOfSteps;

    /// <summary>The precision over all truths, from 0 to 1; 0 where nothing was predicted.</summary>
    public double MicroPrecision => Total.Precision;

    /// <summary>The recall over all truths, from 0 to 1; 0 where nothing is true.</summary>
    public double MicroRecall => Total.Recall;

    /// <summary>The harmonic mean of <see cref="MicroPrecision"/> and <see cref="MicroRecall"/>.</summary>
    public double MicroF1 => Total.F1;

    /// <summary>The average of the truths' precisions.</summary>
    public double MacroPrecision => PerOutput.Average(one => one.Precision);

    /// <summary>The average of the truths' recalls.</summary>
    public double MacroRecall => PerOutput.Average(one => one.Recall);

    /// <summary>The average of the truths' F1.</summary>
    public double MacroF1 => PerOutput.Average(one => one.F1);

    /// <summary>
    /// The average of the areas under the truths' receiver operating characteristics, of those that are sometimes true and sometimes not;
    /// NaN where none is.
    /// </summary>
    public double MacroAreaUnderRocCurve
    {
        get
        {
            double[] areas = [.. PerOutput.Select(one => one.AreaUnderRocCurve).Where(area => !double.IsNaN(area))];
            return areas.Length == 0 ? double.NaN : areas.Average();
        }
    }

    private PerStepBinaryScore Total { get; }

    /// <summary>All figures as a table, shares in percent.</summary>
    /// <returns>The table, of several lines.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{NumberOfSteps} steps, accuracy {100 * Accuracy:0.00} %, all right at {100 * ExactMatch:0.00} %");
        text.AppendLine();
        int width = PerOutput.Select(output => output.Name.Length).Append("Output".Length).Max();
        text.AppendLine($"{"Output".PadRight(width)}  Precision  Recall      F1     AUC      True  Predicted");
        foreach (PerStepBinaryScore one in PerOutput)
            AppendRow(one.Name, one.Precision, one.Recall, one.F1, one.AreaUnderRocCurve, one);
        AppendRow("micro", MicroPrecision, MicroRecall, MicroF1, double.NaN, Total);
        AppendRow("macro", MacroPrecision, MacroRecall, MacroF1, MacroAreaUnderRocCurve, Total);
        return text.ToString().TrimEnd();

        void AppendRow(string name, double precision, double recall, double f1, double area, PerStepBinaryScore counts)
            => text.AppendLine(CultureInfo.InvariantCulture, $"{name.PadRight(width)}  {100 * precision,9:0.00}  {100 * recall,6:0.00}  "
                + $"{100 * f1,6:0.00}  {(double.IsNaN(area) ? "" : (100 * area).ToString("0.00", CultureInfo.InvariantCulture)),6}  "
                + $"{counts.TruePositives + counts.FalseNegatives,8}  {counts.TruePositives + counts.FalsePositives,9}");
    }
}

/// <summary>How well one of the truths of a step was predicted, over the steps at which it is known.</summary>
/// <param name="Name">The truth's number, counted from 0.</param>
/// <param name="TruePositives">Steps at which it is true and predicted.</param>
/// <param name="FalsePositives">Steps at which it is predicted, but not true.</param>
/// <param name="FalseNegatives">Steps at which it is true, but not predicted.</param>
/// <param name="TrueNegatives">Steps at which it is neither.</param>
/// <param name="NumberOfMissingLabels">Steps at which it is not known; they are left out.</param>
/// <param name="AreaUnderRocCurve">The chance that a step at which it is true has a higher score than one at which it is not; NaN where it
/// is always or never true.</param>
public sealed record PerStepBinaryScore(string Name, long TruePositives, long FalsePositives, long FalseNegatives, long TrueNegatives,
    long NumberOfMissingLabels, double AreaUnderRocCurve)
{
    /// <summary>The share of steps that are predicted right, from 0 to 1.</summary>
    public double Accuracy => Share(TruePositives + TrueNegatives, FalsePositives + FalseNegatives);

    /// <summary>The share of predictions that are true, from 0 to 1; 0 where nothing was predicted.</summary>
    public double Precision => Share(TruePositives, FalsePositives);

    /// <summary>The share of what is true that is predicted, from 0 to 1; 0 where nothing is true.</summary>
    public double Recall => Share(TruePositives, FalseNegatives);

    /// <summary>The harmonic mean of <see cref="Precision"/> and <see cref="Recall"/>.</summary>
    public double F1 => Share(2 * TruePositives, FalsePositives + FalseNegatives);

    private static double Share(long part, long rest) => part == 0 ? 0 : (double)part / (part + rest);
}
