using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Labeling;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmSequenceLabelingTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Sequence Labeling", LstmSequenceLabelingTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Predicts a label for each step of each row's sequence, with a network that a <see cref="LstmSequenceLabelingTrainer"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `PredictedLabel`: variable-sized vector of Key. The label of each step. It has the label's key values, if that had any, so that
///   `MapKeyToValue` gives the labels their names back.
/// * `Score`: variable-sized vector of <xref:System.Single>. The probability of each of the L labels at each of the T steps, T x L values,
///   the first step first; 0 for a label that the training data did not have.
///
/// A row that can't be scored gets empty vectors.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
public sealed class LstmSequenceLabelingTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmSequenceLabeling";

    internal LstmSequenceLabelingTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmSequenceLabelingTransformer)), model, columns)
    {
    }

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
    {
        SequenceModel network = Model.Network;
        var crf = new Lazy<LinearChainCrf?>(() => StepDecoder.CrfOf(network));
        return SequenceLabelingOutputs.Create(new ScoredClasses(network.Shape), crf, Model.LabelValues);
    }

    private protected override OutputFunction ScoreFunction => OutputFunction.Softmax;

    private protected override ExplainedOutput Explained(ExplanationOptions options)
    {
        int? label = new ScoredClasses(Model.Network.Shape).OutputOf(options);
        return StepDecoder.CrfOf(Model.Network) is { } crf
            ? new ExplainedLabel(crf, label, options.Step)
            : new ExplainedClass(Model.OutputCount, label, options.Step);
    }

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMLABL", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmSequenceLabelingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmSequenceLabelingTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.EveryStep, hasClasses: true, LabelKind.KeyPerStep);
        model.LabelValues?.Check(model.Network.Shape.ClassCount);
        return new LstmSequenceLabelingTransformer(environment, model, saved.Columns);
    }
}
