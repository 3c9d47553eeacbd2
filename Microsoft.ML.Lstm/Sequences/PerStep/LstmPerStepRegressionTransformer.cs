using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.PerStep;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmPerStepRegressionTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Regression at every step", LstmPerStepRegressionTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Predicts a value, or several, at every step of each row's sequence, with a network that a <see cref="LstmPerStepRegressionTrainer"/>
/// trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `Score`: variable-sized vector of <xref:System.Single>, (T, L). The L predictions of each of the T steps, in the unit of the label,
///   the first step first.
///
/// A row that can't be scored gets an empty vector.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.LstmPerStep(RegressionCatalog.RegressionTrainers, LstmPerStepRegressionTrainer.Options)"/>
public sealed class LstmPerStepRegressionTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmPerStepRegression";

    internal LstmPerStepRegressionTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmPerStepRegressionTransformer)), model, columns)
    {
    }

    /// <summary>
    /// Creates a stream, which predicts step by step while the steps of one sequence come in, as a controller does. The values of a step
    /// are, to the last bit, those that <see cref="SequencePredictionTransformer.Transform"/> gives for the sequence so far.
    /// </summary>
    /// <param name="statics">The static features of the sequence; none for a model without.</param>
    /// <returns>The stream, before the first step.</returns>
    /// <exception cref="ArgumentException">The model has another number of static features.</exception>
    /// <exception cref="NotSupportedException">A step's values depend on later steps: the network is bidirectional or has convolutions; or
    /// it reads words by their characters.</exception>
    /// <example>
    /// <code>
    /// LstmStepStream controller = model.LastTransformer.CreateStream();
    /// while (ReadSensors() is { } sensors)
    ///     Steer(controller.Next(sensors)[0]);
    /// </code>
    /// </example>
    public LstmStepStream CreateStream(ReadOnlySpan<float> statics = default) => new(Network, OutputFunction.None, statics);

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => [PerStepOutputs.Score(Model.OutputCount)];

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMSREG", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmPerStepRegressionTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmPerStepRegressionTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
        => new(environment, saved.CheckPerStep(LabelKind.NumbersPerStep), saved.Columns);
}
