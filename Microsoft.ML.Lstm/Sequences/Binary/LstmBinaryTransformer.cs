using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Binary;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmBinaryTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Binary Classification", LstmBinaryTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Predicts yes or no for each row's sequence, and how probable yes is, with a network that a <see cref="LstmBinaryTrainer"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `PredictedLabel`: <xref:System.Boolean>. Whether the probability is above `ProbabilityThreshold`.
/// * `Score`: <xref:System.Single>. The logarithm of the odds of yes: above 0 where yes is more probable than no.
/// * `Probability`: <xref:System.Single>. The probability of yes.
/// * the trainer's `EncodingColumnName`, if given: known-sized vector of <xref:System.Single>. The encoding of the sequence.
/// * the trainer's `AttentionColumnName`, if given: variable-sized vector of <xref:System.Single>. How much each step counts in the
///   encoding.
///
/// A row that can't be scored gets NaN, no for a label, and no weights of steps.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.Lstm(BinaryClassificationCatalog.BinaryClassificationTrainers, LstmBinaryTrainer.Options)"/>
public sealed class LstmBinaryTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmBinary";

    internal LstmBinaryTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmBinaryTransformer)), model, columns)
        => ProbabilityThreshold = columns.Threshold!.Value;

    /// <summary>The probability above which the predicted label is yes, from 0 to 1.</summary>
    public float ProbabilityThreshold { get; }

    /// <summary>A copy of this transformer with another threshold, which <c>ml.Model.Save</c> keeps.</summary>
    /// <remarks>
    /// It takes the place of <c>ml.BinaryClassification.ChangeModelThreshold</c>, which accepts ML.NET's own transformers only and sets a
    /// threshold for scores. ML.NET's evaluations ignore the threshold: they take scores above 0 for yes.
    /// </remarks>
    /// <param name="probabilityThreshold">The probability above which the predicted label is yes, from 0 to 1.</param>
    /// <returns>The copy; this transformer stays as it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="probabilityThreshold"/> is out of its range.</exception>
    /// <example>
    /// <code>
    /// // The last step of a pipeline, more careful with a yes than before.
    /// TransformerChain&lt;LstmBinaryTransformer&gt; model = pipeline.Fit(data);
    /// var careful = new TransformerChain&lt;ITransformer&gt;([.. model.SkipLast(1), model.LastTransformer.WithThreshold(0.9f)]);
    /// ml.Model.Save(careful, data.Schema, "careful.zip");
    /// </code>
    /// </example>
    public LstmBinaryTransformer WithThreshold(float probabilityThreshold)
    {
        if (!IsThreshold(probabilityThreshold))
            throw new ArgumentOutOfRangeException(nameof(probabilityThreshold), probabilityThreshold,
                "The threshold must be a probability, from 0 to 1.");
        return new(Host, Model, Columns with { Threshold = probabilityThreshold });
    }

    private static bool IsThreshold(float? threshold) => threshold is >= 0f and <= 1f;

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => BinaryOutputs.Create(ProbabilityThreshold);

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMBINA", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmBinaryTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmBinaryTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.Pooled, hasClasses: false, LabelKind.Boolean);
        return model.OutputCount == 1 && IsThreshold(saved.Columns.Threshold)
            ? new LstmBinaryTransformer(environment, model, saved.Columns)
            : throw new InvalidDataException(
                $"A saved LSTM model for binary classification has {model.OutputCount} outputs and the threshold "
                + $"{saved.Columns.Threshold}; expected 1 output and a threshold from 0 to 1.");
    }
}
