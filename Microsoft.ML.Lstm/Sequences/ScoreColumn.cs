using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>The one output of the network as it is: the predicted value or, of a classification, how much speaks for yes.</summary>
internal sealed class ScoreColumn(string scoreColumnKind) : OutputColumn(ColumnName, NumberDataViewType.Single)
{
    public const string ColumnName = "Score";

    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddScore(input, scoreColumnKind, ScoreAnnotations.Score);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        value = output.IsEmpty ? float.NaN : output[0];
    });
}

/// <summary>The predicted values, when several are learned at once.</summary>
internal sealed class VectorScoreColumn(int size)
    : OutputColumn(ScoreColumn.ColumnName, new VectorDataViewType(NumberDataViewType.Single, size))
{
    private readonly int _size = size;

    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddScore(input, ScoreAnnotations.MultiOutputRegression, ScoreAnnotations.Score);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Output, _size, ref value));
}
