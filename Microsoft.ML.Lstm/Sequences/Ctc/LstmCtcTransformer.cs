using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Ctc;
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

    internal LstmCtcTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmCtcTransformer)), model, columns,
            CtcOutputs.Create(new ScoredClasses(model.Network.Shape), columns.BeamSize ?? 1, model.LabelValues))
        => BeamSize = columns.BeamSize ?? 1;

    /// <summary>Prefixes that the search for the most probable label follows; 1 for the best path.</summary>
    public int BeamSize { get; }

    /// <summary>A copy of this transformer with another width of its search, which <c>ml.Model.Save</c> keeps.</summary>
    /// <param name="beamSize">Prefixes that the search follows, 1 to 65536; 1 for the best path.</param>
    /// <returns>The copy; this transformer stays as it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="beamSize"/> is out of its range.</exception>
    public LstmCtcTransformer WithBeamSize(int beamSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(beamSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(beamSize, LargestBeam);
        return new(Host, Model, Columns with { BeamSize = beamSize });
    }

    private protected override OutputFunction ScoreFunction => OutputFunction.Softmax;

    // The label as a whole; its items have no steps.
    private protected override ExplainedOutput Explained(ExplanationOptions options)
        => options.Output is null
            ? new ExplainedAlignment(Model.Network.Shape.OutputSize)
            : throw new ArgumentOutOfRangeException(nameof(options.Output), options.Output,
                "It must be null: the logarithm of the probability of the whole label is explained.");

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMCTCL", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmCtcTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmCtcTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.Ctc, hasClasses: true);
        model.LabelValues?.Check(model.Network.Shape.ClassCount);
        return saved.Columns.BeamSize is null or (>= 1 and <= LargestBeam)
            ? new LstmCtcTransformer(environment, model, saved.Columns)
            : throw new InvalidDataException(
                $"A saved LSTM model has a beam of {saved.Columns.BeamSize}; expected one from 1 to {LargestBeam}.");
    }
}
