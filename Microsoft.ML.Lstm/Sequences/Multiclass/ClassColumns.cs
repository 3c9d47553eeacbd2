using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Sequences.Binary;

namespace Microsoft.ML.Lstm.Sequences.Multiclass;

/// <summary>The probability of each class, softmax of the outputs; the slots have the classes' names.</summary>
internal sealed class ClassProbabilitiesColumn(ScoredClasses classes, LabelValues? labelValues)
    : OutputColumn(ScoreColumn.ColumnName, new VectorDataViewType(NumberDataViewType.Single, classes.Count))
{
    private readonly ScoredClasses _classes = classes;

    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        if (labelValues is { IsText: true })
            labelValues.AddTo(builder, ScoreAnnotations.SlotNames);
        labelValues?.AddTo(builder, ScoreAnnotations.TrainingLabelValues);
        builder.AddScore(input, ScoreAnnotations.MulticlassClassification, ScoreAnnotations.Score);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        if (output.IsEmpty)
        {
            VBufferEditor<float> missing = VBufferEditor.Create(ref value, _classes.Count);
            missing.Values.Fill(float.NaN);
            value = missing.Commit();
            return;
        }
        VBufferEditor<float> editor = _classes.Begin(ref value, steps: 1, out Span<float> probabilities);
        Softmax.Probabilities(output, probabilities);
        value = _classes.Commit(editor, steps: 1);
    });
}

/// <summary>The most probable class; missing for a row that could not be scored.</summary>
internal sealed class PredictedClassColumn(ScoredClasses classes, LabelValues? labelValues)
    : OutputColumn(PredictedLabel.ColumnName, new KeyDataViewType(typeof(uint), classes.Count))
{
    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        labelValues?.AddTo(builder, ScoreAnnotations.KeyValues);
        builder.AddScore(input, ScoreAnnotations.MulticlassClassification, ScoreAnnotations.PredictedLabel);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<uint>)((ref uint value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        value = output.IsEmpty ? 0 : (uint)classes[TensorPrimitives.IndexOfMax(output)] + 1;
    });
}
