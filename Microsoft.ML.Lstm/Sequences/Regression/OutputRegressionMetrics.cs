namespace Microsoft.ML.Lstm;

/// <summary>How well one of several outputs was predicted, over the rows that have both a label and a prediction of it.</summary>
/// <param name="Name">The name of the label's slot or, without one, its number, counted from 0.</param>
/// <param name="NumberOfRows">The number of rows that have both.</param>
/// <param name="NumberOfMissingLabels">The number of rows whose label is NaN or infinite here; they are left out.</param>
/// <param name="NumberOfMissingScores">The number of rows with a label whose prediction is NaN here; they are left out.</param>
/// <param name="MeanAbsoluteError">The mean of the absolute errors, 0 or more, in the label's unit.</param>
/// <param name="MeanSquaredError">The mean of the squared errors, 0 or more, in the square of the label's unit.</param>
/// <param name="RSquared"> The coefficient of determination: the share of the label's variance that the predictions explain, 1 for perfect
/// ones, 0 for the mean and below 0 for worse ones; NaN or minus infinity where the label never varies. </param>
public sealed record OutputRegressionMetrics(string Name, long NumberOfRows, long NumberOfMissingLabels, long NumberOfMissingScores,
    double MeanAbsoluteError, double MeanSquaredError, double RSquared)
{
    /// <summary>The square root of <see cref="MeanSquaredError"/>, in the label's unit.</summary>
    public double RootMeanSquaredError => Math.Sqrt(MeanSquaredError);
}
