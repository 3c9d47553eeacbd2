using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>The probability of each class, softmax of the outputs; the slots have the classes' names.</summary>
internal sealed class ClassProbabilitiesColumn(int classes, LabelValues? labelValues) : OutputColumn(ScoreColumn.ColumnName, new VectorDataViewType(NumberDataViewType.Single, classes))
{
    private readonly int _classes = classes;

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
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, _classes);
        if (output.IsEmpty)
        {
            editor.Values.Fill(float.NaN);
        }
        else
        {
            StepDecoder.Softmax(output, editor.Values);
        }
        value = editor.Commit();
    });
}

/// <summary>The most probable class; missing for a row that could not be scored.</summary>
internal sealed class PredictedClassColumn(int classes, LabelValues? labelValues) : OutputColumn(PredictedLabel.ColumnName, new KeyDataViewType(typeof(uint), classes))
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
        value = output.IsEmpty ? 0 : (uint)TensorPrimitives.IndexOfMax(output) + 1;
    });
}
