using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML;

/// <summary>
/// Extensions of ML.NET's catalog of text transforms, <c>ml.Transforms.Text</c>: subwords, and words that a decoder does not know.
/// </summary>
public static class LstmTextCatalog
{
    /// <summary>
    /// Creates a <see cref="SubwordTokenizingEstimator"/>, which cuts texts into the pieces of a vocabulary: byte pair encoding, WordPiece,
    /// SentencePiece or Tiktoken, by the ending of the file.
    /// </summary>
    /// <param name="catalog">The text transforms of <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column of pieces to add: a vector of keys, whose values are the pieces.</param>
    /// <param name="inputColumnName">The column of texts; <see langword="null"/> for one called
    /// <paramref name="outputColumnName"/>.</param>
    /// <param name="vocabularyFile">The vocabulary: <c>vocab.json</c> with <c>merges.txt</c> beside it, <c>vocab.txt</c>, a
    /// <c>.model</c> or a <c>.tiktoken</c>.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="FileNotFoundException">The file, or the one of merges, is missing.</exception>
    /// <exception cref="InvalidDataException">A file is not what its kind of tokenizer is made of.</exception>
    /// <exception cref="NotSupportedException">Microsoft.ML.Tokenizers would cut texts otherwise than the file says.</exception>
    /// <example>
    /// <code>
    /// var pipeline = ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", "gpt2/vocab.json")
    ///     .Append(ml.MulticlassClassification.Trainers.Lstm(featureColumnName: "Tokens"));
    /// </code>
    /// </example>
    public static SubwordTokenizingEstimator TokenizeIntoSubwords(this TransformsCatalog.TextTransforms catalog, string outputColumnName,
        string? inputColumnName, string vocabularyFile)
        => catalog.TokenizeIntoSubwords(new SubwordTokenizingEstimator.Options
        {
            OutputColumnName = outputColumnName,
            InputColumnName = inputColumnName,
            VocabularyFile = vocabularyFile,
        });

    /// <summary>Creates a <see cref="SubwordTokenizingEstimator"/> with all its options.</summary>
    /// <param name="catalog">The text transforms of <see cref="MLContext"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the estimator.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">An option is missing or out of its range.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is not what its kind of tokenizer is made of.</exception>
    /// <exception cref="NotSupportedException">Microsoft.ML.Tokenizers would cut texts otherwise than the file says.</exception>
    /// <example>
    /// <code>
    /// var pieces = ml.Transforms.Text.TokenizeIntoSubwords(new()
    /// {
    ///     OutputColumnName = "Tokens",
    ///     InputColumnName = "Text",
    ///     VocabularyFile = "bert/vocab.txt",
    ///     AddSpecialTokens = true,
    /// });
    /// </code>
    /// </example>
    public static SubwordTokenizingEstimator TokenizeIntoSubwords(this TransformsCatalog.TextTransforms catalog,
        SubwordTokenizingEstimator.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Creates a <see cref="SubwordJoiningEstimator"/>, which makes texts of pieces of a vocabulary: the way back of
    /// <see cref="TokenizeIntoSubwords(TransformsCatalog.TextTransforms, string, string?, string)"/>.
    /// </summary>
    /// <param name="catalog">The text transforms of <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column of texts to add.</param>
    /// <param name="inputColumnName">The column of pieces, a vector of keys; <see langword="null"/> for one called
    /// <paramref name="outputColumnName"/>.</param>
    /// <param name="vocabularyFile">The vocabulary that the pieces are from.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="FileNotFoundException">The file, or the one of merges, is missing.</exception>
    /// <exception cref="InvalidDataException">A file is not what its kind of tokenizer is made of.</exception>
    /// <exception cref="NotSupportedException">Microsoft.ML.Tokenizers would cut texts otherwise than the file says.</exception>
    /// <example>
    /// <code>
    /// var back = ml.Transforms.Text.JoinSubwords("Text", "Tokens", "gpt2/vocab.json");
    /// </code>
    /// </example>
    public static SubwordJoiningEstimator JoinSubwords(this TransformsCatalog.TextTransforms catalog, string outputColumnName,
        string? inputColumnName, string vocabularyFile)
        => catalog.JoinSubwords(new SubwordJoiningEstimator.Options
        {
            OutputColumnName = outputColumnName,
            InputColumnName = inputColumnName,
            VocabularyFile = vocabularyFile,
        });

    /// <summary>Creates a <see cref="SubwordJoiningEstimator"/> with all its options.</summary>
    /// <param name="catalog">The text transforms of <see cref="MLContext"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the estimator.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">An option is missing or out of its range.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is not what its kind of tokenizer is made of.</exception>
    /// <exception cref="NotSupportedException">Microsoft.ML.Tokenizers would cut texts otherwise than the file says.</exception>
    public static SubwordJoiningEstimator JoinSubwords(this TransformsCatalog.TextTransforms catalog,
        SubwordJoiningEstimator.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Creates a <see cref="UnknownWordCopyingEstimator"/>, which makes words of the keys that a decoder wrote, and copies those that it
    /// has no key for, such as rare names, from what it read.
    /// </summary>
    /// <param name="catalog">The text transforms of <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column of words to add, a vector of texts.</param>
    /// <param name="sourceColumnName">The column of the words that were read, a vector of texts, one for each step.</param>
    /// <param name="attentionColumnName">The column of the weights of these steps, the trainer's <c>AttentionColumnName</c>.</param>
    /// <param name="predictedLabelColumnName">The column of the keys that were written, a vector of keys whose values are texts.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is <see langword="null"/> or empty.</exception>
    /// <example>
    /// <code>
    /// // The frequent words have keys; the names of a text often have none.
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("EnglishKeys", "English", keyData: frequentEnglish)
    ///     .Append(ml.Transforms.Conversion.MapValueToKey("FrenchKeys", "French", keyData: frequentFrench))
    ///     .Append(ml.MulticlassClassification.Trainers.LstmSequenceToSequence(new()
    ///     {
    ///         LabelColumnName = "FrenchKeys",
    ///         FeatureColumnName = "EnglishKeys",
    ///         AttentionColumnName = "Looks",
    ///         WriteUnknown = true,
    ///     }))
    ///     .Append(ml.Transforms.Text.CopyUnknownWords("Translation", "English", "Looks"));
    /// </code>
    /// </example>
    public static UnknownWordCopyingEstimator CopyUnknownWords(this TransformsCatalog.TextTransforms catalog, string outputColumnName,
        string sourceColumnName, string attentionColumnName, string predictedLabelColumnName = DefaultColumnNames.PredictedLabel)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputColumnName);
        ArgumentException.ThrowIfNullOrEmpty(sourceColumnName);
        ArgumentException.ThrowIfNullOrEmpty(attentionColumnName);
        ArgumentException.ThrowIfNullOrEmpty(predictedLabelColumnName);
        return new(catalog.GetEnvironment(),
            new CopyingColumns(outputColumnName, predictedLabelColumnName, attentionColumnName, sourceColumnName));
    }
}
