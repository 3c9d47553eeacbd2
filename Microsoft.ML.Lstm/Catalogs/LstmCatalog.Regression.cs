using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Sequences.Regression.Evaluation;

namespace Microsoft.ML;

/// <summary>
/// Extensions of ML.NET's catalogs: trainers of recurrent networks for sequences, forecasters of series, and their evaluation.
/// </summary>
public static partial class LstmCatalog
{
    /// <summary>Creates a <see cref="LstmRegressionTrainer"/>, which predicts a value, or several, from a sequence.</summary>
    /// <param name="catalog">The trainers of <see cref="RegressionCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: <see cref="float"/>, or a known-size vector of it.</param>
    /// <param name="featureColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, the first step
    /// first.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="hiddenSize">Units of each recurrent layer, 1 to 65536; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfLayers">Recurrent layers, 1 to 64; <see langword="null"/>: chosen from the data.</param>
    /// <param name="learningRate">The step size, above 0; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Concatenate("Window", "January", "February", "March")
    ///     .Append(ml.Regression.Trainers.Lstm(labelColumnName: "April", featureColumnName: "Window"));
    /// </code>
    /// </example>
    public static LstmRegressionTrainer Lstm(this RegressionCatalog.RegressionTrainers catalog,
        string labelColumnName = DefaultColumnNames.Label,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        float? learningRate = null,
        int? numberOfEpochs = null)
        => catalog.Lstm(new LstmRegressionTrainer.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            ExampleWeightColumnName = exampleWeightColumnName,
            FeaturesPerStep = featuresPerStep,
            HiddenSize = hiddenSize,
            NumberOfLayers = numberOfLayers,
            LearningRate = learningRate,
            NumberOfEpochs = numberOfEpochs,
        });

    /// <summary>
    /// Creates a <see cref="LstmRegressionTrainer"/> with all its options, which predicts a value, or several, from a sequence.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="RegressionCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Concatenate("Sensors", "Monday", "Tuesday", "Wednesday")   // 7 readings each
    ///     .Append(ml.Regression.Trainers.Lstm(new() { FeatureColumnName = "Sensors", FeaturesPerStep = 7, Bidirectional = true }));
    /// </code>
    /// </example>
    public static LstmRegressionTrainer Lstm(this RegressionCatalog.RegressionTrainers catalog, LstmRegressionTrainer.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Evaluates predicted vectors value by value, as <c>ml.Regression.Evaluate</c> evaluates single values.
    /// </summary>
    /// <param name="catalog">The <see cref="RegressionCatalog"/>.</param>
    /// <param name="data">Data with both columns, of the same size.</param>
    /// <param name="labelColumnName">The column of the right values, a known-sized vector of <see cref="float"/>, or <see cref="float"/>;
    /// NaN is a missing value. If its slots have names, these are the outputs' names.</param>
    /// <param name="scoreColumnName">The column of predictions, of the same size; NaN is a missing prediction, which is counted and left
    /// out of the metrics.</param>
    /// <returns>The metrics of each output and their averages.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/> or <paramref name="data"/> is <see langword="null"/>.</exception>
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
        string labelColumnName = DefaultColumnNames.Label, string scoreColumnName = DefaultColumnNames.Score)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return MultiOutputEvaluator.Evaluate(catalog.GetEnvironment(), data, labelColumnName, scoreColumnName);
    }
}
