using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>The annotations by which ML.NET's evaluators and converters know the columns that come with a score.</summary>
internal static class ScoreAnnotations
{
    public const string Regression = AnnotationUtils.Const.ScoreColumnKind.Regression;

    public const string MultiOutputRegression = AnnotationUtils.Const.ScoreColumnKind.MultiOutputRegression;

    public const string BinaryClassification = AnnotationUtils.Const.ScoreColumnKind.BinaryClassification;

    public const string MulticlassClassification = AnnotationUtils.Const.ScoreColumnKind.MulticlassClassification;

    public const string SequenceClassification = AnnotationUtils.Const.ScoreColumnKind.SequenceClassification;

    public const string Score = AnnotationUtils.Const.ScoreValueKind.Score;

    public const string Probability = AnnotationUtils.Const.ScoreValueKind.Probability;

    public const string PredictedLabel = AnnotationUtils.Const.ScoreValueKind.PredictedLabel;

    public const string KeyValues = AnnotationUtils.Kinds.KeyValues;

    public const string SlotNames = AnnotationUtils.Kinds.SlotNames;

    public const string TrainingLabelValues = AnnotationUtils.Kinds.TrainingLabelValues;

    /// <summary>
    /// Adds those of a column behind the columns of <paramref name="input"/>; all columns of one transformer are a score set of their own.
    /// </summary>
    public static void AddScore(this DataViewSchema.Annotations.Builder builder, DataViewSchema input, string scoreColumnKind,
        string scoreValueKind)
    {
        uint lastSet = input.GetMaxAnnotationKind(out _, AnnotationUtils.Kinds.ScoreColumnSetId);
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreColumnSetId, AnnotationUtils.ScoreColumnSetIdType, lastSet + 1);
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreColumnKind, TextDataViewType.Instance, scoreColumnKind.AsMemory());
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreValueKind, TextDataViewType.Instance, scoreValueKind.AsMemory());
    }

    /// <summary>Says that the column's values are from 0 to 1.</summary>
    public static void AddIsNormalized(this DataViewSchema.Annotations.Builder builder)
        => builder.AddPrimitiveValue(AnnotationUtils.Kinds.IsNormalized, BooleanDataViewType.Instance, true);
}
