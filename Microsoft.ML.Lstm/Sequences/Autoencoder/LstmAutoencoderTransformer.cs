using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Autoencoder;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmAutoencoderTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "LSTM Autoencoder",
    LstmAutoencoderTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Finds anomalous sequences: scores the sequence in each row by the error with which an autoencoder, trained by a
/// <see cref="LstmAutoencoderTrainer"/>, reconstructs it.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `PredictedLabel`: <xref:System.Boolean>. Whether the score is above the threshold: whether the sequence is an anomaly.
/// * `Score`: <xref:System.Single>. The mean squared error of the reconstruction over steps and features, in the scaled unit in which each
///   feature of the training data has variance 1; 0 or more, larger for more unusual sequences.
/// * the trainer's `StepErrorColumnName`, if given: variable-sized vector of <xref:System.Single>. The mean squared error at each step, the
///   first step first; its mean is the score.
/// * the trainer's `EncodingColumnName`, if given: known-sized vector of <xref:System.Single>. The code of the sequence.
///
/// A row that can't be scored gets NaN, no for a label, and no errors of steps.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.LstmAutoencoder(AnomalyDetectionCatalog.AnomalyDetectionTrainers, LstmAutoencoderTrainer.Options)"/>
public sealed class LstmAutoencoderTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmAutoencoder";

    internal LstmAutoencoderTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmAutoencoderTransformer)), model, columns)
        => Threshold = columns.Threshold!.Value;

    /// <summary>The score above which a sequence is an anomaly.</summary>
    public float Threshold { get; }

    /// <summary>The column that receives the error at each step; <see langword="null"/> for none.</summary>
    public string? StepErrorColumnName => Columns.StepErrorColumnName;

    /// <summary>A copy of this transformer with another threshold, which <c>ml.Model.Save</c> keeps.</summary>
    /// <param name="threshold">The score above which a sequence is an anomaly, 0 or more and finite.</param>
    /// <returns>The copy; this transformer stays as it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threshold"/> is out of its range.</exception>
    public LstmAutoencoderTransformer WithThreshold(float threshold)
    {
        if (!IsThreshold(threshold))
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "The threshold must be 0 or more and finite.");
        return new(Host, Model, Columns with { Threshold = threshold });
    }

    private static bool IsThreshold(float? threshold) => threshold is >= 0 and < float.PositiveInfinity;

    private protected override ExplainedOutput Explained(ExplanationOptions options)
    {
        options.OutputOf(outputs: 1);
        return new ExplainedReconstruction(Model.Network.InputScaler);
    }

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => AutoencoderOutputs.Create(Threshold, StepErrorColumnName);

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMAUTO", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmAutoencoderTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmAutoencoderTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.Autoencoder, hasClasses: false, LabelKind.None);
        return IsThreshold(saved.Columns.Threshold)
            ? new LstmAutoencoderTransformer(environment, model, saved.Columns)
            : throw new InvalidDataException(
                $"A saved LSTM autoencoder has the threshold {saved.Columns.Threshold}; expected one of 0 or more.");
    }
}
