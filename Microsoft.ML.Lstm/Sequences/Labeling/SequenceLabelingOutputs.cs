using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.Labeling;

/// <summary>The columns of a sequence labelling: the predicted labels and the scores, both vectors of variable size.</summary>
internal static class SequenceLabelingOutputs
{
    public static IEnumerable<SchemaShape.Column> Shapes(SchemaShape.Column label) =>
    [
        SchemaShapes.PredictedKey(VectorKind.VariableVector, label),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single, VectorKind.VariableVector),
    ];

    public static OutputColumn[] Create(ScoredClasses labels, Lazy<LinearChainCrf?> crf, KeyValues? labelValues)
        => [new PredictedStepsColumn(labels, crf, labelValues), new StepProbabilitiesColumn(labels, crf)];
}

/// <summary>The predicted label of each step; an empty vector for a row that could not be scored.</summary>
internal sealed class PredictedStepsColumn(ScoredClasses labels, Lazy<LinearChainCrf?> crf, KeyValues? labelValues)
    : ScoreSetColumn(DefaultColumnNames.PredictedLabel, new VectorDataViewType(new KeyDataViewType(typeof(uint), labels.Count)),
        ScoreColumnKind.SequenceClassification, ScoreValueKind.PredictedLabel)
{
    private readonly ScoredClasses _labels = labels;
    private readonly Lazy<LinearChainCrf?> _crf = crf;

    protected override void AddValueNames(DataViewSchema.Annotations.Builder builder)
        => labelValues?.AddTo(builder, AnnotationUtils.Kinds.KeyValues);

    public override Delegate CreateGetter(ScoredRow row)
    {
        StepDecoder? decoder = null;
        return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
        {
            ReadOnlySpan<int> path = (decoder ??= new StepDecoder(_labels.Outputs, _crf.Value)).Decode(row.Output);
            VBufferEditor<uint> editor = VBufferEditor.Create(ref value, path.Length);
            for (int t = 0; t < path.Length; t++)
                editor.Values[t] = (uint)_labels[path[t]] + 1;
            value = editor.Commit();
        });
    }

    public override OnnxValue Write(NetworkValues network)
    {
        string best = network.Shape.Head == Head.Crf
            ? network.Crf.BestPath()
            : network.Graph.Node("ArgMax", [network.Output], OnnxAttribute.Of("axis", 2), OnnxAttribute.Of("keepdims", 0));
        return network.KeysOf(_labels.WriteKeys(network.Graph, best), OnnxAxis.Time) with { Names = labelValues?.Values };
    }
}

/// <summary>The probability of each label at each step, [T x L]; an empty vector for a row that could not be scored.</summary>
internal sealed class StepProbabilitiesColumn(ScoredClasses labels, Lazy<LinearChainCrf?> crf)
    : ScoreSetColumn(DefaultColumnNames.Score, new VectorDataViewType(NumberDataViewType.Single),
        ScoreColumnKind.SequenceClassification, ScoreValueKind.Score)
{
    private readonly ScoredClasses _labels = labels;
    private readonly Lazy<LinearChainCrf?> _crf = crf;

    public override Delegate CreateGetter(ScoredRow row)
    {
        StepDecoder? decoder = null;
        return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
        {
            ReadOnlySpan<float> outputs = row.Output;
            int steps = outputs.Length / _labels.Outputs;
            VBufferEditor<float> editor = _labels.Begin(ref value, steps, out Span<float> probabilities);
            (decoder ??= new StepDecoder(_labels.Outputs, _crf.Value)).Probabilities(outputs, probabilities);
            value = _labels.Commit(editor, steps);
        });
    }

    public override OnnxValue Write(NetworkValues network)
    {
        string probabilities = network.Shape.Head == Head.Crf
            ? network.Crf.Marginals()
            : network.Graph.Node("Softmax", [network.Output], OnnxAttribute.Of("axis", 2));
        return network.OfSteps(_labels.WriteProbabilities(network.Graph, probabilities, axis: 2), _labels.Count);
    }
}
