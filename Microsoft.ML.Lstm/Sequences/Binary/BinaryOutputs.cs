using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.Data.AnnotationUtils.Const;

namespace Microsoft.ML.Lstm.Sequences.Binary;

/// <summary>The columns of a binary classification: the predicted label, the score and the probability.</summary>
internal static class BinaryOutputs
{
    public static IEnumerable<SchemaShape.Column> Shapes =>
    [
        SchemaShapes.OfScoreSet(DefaultColumnNames.PredictedLabel, BooleanDataViewType.Instance),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Probability, NumberDataViewType.Single, isNormalized: true),
    ];

    public static OutputColumn[] Create(float threshold)
        => [new PredictedBooleanColumn(threshold), new ScoreColumn(ScoreColumnKind.BinaryClassification), new ProbabilityColumn()];
}

/// <summary>The probability of yes, σ of the score.</summary>
internal sealed class ProbabilityColumn() : ScoreSetColumn(DefaultColumnNames.Probability, NumberDataViewType.Single,
    ScoreColumnKind.BinaryClassification, ScoreValueKind.Probability)
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) => value = Of(row));

    public override OnnxValue Write(NetworkValues network) => Of(network);

    public static OnnxValue Of(NetworkValues network) => network.OfRows(network.Graph.Node("Sigmoid", [network.Output]), 1);

    /// <summary>The probability of yes for a row; NaN for one that could not be scored.</summary>
    public static float Of(ScoredRow row)
    {
        ReadOnlySpan<float> output = row.Output;
        return output.IsEmpty ? float.NaN : 1f / (1f + MathF.Exp(-output[0]));
    }
}

/// <summary>Whether the probability of yes is above a threshold; no for a row that could not be scored.</summary>
internal sealed class PredictedBooleanColumn(float threshold) : ScoreSetColumn(DefaultColumnNames.PredictedLabel,
    BooleanDataViewType.Instance, ScoreColumnKind.BinaryClassification, ScoreValueKind.PredictedLabel)
{
    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<bool>)((ref bool value) => value = ProbabilityColumn.Of(row) > threshold);

    public override OnnxValue Write(NetworkValues network) => network.IsAbove(ProbabilityColumn.Of(network), threshold);
}
