using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.LanguageModel;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmLanguageModelTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Language Model", LstmLanguageModelTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Says how likely each row's text is and which tokens may follow it, with a network that a <see cref="LstmLanguageModelTrainer"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `PredictedLabel`: known-sized vector of Key. The k most probable next tokens, the most probable first, with the key values of the
///   trainer's column; missing keys behind the last where the network knows fewer.
/// * `Score`: known-sized vector of <xref:System.Single>. The probabilities of these tokens among all that may follow, the end of the text
///   included.
/// * the trainer's `LogLikelihoodColumnName`, by default `LogLikelihood`: <xref:System.Single>. The natural logarithm of the probability of
///   the text, the sum over its tokens.
/// * the trainer's `NumberOfTokensColumnName`, by default `NumberOfTokens`: <xref:System.UInt32>. How many tokens have a part in that sum:
///   all that the network knows and, where texts have boundaries, the end; without boundaries not the first, which nothing predicts.
/// * the trainer's `TokenLogLikelihoodColumnName`, if given: variable-sized vector of <xref:System.Single>. The logarithm of the
///   probability of each of the T tokens, and behind them, where texts have boundaries, of the end; NaN where there is none.
///
/// A row that can't be scored gets missing keys, NaN, no tokens, and an empty vector. Texts of any length are scored in pieces, and take
/// little memory.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
public sealed partial class LstmLanguageModelTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmLanguageModel";

    internal LstmLanguageModelTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmLanguageModelTransformer)), model, columns)
        => Vocabulary = new LanguageVocabulary(model.Network.Shape, model.LabelValues);

    /// <summary>The tokens of the model.</summary>
    internal LanguageVocabulary Vocabulary { get; }

    private protected override ExplainedOutput Explained(ExplanationOptions options)
        => throw new NotSupportedException("A language model has an output for each token at each step, and can't be explained.");

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => LanguageModelOutputs.Create(Vocabulary, Columns.Language!);

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMLANG", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmLanguageModelTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmLanguageModelTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.NextToken, hasClasses: false, LabelKind.NextKey);
        model.LabelValues?.Check(model.Network.Shape.Embeddings[0].KeyCount);
        if (saved.Columns.Language is not { Predictions: >= 1 and <= LstmLanguageModelTrainer.Options.MostPredictions })
            throw new InvalidDataException("A saved LSTM language model has no columns of one; expected "
                + $"1 to {LstmLanguageModelTrainer.Options.MostPredictions} predictions.");
        return new LstmLanguageModelTransformer(environment, model, saved.Columns);
    }
}
