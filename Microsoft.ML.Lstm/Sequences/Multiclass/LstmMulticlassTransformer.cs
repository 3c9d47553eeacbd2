using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Multiclass;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmMulticlassTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Multiclass Classification", LstmMulticlassTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>Predicts the class of each row's sequence, with a network that a <see cref="LstmMulticlassTrainer"/> trained.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `PredictedLabel`: key. The most probable class. It has the label's key values, if that had any, so that `MapKeyToValue` gives the
///   class its name back.
/// * `Score`: known-sized vector of <xref:System.Single>. The probability of each class, in the order of the label's keys; 0 for a class
///   that the training data did not have.
/// * the trainer's `EncodingColumnName`, if given: known-sized vector of <xref:System.Single>. The encoding of the sequence.
/// * the trainer's `AttentionColumnName`, if given: variable-sized vector of <xref:System.Single>. How much each step counts in the
///   encoding.
///
/// A row that can't be scored gets NaN, the missing key, and no weights of steps.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.Lstm(MulticlassClassificationCatalog.MulticlassClassificationTrainers, LstmMulticlassTrainer.Options)"/>
public sealed class LstmMulticlassTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmMulticlass";

    internal LstmMulticlassTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmMulticlassTransformer)), model, columns)
    {
    }

    private protected override OutputFunction ScoreFunction => OutputFunction.Softmax;

    private protected override ExplainedOutput Explained(ExplanationOptions options)
        => new ExplainedClass(Model.OutputCount, new ScoredClasses(Model.Network.Shape).OutputOf(options));

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => MulticlassOutputs.Create(new ScoredClasses(Model.Network.Shape), Model.LabelValues);

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMMULT", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmMulticlassTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmMulticlassTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.Pooled, hasClasses: true, LabelKind.Key);
        model.LabelValues?.Check(model.Network.Shape.ClassCount);
        return new LstmMulticlassTransformer(environment, model, saved.Columns);
    }
}
