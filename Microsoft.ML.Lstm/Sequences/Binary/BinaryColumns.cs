using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Sequences.Binary;

/// <summary>The probability of yes, σ of the score.</summary>
internal sealed class ProbabilityColumn() : OutputColumn(ColumnName, NumberDataViewType.Single)
{
    public const string ColumnName = "Probability";

    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddScore(input, ScoreAnnotations.BinaryClassification, ScoreAnnotations.Probability);
        builder.AddIsNormalized();
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) => value = Of(row));

    /// <summary>The probability that a row has; NaN for one that could not be scored.</summary>
    public static float Of(ScoredRow row)
    {
        ReadOnlySpan<float> output = row.Output;
        return output.IsEmpty ? float.NaN : 1f / (1f + MathF.Exp(-output[0]));
    }
}

/// <summary>Whether the probability of yes is above a threshold.</summary>
internal sealed class PredictedBooleanColumn(float threshold) : OutputColumn(PredictedLabel.ColumnName, BooleanDataViewType.Instance)
{
    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddScore(input, ScoreAnnotations.BinaryClassification, ScoreAnnotations.PredictedLabel);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<bool>)((ref bool value) => value = ProbabilityColumn.Of(row) > threshold);
}

/// <summary>The column of predicted labels, in any classification.</summary>
internal static class PredictedLabel
{
    public const string ColumnName = "PredictedLabel";
}
