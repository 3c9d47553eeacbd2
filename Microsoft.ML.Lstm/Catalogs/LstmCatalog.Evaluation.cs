using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences.Regression;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>
    /// Compares predicted vectors with the right ones, value by value: what <c>ml.Regression.Evaluate</c> is for single values.
    /// </summary>
    /// <param name="catalog">The <see cref="RegressionCatalog"/>.</param>
    /// <param name="data">Data with both columns, of the same size.</param>
    /// <param name="labelColumnName"> The column of the right values, a known-sized vector of <see cref="float"/>, or <see cref="float"/>;
    /// NaN is a missing value. If its slots have names, these are the outputs' names. </param>
    /// <param name="scoreColumnName">The column of predictions, of the same size; NaN is a missing prediction, which is counted.</param>
    /// <returns>The figures of each output and their averages.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type or size.</exception>
    /// <exception cref="InvalidOperationException">There is no row that has a label and a prediction.</exception>
    /// <example>
    /// <code>
    /// // The next heat and flow from the last 24 of both.
    /// var pipeline = ml.Transforms.Concatenate("Both", "Heat", "Flow")
    ///     .Append(ml.Transforms.SlidingWindow("Window", 24, ["Both"], labelColumnName: "Next"))
    ///     .Append(ml.Regression.Trainers.Lstm(labelColumnName: "Next", featureColumnName: "Window"));
    /// Console.WriteLine(ml.Regression.EvaluateMultiOutput(pipeline.Fit(train).Transform(test), "Next"));
    /// </code>
    /// </example>
    public static MultiOutputRegressionMetrics EvaluateMultiOutput(this RegressionCatalog catalog, IDataView data,
        string labelColumnName = SequenceTrainerOptions.DefaultLabelColumnName, string scoreColumnName = "Score")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return MultiOutputEvaluator.Evaluate(catalog.GetHostEnvironment(), data, labelColumnName, scoreColumnName);
    }
}
