using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.Multiclass;

/// <summary>The columns of a multiclass classification: the predicted label and the score, with what is known of the classes.</summary>
internal static class MulticlassOutputs
{
    public static IEnumerable<SchemaShape.Column> Shapes(SchemaShape.Column label) =>
    [
        SchemaShapes.PredictedKey(VectorKind.Scalar, label),
        new(DefaultColumnNames.Score, VectorKind.Vector, NumberDataViewType.Single, isKey: false, new SchemaShape(ScoreShapes(label))),
    ];

    public static OutputColumn[] Create(ScoredClasses classes, KeyValues? labelValues)
        => [new PredictedClassColumn(classes, labelValues), new ClassProbabilitiesColumn(classes, labelValues)];

    // The shape that ML.NET gives this annotation forgets that values may be keys.
    private static IEnumerable<SchemaShape.Column> ScoreShapes(SchemaShape.Column label)
    {
        SchemaShape.Column? values = KeyValues.ShapeOf(label);
        return AnnotationUtils.AnnotationsForMulticlassScoreColumn(values is null ? null : label).Select(annotation =>
            annotation.Name == AnnotationUtils.Kinds.TrainingLabelValues
                ? new SchemaShape.Column(annotation.Name, annotation.Kind, annotation.ItemType, values!.Value.IsKey)
                : annotation);
    }
}

/// <summary>The probability of each class, softmax of the outputs; the slots have the classes' names.</summary>
internal sealed class ClassProbabilitiesColumn(ScoredClasses classes, KeyValues? labelValues)
    : ScoreSetColumn(DefaultColumnNames.Score, new VectorDataViewType(NumberDataViewType.Single, classes.Count),
        ScoreColumnKind.MulticlassClassification, ScoreValueKind.Score)
{
    private readonly ScoredClasses _classes = classes;

    protected override void AddValueNames(DataViewSchema.Annotations.Builder builder)
    {
        if (labelValues is { IsText: true })
            labelValues.AddTo(builder, AnnotationUtils.Kinds.SlotNames);
        labelValues?.AddTo(builder, AnnotationUtils.Kinds.TrainingLabelValues);
    }

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        if (output.IsEmpty)
        {
            Copy(output, _classes.Count, ref value);
            return;
        }
        VBufferEditor<float> editor = _classes.Begin(ref value, steps: 1, out Span<float> probabilities);
        Softmax.Probabilities(output, probabilities);
        value = _classes.Commit(editor, steps: 1);
    });

    public override OnnxValue Write(NetworkValues network)
    {
        string probabilities = network.Graph.Node("Softmax", [network.Output], OnnxAttribute.Of("axis", 1));
        return network.OfRows(_classes.WriteProbabilities(network.Graph, probabilities, axis: 1), _classes.Count);
    }
}

/// <summary>The most probable class; missing for a row that could not be scored.</summary>
internal sealed class PredictedClassColumn(ScoredClasses classes, KeyValues? labelValues)
    : ScoreSetColumn(DefaultColumnNames.PredictedLabel, new KeyDataViewType(typeof(uint), classes.Count),
        ScoreColumnKind.MulticlassClassification, ScoreValueKind.PredictedLabel)
{
    private readonly ScoredClasses _classes = classes;

    protected override void AddValueNames(DataViewSchema.Annotations.Builder builder)
        => labelValues?.AddTo(builder, AnnotationUtils.Kinds.KeyValues);

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<uint>)((ref uint value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        value = output.IsEmpty ? 0 : (uint)_classes[TensorPrimitives.IndexOfMax(output)] + 1;
    });

    public override OnnxValue Write(NetworkValues network)
    {
        string best = network.Graph.Node("ArgMax", [network.Output], OnnxAttribute.Of("axis", 1));
        return network.KeysOf(_classes.WriteKeys(network.Graph, best), 1) with { Names = labelValues?.Values };
    }
}
