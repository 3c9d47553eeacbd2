using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Ctc;
using Microsoft.ML.Lstm.Sequences.LanguageModel;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmCtcTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM labels without alignment", LstmCtcTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Reads what each row's sequence has one after the other, with a network that a <see cref="LstmCtcTrainer"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `PredictedLabel`: variable-sized vector of Key. The items in their order. It has the label's key values, if that had any, so that
///   `MapKeyToValue` gives the items their names back.
/// * `Score`: variable-sized vector of <xref:System.Single>. The probabilities of each frame, 1 + L of them: the blank, which stands for no
///   item, and then each of the L items; 0 for an item that the training data did not have. Any other decoder can read them.
/// * `LogProbability`: <xref:System.Single>. The logarithm of the probability of `PredictedLabel`, over all its alignments.
///
/// A row that can't be scored gets empty vectors and NaN.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.LstmCtc(MulticlassClassificationCatalog.MulticlassClassificationTrainers, LstmCtcTrainer.Options)"/>
public sealed class LstmCtcTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmCtc";
    internal const int LargestBeam = 65536;

    private readonly JoinedLanguage? _language;

    internal LstmCtcTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : this(environment, model, columns, language: null)
    {
    }

    private LstmCtcTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns,
        JoinedLanguage? language)
        : base(environment.Register(nameof(LstmCtcTransformer)), model, columns)
    {
        (BeamSize, _language) = (columns.BeamSize ?? 1, language);
        if (BeamSize == 1 && language is not null)
            throw new InvalidOperationException("The best path, a beam of 1, has no place for a language model: WithBeamSize of 2 or more "
                + "comes first, or WithLanguageModel(null).");
    }

    /// <summary>Prefixes that the search for the most probable label follows; 1 for the best path.</summary>
    public int BeamSize { get; }

    /// <summary>The language model that the search goes by too; <see langword="null"/> for none.</summary>
    public LstmLanguageModelTransformer? LanguageModel => _language?.Model;

    /// <summary>A copy of this transformer with another width of its search, which <c>ml.Model.Save</c> keeps.</summary>
    /// <param name="beamSize">Prefixes that the search follows, 1 to 65536; 1 for the best path.</param>
    /// <returns>The copy; this transformer stays as it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="beamSize"/> is out of its range.</exception>
    /// <exception cref="InvalidOperationException"><paramref name="beamSize"/> is 1, and there is a <see cref="LanguageModel"/>: the best
    /// path has no place for it.</exception>
    public LstmCtcTransformer WithBeamSize(int beamSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(beamSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(beamSize, LargestBeam);
        return new(Host, Model, Columns with { BeamSize = beamSize }, _language);
    }

    /// <summary>
    /// A copy of this transformer whose search also goes by a language model, which says how probable an item is behind those before it
    /// (shallow fusion): a label is searched for that makes the sum of its log-probability by the frames, <paramref name="weight"/> times
    /// that by the language model and <paramref name="itemBonus"/> times its length as large as possible. <c>LogProbability</c> stays that
    /// of the frames.
    /// </summary>
    /// <remarks>
    /// A file has no place for a language model in it: save both by themselves, and join them again when they are loaded.
    /// <see cref="LstmCatalog.WithWeightFormat{TTransformer}(TTransformer, WeightFormat)"/> rounds the weights of both.
    /// </remarks>
    /// <param name="languageModel">The language model, whose tokens are the items of labels; <see langword="null"/> for none.</param>
    /// <param name="weight">How much the language model counts, 0 or more and finite.</param>
    /// <param name="itemBonus">What each item adds, finite: a language model likes short labels.</param>
    /// <returns>The copy; this transformer stays as it is.</returns>
    /// <exception cref="ArgumentException">The language model does not know an item of the labels.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="weight"/> or <paramref name="itemBonus"/> is out of its
    /// range.</exception>
    /// <exception cref="InvalidOperationException"><see cref="BeamSize"/> is 1: the best path has no place for a language
    /// model.</exception>
    /// <example>
    /// <code>
    /// LstmCtcTransformer reader = model.LastTransformer.WithBeamSize(32).WithLanguageModel(letters, weight: 0.5f, itemBonus: 1f);
    /// </code>
    /// </example>
    public LstmCtcTransformer WithLanguageModel(LstmLanguageModelTransformer? languageModel, float weight = 0.5f, float itemBonus = 0)
    {
        if (!(weight >= 0 && float.IsFinite(weight)))
            throw new ArgumentOutOfRangeException(nameof(weight), weight, "The weight must be 0 or more and finite.");
        if (!float.IsFinite(itemBonus))
            throw new ArgumentOutOfRangeException(nameof(itemBonus), itemBonus, "The bonus must be finite.");
        if (languageModel is null)
            return new(Host, Model, Columns, language: null);
        return new(Host, Model, Columns, new JoinedLanguage(languageModel, TokensOf(languageModel.Vocabulary), weight, itemBonus));
    }

    internal override SequencePredictionTransformer WithWeights(WeightFormat format)
    {
        var other = (LstmCtcTransformer)base.WithWeights(format);
        if (_language is not { } language)
            return other;
        var rounded = (LstmLanguageModelTransformer)language.Model.WithWeights(format);
        return other.WithLanguageModel(rounded, language.Weight, language.ItemBonus);
    }

    /// <summary>The number of the token of each item.</summary>
    private int[] TokensOf(LanguageVocabulary vocabulary)
    {
        var classes = new ScoredClasses(Model.Network.Shape);
        Dictionary<string, int>? keys = Model.LabelValues is null ? null : vocabulary.Values?.Keys();
        return [.. Enumerable.Range(1, classes.Outputs - 1).Select(output =>
        {
            int key = classes[output];
            string name = Model.LabelValues?.Values[key - 1] ?? $"{key}";
            int number = vocabulary.NumberOf((uint)(keys is null ? key : keys.GetValueOrDefault(name)));
            return number > 0 ? number : throw new ArgumentException($"The language model does not know '{name}'.", "languageModel");
        })];
    }

    private protected override void CheckSavable()
    {
        if (_language is not null)
            throw new InvalidOperationException("A file has no place for a language model in it: save this transformer "
                + "WithLanguageModel(null), and the language model by itself, and join them again when they are loaded.");
    }

    private protected override OutputFunction ScoreFunction => OutputFunction.Softmax;

    // The label as a whole; its items have no steps.
    private protected override ExplainedOutput Explained(ExplanationOptions options)
        => options.Output is null
            ? new ExplainedAlignment(Model.Network.Shape.OutputSize)
            : throw new ArgumentOutOfRangeException(nameof(options.Output), options.Output,
                "It must be null: the logarithm of the probability of the whole label is explained.");

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => CtcOutputs.Create(new ScoredClasses(Model.Network.Shape), BeamSize, _language is null ? null : _language.Begin,
            Model.LabelValues);

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMCTCL", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmCtcTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmCtcTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.Ctc, hasClasses: true, LabelKind.KeySequence);
        model.LabelValues?.Check(model.Network.Shape.ClassCount);
        return saved.Columns.BeamSize is null or (>= 1 and <= LargestBeam)
            ? new LstmCtcTransformer(environment, model, saved.Columns)
            : throw new InvalidDataException(
                $"A saved LSTM model has a beam of {saved.Columns.BeamSize}; expected one from 1 to {LargestBeam}.");
    }

    private sealed record JoinedLanguage(LstmLanguageModelTransformer Model, int[] Tokens, float Weight, float ItemBonus)
    {
        // Packed once, for all searches.
        private readonly ScoringNetwork _network = new(Model.Model.Network);

        public PrefixLanguage Begin() => new(_network.Networks, Tokens, Weight, ItemBonus);
    }
}
