using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Sequences.PerStep.Evaluation;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>
    /// Creates a <see cref="LstmPerStepRegressionTrainer"/>, which predicts a value, or several, at every step of a sequence.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="RegressionCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: a vector of <see cref="float"/>, T x L values for a sequence of T steps, with
    /// NaN for a value that is not known.</param>
    /// <param name="featureColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, the first step
    /// first, or a vector of keys, one per step.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="labelsPerStep">L; <see langword="null"/> takes it from the dimensions (T, L) of the label column if it has two or
    /// more, else 1.</param>
    /// <param name="hiddenSize">Units of each direction of each recurrent layer, 1 to 65536; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <param name="numberOfLayers">Recurrent layers, 1 to 64; <see langword="null"/>: chosen from the data.</param>
    /// <param name="bidirectional">Whether each step sees the whole sequence rather than the steps so far.</param>
    /// <param name="learningRate">The step size, above 0; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// // Two sensors and one control at each moment of a drive.
    /// var trainer = ml.Regression.Trainers.LstmPerStep(labelColumnName: "Steering", featureColumnName: "Sensors", featuresPerStep: 2);
    /// </code>
    /// </example>
    public static LstmPerStepRegressionTrainer LstmPerStep(this RegressionCatalog.RegressionTrainers catalog,
        string labelColumnName = DefaultColumnNames.Label,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? labelsPerStep = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        bool bidirectional = false,
        float? learningRate = null,
        int? numberOfEpochs = null)
        => catalog.LstmPerStep(new LstmPerStepRegressionTrainer.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            ExampleWeightColumnName = exampleWeightColumnName,
            FeaturesPerStep = featuresPerStep,
            LabelsPerStep = labelsPerStep,
            HiddenSize = hiddenSize,
            NumberOfLayers = numberOfLayers,
            Bidirectional = bidirectional,
            LearningRate = learningRate,
            NumberOfEpochs = numberOfEpochs,
        });

    /// <summary>
    /// Creates a <see cref="LstmPerStepRegressionTrainer"/> with all its options, which predicts a value, or several, at every step of a
    /// sequence.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="RegressionCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var trainer = ml.Regression.Trainers.LstmPerStep(new()
    /// {
    ///     LabelColumnName = "Spectra", LabelsPerStep = 80, FeatureColumnName = "Phones", Bidirectional = true,
    /// });
    /// </code>
    /// </example>
    public static LstmPerStepRegressionTrainer LstmPerStep(this RegressionCatalog.RegressionTrainers catalog,
        LstmPerStepRegressionTrainer.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Evaluates values that were predicted at every step: the figures of each of the L values of a step, and their averages. A step counts
    /// as a row.
    /// </summary>
    /// <param name="catalog">The <see cref="RegressionCatalog"/>.</param>
    /// <param name="data">Data with both columns.</param>
    /// <param name="labelColumnName">The column of the right values, a vector of <see cref="float"/>, T x L; NaN is a missing
    /// value.</param>
    /// <param name="scoreColumnName">The column of predictions, of the same size in each row; an empty vector for a row without
    /// predictions, whose steps are counted and left out of the metrics.</param>
    /// <param name="labelsPerStep">L, which takes precedence over the dimensions of the labels, as in training;
    /// <see langword="null"/> takes it from the dimensions (T, L) of the columns, which have to agree, else 1.</param>
    /// <returns>The metrics of each value and their averages.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/> or <paramref name="data"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, dimensions of columns say different L, or
    /// <paramref name="labelsPerStep"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">No step has a label and a prediction, or a row has more or fewer labels than
    /// predictions.</exception>
    public static MultiOutputRegressionMetrics EvaluatePerStep(this RegressionCatalog catalog, IDataView data,
        string labelColumnName = DefaultColumnNames.Label, string scoreColumnName = DefaultColumnNames.Score, int? labelsPerStep = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        if (labelsPerStep is { } labels)
            ArgumentOutOfRangeException.ThrowIfLessThan(labels, 1, nameof(labelsPerStep));
        return PerStepEvaluator.EvaluateRegression(catalog.GetEnvironment(), data, labelColumnName, scoreColumnName, labelsPerStep);
    }

    /// <summary>
    /// Creates a <see cref="LstmPerStepBinaryTrainer"/>, which predicts yes or no, or several of them, at every step of a sequence.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="BinaryClassificationCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: a vector of <see cref="bool"/>, or of <see cref="float"/> with 0, 1 and NaN for
    /// what is not known; T x L truths for a sequence of T steps.</param>
    /// <param name="featureColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, the first step
    /// first, or a vector of keys, one per step.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="labelsPerStep">L; <see langword="null"/> takes it from the dimensions (T, L) of the label column if it has two or
    /// more, else 1.</param>
    /// <param name="hiddenSize">Units of each direction of each recurrent layer, 1 to 65536; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <param name="numberOfLayers">Recurrent layers, 1 to 64; <see langword="null"/>: chosen from the data.</param>
    /// <param name="bidirectional">Whether each step sees the whole sequence rather than the steps so far.</param>
    /// <param name="learningRate">The step size, above 0; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// // The 88 keys of a piano that are down in the next moment.
    /// var trainer = ml.BinaryClassification.Trainers.LstmPerStep("NextKeys", "Keys", featuresPerStep: 88, labelsPerStep: 88);
    /// </code>
    /// </example>
    public static LstmPerStepBinaryTrainer LstmPerStep(this BinaryClassificationCatalog.BinaryClassificationTrainers catalog,
        string labelColumnName = DefaultColumnNames.Label,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? labelsPerStep = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        bool bidirectional = false,
        float? learningRate = null,
        int? numberOfEpochs = null)
        => catalog.LstmPerStep(new LstmPerStepBinaryTrainer.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            ExampleWeightColumnName = exampleWeightColumnName,
            FeaturesPerStep = featuresPerStep,
            LabelsPerStep = labelsPerStep,
            HiddenSize = hiddenSize,
            NumberOfLayers = numberOfLayers,
            Bidirectional = bidirectional,
            LearningRate = learningRate,
            NumberOfEpochs = numberOfEpochs,
        });

    /// <summary>
    /// Creates a <see cref="LstmPerStepBinaryTrainer"/> with all its options, which predicts yes or no, or several of them, at every step
    /// of a sequence.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="BinaryClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var trainer = ml.BinaryClassification.Trainers.LstmPerStep(new()
    /// {
    ///     LabelColumnName = "Faults", LabelsPerStep = 3, FeatureColumnName = "Sensors", FeaturesPerStep = 12, BalanceClasses = true,
    /// });
    /// </code>
    /// </example>
    public static LstmPerStepBinaryTrainer LstmPerStep(this BinaryClassificationCatalog.BinaryClassificationTrainers catalog,
        LstmPerStepBinaryTrainer.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Evaluates yes and no, or several of them, that were predicted at every step: precision, recall, F1 and the area under the receiver
    /// operating characteristic of each of the L truths of a step, over all of them and on average.
    /// </summary>
    /// <param name="catalog">The <see cref="BinaryClassificationCatalog"/>.</param>
    /// <param name="data">Data with the three columns.</param>
    /// <param name="labelColumnName">The column of the right answers, a vector of <see cref="bool"/>, or of <see cref="float"/> with 0 for
    /// no, 1 for yes and NaN for a missing one; T x L.</param>
    /// <param name="scoreColumnName">The column of scores, of the same size in each row; an empty vector for a row without predictions,
    /// which is counted and left out of the metrics.</param>
    /// <param name="predictedLabelColumnName">The column of predicted labels, of the same size.</param>
    /// <param name="labelsPerStep">L, which takes precedence over the dimensions of the labels, as in training;
    /// <see langword="null"/> takes it from the dimensions (T, L) of the columns, which have to agree, else 1.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/> or <paramref name="data"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, dimensions of columns say different L, or
    /// <paramref name="labelsPerStep"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">No step has a label and a prediction, or a row has more or fewer labels than
    /// predictions, or a label that is none of 0, 1 and NaN.</exception>
    public static PerStepBinaryMetrics EvaluatePerStep(this BinaryClassificationCatalog catalog, IDataView data,
        string labelColumnName = DefaultColumnNames.Label, string scoreColumnName = DefaultColumnNames.Score,
        string predictedLabelColumnName = DefaultColumnNames.PredictedLabel, int? labelsPerStep = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        if (labelsPerStep is { } labels)
            ArgumentOutOfRangeException.ThrowIfLessThan(labels, 1, nameof(labelsPerStep));
        return PerStepEvaluator.EvaluateBinary(catalog.GetEnvironment(), data, labelColumnName, scoreColumnName, predictedLabelColumnName,
            labelsPerStep);
    }
}
