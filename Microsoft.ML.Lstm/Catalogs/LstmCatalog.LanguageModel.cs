using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Sequences.LanguageModel.Evaluation;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>
    /// Creates a <see cref="LstmLanguageModelTrainer"/>, which learns to predict each token of a text from those before it.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="featureColumnName">The column of texts: a vector of keys, one a token.</param>
    /// <param name="exampleWeightColumnName">How much each row counts, a column of <see cref="float"/>; <see langword="null"/> for rows
    /// that all count the same.</param>
    /// <param name="hiddenSize">Units of each recurrent layer, 1 to 65536; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfLayers">Recurrent layers, 1 to 64; <see langword="null"/>: chosen from the data.</param>
    /// <param name="learningRate">The step size, above 0; <see langword="null"/>: chosen from the data.</param>
    /// <param name="numberOfEpochs">How often training goes over the data, at least 1; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Text.TokenizeIntoWords("Words", "Sentence")
    ///     .Append(ml.Transforms.Conversion.MapValueToKey("Features", "Words"))
    ///     .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel());
    /// </code>
    /// </example>
    public static LstmLanguageModelTrainer LstmLanguageModel(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string featureColumnName = DefaultColumnNames.Features,
        string? exampleWeightColumnName = null,
        int? hiddenSize = null,
        int? numberOfLayers = null,
        float? learningRate = null,
        int? numberOfEpochs = null)
        => catalog.LstmLanguageModel(new LstmLanguageModelTrainer.Options
        {
            FeatureColumnName = featureColumnName,
            ExampleWeightColumnName = exampleWeightColumnName,
            HiddenSize = hiddenSize,
            NumberOfLayers = numberOfLayers,
            LearningRate = learningRate,
            NumberOfEpochs = numberOfEpochs,
        });

    /// <summary>
    /// Creates a <see cref="LstmLanguageModelTrainer"/> with all its options, which learns to predict each token of a text from those
    /// before it.
    /// </summary>
    /// <param name="catalog">The trainers of <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the trainer.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Features", "Text")
    ///     .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
    ///     {
    ///         HiddenSize = 512,
    ///         NumberOfLayers = 2,
    ///         OutputDropout = 0.3f,
    ///     }));
    /// </code>
    /// </example>
    public static LstmLanguageModelTrainer LstmLanguageModel(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, LstmLanguageModelTrainer.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>Evaluates a language model on texts that it has scored: perplexity, and nats and bits a token.</summary>
    /// <param name="catalog">The <see cref="MulticlassClassificationCatalog"/>.</param>
    /// <param name="data">Data that a <see cref="LstmLanguageModelTransformer"/> has transformed.</param>
    /// <param name="logLikelihoodColumnName">The column of the logarithms of the texts' probabilities.</param>
    /// <param name="numberOfTokensColumnName">The column of the numbers of tokens that have a part in them.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="catalog"/> or <paramref name="data"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">No row has a predicted token.</exception>
    /// <example>
    /// <code>
    /// LanguageModelMetrics metrics = ml.MulticlassClassification.EvaluateLanguageModel(model.Transform(test));
    /// Console.WriteLine(metrics.Perplexity);
    /// </code>
    /// </example>
    public static LanguageModelMetrics EvaluateLanguageModel(this MulticlassClassificationCatalog catalog, IDataView data,
        string logLikelihoodColumnName = LanguageModelMetrics.DefaultLogLikelihoodColumn,
        string numberOfTokensColumnName = LanguageModelMetrics.DefaultNumberOfTokensColumn)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return LanguageModelEvaluator.Evaluate(catalog.GetEnvironment(), data, logLikelihoodColumnName, numberOfTokensColumnName);
    }
}
