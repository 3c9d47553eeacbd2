using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Regression;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmRegressionTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "LSTM Regression",
    LstmRegressionTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Predicts a value, or several, for each row's sequence, with a network that a <see cref="LstmRegressionTrainer"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `Score`: <xref:System.Single>, or a known-sized vector of it when the label is a vector. The prediction, in the unit of the label.
/// * the trainer's `EncodingColumnName`, if given: known-sized vector of <xref:System.Single>. The encoding of the sequence.
/// * the trainer's `AttentionColumnName`, if given: variable-sized vector of <xref:System.Single>. How much each step counts in the
///   encoding.
///
/// A row that can't be scored (no steps, a vector length that is no multiple of the features a step, NaN or infinity in features or
/// static features) gets NaN, and no weights of steps, and no other row is affected by it.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.Lstm(RegressionCatalog.RegressionTrainers, LstmRegressionTrainer.Options)"/>
public sealed class LstmRegressionTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmRegression";

    internal LstmRegressionTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmRegressionTransformer)), model, columns)
    {
    }

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => [RegressionOutputs.Score(Columns.VectorScore, Model.OutputCount)];

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMREGR", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmRegressionTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmRegressionTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.Pooled, hasClasses: false, LabelKind.Numbers);
        return saved.Columns.VectorScore || model.OutputCount == 1
            ? new LstmRegressionTransformer(environment, model, saved.Columns)
            : throw new InvalidDataException(
                $"A saved LSTM model has {model.OutputCount} outputs, but its score is to be a single value.");
    }
}
