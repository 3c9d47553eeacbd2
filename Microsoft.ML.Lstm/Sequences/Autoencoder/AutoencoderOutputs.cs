using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.Autoencoder;

/// <summary>The columns of an autoencoder: the predicted label, the score and, if asked for, the errors of the steps.</summary>
internal static class AutoencoderOutputs
{
    public static IEnumerable<SchemaShape.Column> Shapes(string? stepErrors) =>
    [
        SchemaShapes.OfScoreSet(DefaultColumnNames.PredictedLabel, BooleanDataViewType.Instance),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single),
        .. stepErrors is null ? [] : new[] { SchemaShapes.Numbers(stepErrors, VectorKind.VariableVector) },
    ];

    public static OutputColumn[] Create(float threshold, string? stepErrors) =>
    [
        new AnomalyColumn(threshold),
        new ReconstructionErrorColumn(),
        .. stepErrors is null ? [] : new[] { new StepErrorColumn(stepErrors) },
    ];
}

/// <summary>The error of a reconstructed sequence, annotated as a binary classification, as by ML.NET's own anomaly detectors.</summary>
internal sealed class ReconstructionErrorColumn() : ScoreSetColumn(DefaultColumnNames.Score, NumberDataViewType.Single,
    ScoreColumnKind.BinaryClassification, ScoreValueKind.Score)
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) => value = Of(row));

    public override OnnxValue Write(NetworkValues network) => Of(network);

    public static OnnxValue Of(NetworkValues network) => network.OfRows(network.MeanOfSteps(network.StepErrors), 1);

    /// <summary>The error of a row; NaN for one that could not be scored.</summary>
    public static float Of(ScoredRow row)
    {
        ReadOnlySpan<float> stepErrors = row.Output;
        return stepErrors.IsEmpty ? float.NaN : Reconstruction.ScoreOf(stepErrors);
    }
}

/// <summary>Whether the error of a reconstructed sequence is above a threshold; no for a row that could not be scored.</summary>
internal sealed class AnomalyColumn(float threshold) : ScoreSetColumn(DefaultColumnNames.PredictedLabel, BooleanDataViewType.Instance,
    ScoreColumnKind.BinaryClassification, ScoreValueKind.PredictedLabel)
{
    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<bool>)((ref bool value) => value = ReconstructionErrorColumn.Of(row) > threshold);

    public override OnnxValue Write(NetworkValues network) => network.IsAbove(ReconstructionErrorColumn.Of(network), threshold);
}

/// <summary>The error of each reconstructed step; an empty vector for a row that could not be scored.</summary>
internal sealed class StepErrorColumn(string name) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single))
{
    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Output, row.Output.Length, ref value));

    public override OnnxValue Write(NetworkValues network) => network.OfSteps(network.StepErrors);
}
