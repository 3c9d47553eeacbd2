using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>Creates a <see cref="LstmBinaryTrainer"/>, which predicts yes or no for a sequence.</summary>
    /// <param name="catalog">The trainers of <see cref="BinaryClassificationCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: <see cref="bool"/>.</param>
    /// <param name="featureColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, the first step
    /// first, or a vector of keys, one per step.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="hiddenSize">Units of each direction of each recurrent layer, 1 to 65536; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <param name="numberOfLayers">Recurrent layers, 1 to 64; <see langword="null"/>: chosen from the data.</param>
    /// <param name="learningRate">The step size, above 0; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/>: chosen from the
    /// data.</param>
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
        string labelColumnName = DefaultColumnNames.Label,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        float? learningRate = null,
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

    /// <summary>Creates a <see cref="LstmBinaryTrainer"/> with all its options, which predicts yes or no for a sequence.</summary>
    /// <param name="catalog">The trainers of <see cref="BinaryClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Text.TokenizeIntoWords("Words", "Message")
    ///     .Append(ml.Transforms.Conversion.MapValueToKey("Words"))
    ///     .Append(ml.BinaryClassification.Trainers.Lstm(new()
    ///     {
    ///         LabelColumnName = "IsSpam",
    ///         FeatureColumnName = "Words",
    ///         Bidirectional = true,
    ///     }));
    /// </code>
    /// </example>
    public static LstmBinaryTrainer Lstm(this BinaryClassificationCatalog.BinaryClassificationTrainers catalog,
        LstmBinaryTrainer.Options options)
        => new(catalog.GetEnvironment(), options);
}
