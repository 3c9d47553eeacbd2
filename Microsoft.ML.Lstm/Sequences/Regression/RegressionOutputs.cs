using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.Regression;

/// <summary>The columns of a regression.</summary>
internal static class RegressionOutputs
{
    public static IEnumerable<SchemaShape.Column> Shapes(VectorKind label)
        => [SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single, label)];

    /// <summary>The score: a vector of <paramref name="size"/> values where the label was a vector.</summary>
    public static OutputColumn Score(bool isVector, int size)
        => isVector ? new VectorScoreColumn(size) : new ScoreColumn(ScoreColumnKind.Regression);
}

/// <summary>The predicted values, when several are learned at once.</summary>
internal sealed class VectorScoreColumn(int size)
    : ScoreSetColumn(DefaultColumnNames.Score, new VectorDataViewType(NumberDataViewType.Single, size),
        ScoreColumnKind.MultiOutputRegression, ScoreValueKind.Score)
{
    private readonly int _size = size;

    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Output, _size, ref value));

    public override OnnxValue Write(NetworkValues network) => network.OfRows(network.Output, _size);
}
