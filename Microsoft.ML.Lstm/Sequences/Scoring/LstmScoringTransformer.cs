using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Scoring;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmScoringTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "LSTM Scoring",
    LstmScoringTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>Adds the outputs of a network that was trained elsewhere, see <see cref="LstmScoringEstimator"/>.</summary>
/// <remarks>
/// <c>ml.Model.Save</c> saves the network with the transformer: its file is no longer needed. A row that can't be scored gets NaN, or an
/// empty vector where each step has outputs.
/// </remarks>
/// <seealso cref="LstmTransformsCatalog.ApplyLstmModel(TransformsCatalog, string, string, string)"/>
public sealed class LstmScoringTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmScoring";

    internal LstmScoringTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmScoringTransformer)), model, columns)
    {
    }

    /// <summary>The column that receives the outputs; <see langword="null"/> for none.</summary>
    public string? OutputColumnName => Columns.OutputColumnName;

    private protected override OutputFunction ScoreFunction => Model.OutputFunction;

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => OutputColumnName is { } output ? [ModelOutputs.Create(output, Model)] : [];

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMSCOR", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmScoringTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmScoringTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(head: null, hasClasses: true, kind: null);
        ScoringColumns columns = saved.Columns;
        if (model.Network.Shape.Head.JoinsSteps)
            throw new InvalidDataException(
                "A saved LSTM model has a conditional random field, or labels without alignment; expected neither for its columns.");
        model.LabelValues?.Check(model.Network.Shape.ClassCount);
        if (columns.OutputColumnName is null && columns.EncodingColumnName is null && columns.AttentionColumnName is null)
            throw new InvalidDataException("A saved LSTM model adds no column; expected one or more.");
        return new LstmScoringTransformer(environment, model, columns);
    }
}
