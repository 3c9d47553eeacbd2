using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>Creates a <see cref="LstmMulticlassTrainer"/>, which predicts the class of a sequence.</summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: a key.</param>
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
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", "Activity")
    ///     .Append(ml.MulticlassClassification.Trainers.Lstm(featureColumnName: "Accelerometer", featuresPerStep: 3))
    ///     .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    /// </code>
    /// </example>
    public static LstmMulticlassTrainer Lstm(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = DefaultColumnNames.Label,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        float? learningRate = null,
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

    /// <summary>Creates a <see cref="LstmMulticlassTrainer"/> with all its options, which predicts the class of a sequence.</summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", "Activity")
    ///     .Append(ml.MulticlassClassification.Trainers.Lstm(new()
    ///     {
    ///         FeatureColumnName = "Accelerometer",
    ///         FeaturesPerStep = 3,
    ///         Pooling = Pooling.Mean,
    ///     }))
    ///     .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    /// </code>
    /// </example>
    public static LstmMulticlassTrainer Lstm(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        LstmMulticlassTrainer.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>Creates a <see cref="LstmSequenceLabelingTrainer"/>, which predicts a label for each step of a sequence.</summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: a vector of keys, one per step.</param>
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
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("WordKeys", "Words")
    ///     .Append(ml.Transforms.Conversion.MapValueToKey("Label", "Tags"))
    ///     .Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(featureColumnName: "WordKeys"))
    ///     .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedTags", "PredictedLabel"));
    /// </code>
    /// </example>
    public static LstmSequenceLabelingTrainer LstmSequenceLabeling(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = DefaultColumnNames.Label,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        float? learningRate = null,
        int? numberOfEpochs = null)
        => catalog.LstmSequenceLabeling(new LstmSequenceLabelingTrainer.Options
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
    /// Creates a <see cref="LstmSequenceLabelingTrainer"/> with all its options, which predicts a label for each step of a sequence.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var trainer = ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new()
    /// {
    ///     LabelColumnName = "ChunkKeys",
    ///     FeatureColumnNames = ["WordKeys", "PartOfSpeechKeys"],
    ///     // The texts of the words: those that training does not know are read by their characters.
    ///     CharacterColumnName = "Words",
    ///     HiddenSize = 100,
    /// });
    /// </code>
    /// </example>
    public static LstmSequenceLabelingTrainer LstmSequenceLabeling(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, LstmSequenceLabelingTrainer.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Evaluates the predicted labels of steps: token by token and, where labels mark spans (B-, I- and O, IOB2), span by span.
    /// </summary>
    /// <param name="catalog">The <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="data">Data with both columns, vectors of keys or of texts; their lengths are the same in each row, except where nothing
    /// was predicted. Labels are compared by what the keys stand for, so the keys may have any order.</param>
    /// <param name="labelColumnName">The column of the right labels, as keys or as the texts that the keys were made of. Labels that
    /// training did not see count as not found, see <see cref="SequenceLabelingMetrics"/>.</param>
    /// <param name="predictedLabelColumnName">The column of predicted labels, as keys or as texts.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/> or <paramref name="data"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">A row has vectors of different lengths.</exception>
    /// <example>
    /// <code>
    /// SequenceLabelingMetrics metrics = ml.MulticlassClassification.EvaluateSequenceLabeling(model.Transform(test));
    /// Console.WriteLine(metrics.F1);
    /// </code>
    /// </example>
    public static SequenceLabelingMetrics EvaluateSequenceLabeling(this MulticlassClassificationCatalog catalog, IDataView data,
        string labelColumnName = DefaultColumnNames.Label, string predictedLabelColumnName = DefaultColumnNames.PredictedLabel)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return SequenceLabelingEvaluator.Evaluate(catalog.GetEnvironment(), data, labelColumnName, predictedLabelColumnName);
    }
}
