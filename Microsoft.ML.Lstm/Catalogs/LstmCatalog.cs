using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML;

/// <summary>Recurrent networks for sequences, as trainers on ML.NET's catalogs.</summary>
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
    /// <param name="hiddenSize">Units of each recurrent layer, 1 to 65536.</param>
    /// <param name="numberOfLayers">Recurrent layers, 1 to 64.</param>
    /// <param name="learningRate">The step size, above 0.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Concatenate("Window", "January", "February", "March")
    ///     .Append(ml.Regression.Trainers.Lstm(labelColumnName: "April", featureColumnName: "Window"));
    /// </code>
    /// </example>
    public static LstmRegressionTrainer Lstm(this RegressionCatalog.RegressionTrainers catalog,
        string labelColumnName = SequenceTrainerOptions.DefaultLabelColumnName,
        string featureColumnName = SequenceTrainerOptions.DefaultFeatureColumnName,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int hiddenSize = 32,
        int numberOfLayers = 1,
        float learningRate = 0.005f,
        int numberOfEpochs = 100)
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
        => new(catalog.GetHostEnvironment(), options);

    /// <summary>Creates a <see cref="LstmBinaryTrainer"/>, which says yes or no to a sequence.</summary>
    /// <param name="catalog">The trainers of <see cref="BinaryClassificationCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: <see cref="bool"/>.</param>
    /// <param name="featureColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, the first step
    /// first, or a vector of keys, one a step.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="hiddenSize">Units of each direction of each recurrent layer, 1 to 65536.</param>
    /// <param name="numberOfLayers">Recurrent layers, 1 to 64.</param>
    /// <param name="learningRate">The step size, above 0.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/> for 8 to 100 times, small
    /// data more often than large.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Text.TokenizeIntoWords("Words", "Message")
    ///     .Append(ml.Transforms.Conversion.MapValueToKey("Words"))
    ///     .Append(ml.BinaryClassification.Trainers.Lstm(labelColumnName: "IsSpam", featureColumnName: "Words"));
    /// </code>
    /// </example>
    public static LstmBinaryTrainer Lstm(this BinaryClassificationCatalog.BinaryClassificationTrainers catalog,
        string labelColumnName = SequenceTrainerOptions.DefaultLabelColumnName,
        string featureColumnName = SequenceTrainerOptions.DefaultFeatureColumnName,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int hiddenSize = 64,
        int numberOfLayers = 1,
        float learningRate = 0.003f,
        int? numberOfEpochs = null)
        => catalog.Lstm(new LstmBinaryTrainer.Options
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

    /// <summary>Creates a <see cref="LstmBinaryTrainer"/> with all its options, which says yes or no to a sequence.</summary>
    /// <param name="catalog">The trainers of <see cref="BinaryClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Text.TokenizeIntoWords("Words", "Message")
    ///     .Append(ml.Transforms.Conversion.MapValueToKey("Words"))
    /// .Append(ml.BinaryClassification.Trainers.Lstm(new() { LabelColumnName = "IsSpam", FeatureColumnName = "Words", Bidirectional = true
    /// }));
    /// </code>
    /// </example>
    public static LstmBinaryTrainer Lstm(this BinaryClassificationCatalog.BinaryClassificationTrainers catalog,
        LstmBinaryTrainer.Options options)
        => new(catalog.GetHostEnvironment(), options);

    /// <summary>Creates a <see cref="LstmMulticlassTrainer"/>, which tells classes of sequences apart.</summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: a key.</param>
    /// <param name="featureColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, the first step
    /// first, or a vector of keys, one a step.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="hiddenSize">Units of each direction of each recurrent layer, 1 to 65536.</param>
    /// <param name="numberOfLayers">Recurrent layers, 1 to 64.</param>
    /// <param name="learningRate">The step size, above 0.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/> for 8 to 100 times, small
    /// data more often than large.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", "Activity")
    ///     .Append(ml.MulticlassClassification.Trainers.Lstm(featureColumnName: "Accelerometer", featuresPerStep: 3))
    ///     .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    /// </code>
    /// </example>
    public static LstmMulticlassTrainer Lstm(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = SequenceTrainerOptions.DefaultLabelColumnName,
        string featureColumnName = SequenceTrainerOptions.DefaultFeatureColumnName,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int hiddenSize = 64,
        int numberOfLayers = 1,
        float learningRate = 0.003f,
        int? numberOfEpochs = null)
        => catalog.Lstm(new LstmMulticlassTrainer.Options
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

    /// <summary>Creates a <see cref="LstmMulticlassTrainer"/> with all its options, which tells classes of sequences apart.</summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", "Activity")
    /// .Append(ml.MulticlassClassification.Trainers.Lstm(new() { FeatureColumnName = "Accelerometer", FeaturesPerStep = 3, Pooling =
    /// Pooling.Mean }))
    ///     .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    /// </code>
    /// </example>
    public static LstmMulticlassTrainer Lstm(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        LstmMulticlassTrainer.Options options)
        => new(catalog.GetHostEnvironment(), options);
}
