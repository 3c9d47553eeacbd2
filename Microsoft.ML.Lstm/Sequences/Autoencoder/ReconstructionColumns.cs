using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Sequences.Binary;

namespace Microsoft.ML.Lstm.Sequences.Autoencoder;

/// <summary>The error of a reconstructed sequence.</summary>
internal sealed class ReconstructionErrorColumn() : OutputColumn(ScoreColumn.ColumnName, NumberDataViewType.Single)
{
    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        // ML.NET's own anomaly detectors say so too.
        builder.AddScore(input, ScoreAnnotations.BinaryClassification, ScoreAnnotations.Score);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) => value = Of(row));

    /// <summary>The error of a row; NaN for one that could not be scored.</summary>
    public static float Of(ScoredRow row)
    {
        ReadOnlySpan<float> stepErrors = row.Output;
        return stepErrors.IsEmpty ? float.NaN : Reconstruction.ScoreOf(stepErrors);
    }
}

/// <summary>Whether the error of a reconstructed sequence is above a threshold.</summary>
internal sealed class AnomalyColumn(float threshold) : OutputColumn(PredictedLabel.ColumnName, BooleanDataViewType.Instance)
{
    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddScore(input, ScoreAnnotations.BinaryClassification, ScoreAnnotations.PredictedLabel);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<bool>)((ref bool value) => value = ReconstructionErrorColumn.Of(row) > threshold);
}

/// <summary>The error of each reconstructed step; an empty vector for a row that could not be scored.</summary>
internal sealed class StepErrorColumn(string name) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single))
{
    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Output, row.Output.Length, ref value));
}
