using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lstm;

/// <summary>
/// How well vectors were predicted: the figures of each output, and their unweighted averages (scikit-learn's <c>uniform_average</c>).
/// Where each step of a sequence has a vector, a step counts as a row.
/// </summary>
public sealed class MultiOutputRegressionMetrics
{
    internal MultiOutputRegressionMetrics(IReadOnlyList<OutputRegressionMetrics> perOutput, long rows, long rowsWithMissingScores)
    {
        PerOutput = perOutput;
        NumberOfRows = rows;
        NumberOfRowsWithMissingScores = rowsWithMissingScores;
    }

    /// <summary>The figures of each value of the vectors.</summary>
    public IReadOnlyList<OutputRegressionMetrics> PerOutput { get; }

    /// <summary>The number of rows of the data.</summary>
    public long NumberOfRows { get; }

    /// <summary>
    /// The number of rows with a label but no prediction, such as sequences that can't be scored, whose outputs are all NaN. Missing
    /// predictions are left out of the other figures.
    /// </summary>
    public long NumberOfRowsWithMissingScores { get; }

    /// <summary>The average of the outputs' mean absolute errors.</summary>
    public double MeanAbsoluteError => PerOutput.Average(output => output.MeanAbsoluteError);

    /// <summary>The average of the outputs' mean squared errors.</summary>
    public double MeanSquaredError => PerOutput.Average(output => output.MeanSquaredError);

    /// <summary>The average of the outputs' root mean squared errors.</summary>
    public double RootMeanSquaredError => PerOutput.Average(output => output.RootMeanSquaredError);

    /// <summary>The average of the outputs' coefficients of determination.</summary>
    public double RSquared => PerOutput.Average(output => output.RSquared);

    /// <summary>All figures as a table.</summary>
    /// <returns>The table, of several lines.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{NumberOfRows} rows");
        if (NumberOfRowsWithMissingScores > 0)
            text.Append(CultureInfo.InvariantCulture,
                $"; left out: predictions that are missing in {NumberOfRowsWithMissingScores} of them");
        text.AppendLine().AppendLine();
        int width = PerOutput.Select(output => output.Name.Length).Append("average".Length).Max();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"Output".PadRight(width)}      Rows         MAE        RMSE        R²");
        foreach (OutputRegressionMetrics output in PerOutput)
            AppendRow(output.Name, $"{output.NumberOfRows}", output.MeanAbsoluteError, output.RootMeanSquaredError, output.RSquared);
        AppendRow("average", "", MeanAbsoluteError, RootMeanSquaredError, RSquared);
        return text.ToString().TrimEnd();

        void AppendRow(string name, string rows, double absolute, double rootMeanSquared, double rSquared)
            => text.AppendLine(CultureInfo.InvariantCulture,
                $"{name.PadRight(width)}  {rows,8}  {absolute,10:G5}  {rootMeanSquared,10:G5}  {rSquared,8:0.0000}");
    }
}

/// <summary>How well one of several outputs was predicted, over the rows that have both a label and a prediction of it.</summary>
/// <param name="Name">The name of the label's slot or, without one, its number, counted from 0.</param>
/// <param name="NumberOfRows">The number of rows that have a label and a prediction of this output.</param>
/// <param name="NumberOfMissingLabels">The number of rows whose label is NaN or infinite for this output; they are left out.</param>
/// <param name="NumberOfMissingScores">The number of rows with a label whose prediction of this output is NaN; they are left out.</param>
/// <param name="MeanAbsoluteError">The mean of the absolute errors, 0 or more, in the label's unit.</param>
/// <param name="MeanSquaredError">The mean of the squared errors, 0 or more, in the square of the label's unit.</param>
/// <param name="RSquared">The coefficient of determination: the share of the label's variance that the predictions explain, 1 for perfect
/// predictions, 0 for the mean and below 0 for worse predictions; NaN or minus infinity where the label never varies.</param>
public sealed record OutputRegressionMetrics(string Name, long NumberOfRows, long NumberOfMissingLabels, long NumberOfMissingScores,
    double MeanAbsoluteError, double MeanSquaredError, double RSquared)
{
    /// <summary>The square root of <see cref="MeanSquaredError"/>, in the label's unit.</summary>
    public double RootMeanSquaredError => Math.Sqrt(MeanSquaredError);
}
