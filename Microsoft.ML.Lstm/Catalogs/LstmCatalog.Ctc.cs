using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Sequences.Ctc.Evaluation;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>
    /// Creates a <see cref="LstmCtcTrainer"/>, which reads what a sequence has one after the other, from labels without alignment.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="labelColumnName">The column to predict: a vector of keys, of any length.</param>
    /// <param name="featureColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, the first step
    /// first, or a vector of keys, one per step.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="stepsPerFrame">How many steps the network reads as one; <see langword="null"/>: chosen from the data.</param>
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
    /// // Spectra of recordings, 40 numbers each 10 ms, and the digits that were said.
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", "Digits")
    ///     .Append(ml.MulticlassClassification.Trainers.LstmCtc(featureColumnName: "Spectra", featuresPerStep: 40, stepsPerFrame: 3))
    ///     .Append(ml.Transforms.Conversion.MapKeyToValue("Said", "PredictedLabel"));
    /// </code>
    /// </example>
    public static LstmCtcTrainer LstmCtc(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = DefaultColumnNames.Label,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? stepsPerFrame = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        float? learningRate = null,
        int? numberOfEpochs = null)
        => catalog.LstmCtc(new LstmCtcTrainer.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            ExampleWeightColumnName = exampleWeightColumnName,
            FeaturesPerStep = featuresPerStep,
            StepsPerFrame = stepsPerFrame,
            HiddenSize = hiddenSize,
            NumberOfLayers = numberOfLayers,
            LearningRate = learningRate,
            NumberOfEpochs = numberOfEpochs,
        });

    /// <summary>
    /// Creates a <see cref="LstmCtcTrainer"/> with all its options, which reads what a sequence has one after the other, from labels
    /// without alignment.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static LstmCtcTrainer LstmCtc(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        LstmCtcTrainer.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>Evaluates labels of whole sequences, as <see cref="LstmCtcTransformer"/> predicts them.</summary>
    /// <param name="catalog">The <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="data">Data with both columns; a missing key, and an empty text, is a label that is right nowhere.</param>
    /// <param name="labelColumnName">The column of the right labels, a vector of keys or of texts, of any length.</param>
    /// <param name="predictedLabelColumnName">The column of the predicted labels, likewise.</param>
    /// <param name="wordSeparator">The item that stands between two words, for the word error rate. Where no label has it, each item is a
    /// word.</param>
    /// <returns>The metrics. A row without prediction counts with all its items as errors.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/>, <paramref name="data"/> or <paramref name="wordSeparator"/> is
    /// <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows.</exception>
    public static CtcMetrics EvaluateCtc(this MulticlassClassificationCatalog catalog, IDataView data,
        string labelColumnName = DefaultColumnNames.Label, string predictedLabelColumnName = DefaultColumnNames.PredictedLabel,
        string wordSeparator = " ")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(wordSeparator);
        return CtcEvaluator.Evaluate(catalog.GetEnvironment(), data, labelColumnName, predictedLabelColumnName, wordSeparator);
    }
}
