using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>
    /// Creates a <see cref="LstmAutoencoderTrainer"/>, which learns what usual sequences look like and detects unusual ones.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="AnomalyDetectionCatalog"/>.</param>
    /// <param name="featureColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, the first step
    /// first.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="featuresPerStep">F; <see langword="null"/> takes it from the dimensions (T, F) of the feature column if it has two or
    /// more, else 1.</param>
    /// <param name="encodingSize">Numbers of the code that a sequence is reconstructed from, 1 to 65536; <see langword="null"/>: chosen
    /// from the data.</param>
    /// <param name="falsePositiveRate">The share of usual sequences that may be reported as anomalies, from 0 to below 1. To keep it takes
    /// 10 · (1 / rate − 1) rows of training data, 990 for the default.</param>
    /// <param name="hiddenSize">Units of each recurrent layer, 1 to 65536; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfLayers">Recurrent layers of the encoder, and of the decoder, 1 to 64; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <param name="learningRate">The step size, above 0; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.SlidingWindow("Window", windowSize: 48, ["Temperature", "Pressure"])
    ///     .Append(ml.AnomalyDetection.Trainers.LstmAutoencoder(featureColumnName: "Window"));
    /// </code>
    /// </example>
    public static LstmAutoencoderTrainer LstmAutoencoder(this AnomalyDetectionCatalog.AnomalyDetectionTrainers catalog,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? featuresPerStep = null,
        int? encodingSize = null,
        float falsePositiveRate = 0.01f,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        float? learningRate = null,
        int? numberOfEpochs = null)
        => catalog.LstmAutoencoder(new LstmAutoencoderTrainer.Options
        {
            FeatureColumnName = featureColumnName,
            ExampleWeightColumnName = exampleWeightColumnName,
            FeaturesPerStep = featuresPerStep,
            EncodingSize = encodingSize,
            FalsePositiveRate = falsePositiveRate,
            HiddenSize = hiddenSize,
            NumberOfLayers = numberOfLayers,
            LearningRate = learningRate,
            NumberOfEpochs = numberOfEpochs,
        });

    /// <summary>
    /// Creates a <see cref="LstmAutoencoderTrainer"/> with all its options, which learns what usual sequences look like and detects unusual
    /// ones.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="AnomalyDetectionCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var trainer = ml.AnomalyDetection.Trainers.LstmAutoencoder(new()
    /// {
    ///     FeatureColumnName = "Window",
    ///     StepErrorColumnName = "Errors",   // which step was strange
    ///     FalsePositiveRate = 0.001f,
    /// });
    /// </code>
    /// </example>
    public static LstmAutoencoderTrainer LstmAutoencoder(this AnomalyDetectionCatalog.AnomalyDetectionTrainers catalog,
        LstmAutoencoderTrainer.Options options)
        => new(catalog.GetEnvironment(), options);
}
