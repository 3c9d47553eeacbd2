using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Microsoft.ML;

/// <summary>Extensions of ML.NET's catalog of text transforms, <c>ml.Transforms.Text</c>: subwords.</summary>
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
}
