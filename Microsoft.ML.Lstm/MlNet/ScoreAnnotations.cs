using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>The annotations by which ML.NET's evaluators know a column of scores.</summary>
internal static class ScoreAnnotations
{
    public const string Regression = AnnotationUtils.Const.ScoreColumnKind.Regression;

    public const string MultiOutputRegression = AnnotationUtils.Const.ScoreColumnKind.MultiOutputRegression;

    /// <summary>The annotations of a score column behind the columns of <paramref name="input"/>, in a score set of its own.</summary>
    public static DataViewSchema.Annotations Create(DataViewSchema input, string scoreColumnKind)
    {
        uint lastSet = input.GetMaxAnnotationKind(out _, AnnotationUtils.Kinds.ScoreColumnSetId);
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreColumnSetId, AnnotationUtils.ScoreColumnSetIdType, lastSet + 1);
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreColumnKind, TextDataViewType.Instance, scoreColumnKind.AsMemory());
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreValueKind, TextDataViewType.Instance, AnnotationUtils.Const.ScoreValueKind.Score.AsMemory());
        return builder.ToAnnotations();
    }
}
