using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.PerStep;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmPerStepBinaryTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Binary Classification at every step", LstmPerStepBinaryTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Predicts yes or no, or several of them, at every step of each row's sequence, with a network that a
/// <see cref="LstmPerStepBinaryTrainer"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// Each has L values for each of the T steps, (T, L), the first step first.
/// * `PredictedLabel`: variable-sized vector of <xref:System.Boolean>. Whether the probability is above `ProbabilityThreshold`.
/// * `Score`: variable-sized vector of <xref:System.Single>. The logarithm of the odds of yes: above 0 where yes is more probable than no.
/// * `Probability`: variable-sized vector of <xref:System.Single>. The probability of yes.
///
/// A row that can't be scored gets empty vectors.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.LstmPerStep(BinaryClassificationCatalog.BinaryClassificationTrainers, LstmPerStepBinaryTrainer.Options)"/>
public sealed class LstmPerStepBinaryTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmPerStepBinary";

    internal LstmPerStepBinaryTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmPerStepBinaryTransformer)), model, columns)
        => ProbabilityThreshold = columns.Threshold!.Value;

    /// <summary>The probability above which the predicted label is yes, from 0 to 1.</summary>
    public float ProbabilityThreshold { get; }

    /// <summary>A copy of this transformer with another threshold, which <c>ml.Model.Save</c> keeps.</summary>
    /// <param name="probabilityThreshold">The probability above which the predicted label is yes, from 0 to 1.</param>
    /// <returns>The copy; this transformer stays as it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="probabilityThreshold"/> is out of its range.</exception>
    public LstmPerStepBinaryTransformer WithThreshold(float probabilityThreshold)
        => probabilityThreshold is >= 0 and <= 1
            ? new(Host, Model, Columns with { Threshold = probabilityThreshold })
            : throw new ArgumentOutOfRangeException(nameof(probabilityThreshold), probabilityThreshold,
                "The threshold must be a probability, from 0 to 1.");

    /// <summary>
    /// Creates a stream, which gives the probabilities of yes step by step while the steps of one sequence come in. The values of a step
    /// are those that <see cref="SequencePredictionTransformer.Transform"/> gives as <c>Probability</c> for the sequence so far.
    /// </summary>
    /// <param name="statics">The static features of the sequence; none for a model without.</param>
    /// <returns>The stream, before the first step.</returns>
    /// <exception cref="ArgumentException">The model has another number of static features.</exception>
    /// <exception cref="NotSupportedException">A step's values depend on later steps: the network is bidirectional or has convolutions; or
    /// it reads words by their characters.</exception>
    public LstmStepStream CreateStream(ReadOnlySpan<float> statics = default) => new(Network, OutputFunction.Sigmoid, statics);

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => PerStepOutputs.Truths(Model.OutputCount, ProbabilityThreshold);

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMSBIN", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmPerStepBinaryTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmPerStepBinaryTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
        => saved.Columns.Threshold is >= 0 and <= 1
            ? new(environment, saved.CheckPerStep(LabelKind.TruthsPerStep), saved.Columns)
            : throw new InvalidDataException($"A saved LSTM model for binary classification has the threshold {saved.Columns.Threshold}; "
                + "expected one from 0 to 1.");
}
