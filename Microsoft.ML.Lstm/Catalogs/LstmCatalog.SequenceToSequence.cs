using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Sequences.SequenceToSequence.Evaluation;

namespace Microsoft.ML;

/// <content>Trainers of an encoder and a decoder.</content>
public static partial class LstmCatalog
{
    /// <summary>
    /// Creates a <see cref="LstmSequenceToSequenceTrainer"/>, which writes another sequence for each sequence, of any length: a
    /// translation, a pronunciation, an answer.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="labelColumnName">The column to write: a vector of keys, of any length.</param>
    /// <param name="featureColumnName">The column to read: a vector of keys, one per step, or a vector of <see cref="float"/>, T steps of
    /// F features, the first step first.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="hiddenSize">Units of each direction of each recurrent layer, 1 to 65536; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <param name="numberOfLayers">Recurrent layers of the encoder and of the decoder, 1 to 64; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <param name="learningRate">The step size, above 0; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("English", "EnglishWords")
    ///     .Append(ml.Transforms.Conversion.MapValueToKey("French", "FrenchWords"))
    ///     .Append(ml.MulticlassClassification.Trainers.LstmSequenceToSequence("French", "English"))
    ///     .Append(ml.Transforms.Conversion.MapKeyToValue("Translation", "PredictedLabel"));
    /// </code>
    /// </example>
    public static LstmSequenceToSequenceTrainer LstmSequenceToSequence(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = DefaultColumnNames.Label,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        float? learningRate = null,
        int? numberOfEpochs = null)
        => catalog.LstmSequenceToSequence(new LstmSequenceToSequenceTrainer.Options
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
    /// Creates a <see cref="LstmSequenceToSequenceTrainer"/> with all its options, which writes another sequence for each sequence.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var trainer = ml.MulticlassClassification.Trainers.LstmSequenceToSequence(new()
    /// {
    ///     LabelColumnName = "Phones",
    ///     FeatureColumnName = "Letters",
    ///     Attention = SourceAttention.Additive,
    ///     BeamSize = 8,
    /// });
    /// </code>
    /// </example>
    public static LstmSequenceToSequenceTrainer LstmSequenceToSequence(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, LstmSequenceToSequenceTrainer.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>Compares sequences that were written with the right ones: how many are right, and how far off the others are.</summary>
    /// <param name="catalog">The <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="data">Data with both columns, vectors of keys or of texts of any length. They are compared by what keys stand
    /// for; a missing key, and an empty text, is a token that is right nowhere.</param>
    /// <param name="labelColumnName">The column of the right sequences.</param>
    /// <param name="predictedLabelColumnName">The column of the sequences that were written.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/> or <paramref name="data"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <example>
    /// <code>
    /// SequenceToSequenceMetrics metrics = ml.MulticlassClassification.EvaluateSequenceToSequence(model.Transform(test), "Phones");
    /// Console.WriteLine($"{metrics.ExactMatch:P1} right, {metrics.TokenErrorRate:P1} of phones wrong");
    /// </code>
    /// </example>
    public static SequenceToSequenceMetrics EvaluateSequenceToSequence(this MulticlassClassificationCatalog catalog, IDataView data,
        string labelColumnName = DefaultColumnNames.Label, string predictedLabelColumnName = DefaultColumnNames.PredictedLabel)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return SequenceToSequenceEvaluator.Evaluate(catalog.GetEnvironment(), data, labelColumnName, predictedLabelColumnName);
    }

    /// <summary>Compares texts, such as translations, with one or several references each: BLEU, exact match, word error rate.</summary>
    /// <param name="catalog">The <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="data">Data with both columns; every row has a reference.</param>
    /// <param name="referenceColumnName">The column of references: a text, or a vector of texts, whose empty places are no
    /// references.</param>
    /// <param name="translationColumnName">The column of texts to judge.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/> or <paramref name="data"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">A row has no reference: its vector is empty, or has empty texts only.</exception>
    /// <example>
    /// <code>
    /// TranslationMetrics metrics = ml.MulticlassClassification.EvaluateTranslation(translated, "References", "Translation");
    /// Console.WriteLine($"BLEU {metrics.Bleu:0.0}");
    /// </code>
    /// </example>
    public static TranslationMetrics EvaluateTranslation(this MulticlassClassificationCatalog catalog, IDataView data,
        string referenceColumnName, string translationColumnName)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return SequenceToSequenceEvaluator.EvaluateTexts(catalog.GetEnvironment(), data, referenceColumnName, translationColumnName);
    }
}
