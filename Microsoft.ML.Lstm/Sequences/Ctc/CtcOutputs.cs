using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.Ctc;

/// <summary>The columns of labels without alignment: the items, the probabilities of the frames and the log-probability.</summary>
internal static class CtcOutputs
{
    /// <summary>The name of the column of log-probabilities.</summary>
    public const string LogProbability = "LogProbability";

    public static IEnumerable<SchemaShape.Column> Shapes(SchemaShape.Column label) =>
    [
        SchemaShapes.PredictedKey(VectorKind.VariableVector, label),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single, VectorKind.VariableVector),
        SchemaShapes.Numbers(LogProbability, VectorKind.Scalar),
    ];

    /// <param name="classes">The classes, the blank first.</param>
    /// <param name="beamSize">Prefixes that the search follows.</param>
    /// <param name="language">Makes a language model for each search; null for none.</param>
    /// <param name="labelValues">What the items' keys stand for.</param>
    public static OutputColumn[] Create(ScoredClasses classes, int beamSize, Func<PrefixLanguage>? language, KeyValues? labelValues)
    {
        // A search is for the label and for its probability.
        object key = new();
        return [new CtcLabelColumn(classes, ItemsOf, labelValues), new FrameProbabilitiesColumn(classes),
            new LogProbabilityColumn(classes.Outputs, ItemsOf)];

        DecodedItems ItemsOf(ScoredRow row)
            => row.Share(key, () => new DecodedItems(row, new CtcDecoder(classes.Outputs, beamSize, language?.Invoke())));
    }
}

/// <summary>The items of a row, searched for once, however many columns ask for them.</summary>
internal sealed class DecodedItems(ScoredRow row, CtcDecoder decoder)
{
    private int[] _items = [];
    private int _count;
    private long? _number;

    /// <summary>The items, counted from 0; none for a row that could not be scored.</summary>
    public ReadOnlySpan<int> Get()
    {
        ReadOnlySpan<float> output = row.Output;
        if (_number is null || row.Number != _number)
        {
            _number = null;
            ReadOnlySpan<int> items = decoder.Decode(output);
            FloatBuffer.Require(ref _items, items.Length);
            items.CopyTo(_items);
            (_count, _number) = (items.Length, row.Number);
        }
        return _items.AsSpan(0, _count);
    }
}

/// <summary>The items of a sequence; an empty vector for a row that could not be scored.</summary>
internal sealed class CtcLabelColumn(ScoredClasses classes, Func<ScoredRow, DecodedItems> itemsOf, KeyValues? labelValues)
    : ScoreSetColumn(DefaultColumnNames.PredictedLabel, new VectorDataViewType(new KeyDataViewType(typeof(uint), classes.Count - 1)),
        ScoreColumnKind.SequenceClassification, ScoreValueKind.PredictedLabel)
{
    private readonly ScoredClasses _classes = classes;

    protected override void AddValueNames(DataViewSchema.Annotations.Builder builder)
        => labelValues?.AddTo(builder, AnnotationUtils.Kinds.KeyValues);

    public override Delegate CreateGetter(ScoredRow row)
    {
        DecodedItems decoded = itemsOf(row);
        return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
        {
            ReadOnlySpan<int> items = decoded.Get();
            VBufferEditor<uint> editor = VBufferEditor.Create(ref value, items.Length);
            // With the blank in front a class is the number of its key.
            for (int i = 0; i < items.Length; i++)
                editor.Values[i] = (uint)_classes[items[i] + 1];
            value = editor.Commit();
        });
    }

    /// <summary>The best path: where an output other than the blank begins, an item, and behind the last one missing keys.</summary>
    public override OnnxValue Write(NetworkValues network)
    {
        OnnxGraph graph = network.Graph;
        if (graph is ConverterGraph)
            throw new NotSupportedException("The items of a best path can't be put together by the operators of ML.NET's converter; "
                + "ExportToOnnx writes them.");
        string best = graph.Node("ArgMax", [network.Output], OnnxAttribute.Of("axis", 2), OnnxAttribute.Of("keepdims", 0));
        string rows = graph.SizeOf(best, axis: 0), frames = graph.SizeOf(best, axis: 1), zero = graph.Vector(0), one = graph.Vector(1);
        string nothing = graph.Node("Expand", [zero, graph.Concat(0, rows, one)]);
        string before = graph.Gather(graph.Concat(1, nothing, best), graph.Range(frames), axis: 1);
        string begins = graph.Node("And", [graph.Node("Not", [graph.Node("Equal", [best, before])]),
            graph.Node("Greater", [best, zero])]);
        if (network.OutputSteps.IsStep is { } isStep)
            begins = graph.Node("And", [begins, isStep]);
        string count = graph.Node("CumSum", [graph.Cast(begins, TensorProto.Types.DataType.Int64), one]);
        string keys = _classes.WriteClasses(graph, best);
        // What is no beginning goes behind the end, and is left out there.
        string place = graph.Node("Where", [begins, graph.Node("Sub", [count, one]), frames]);
        string empty = graph.Node("Expand", [zero, graph.Concat(0, rows, graph.Node("Add", [frames, one]))]);
        string placed = graph.Node("ScatterElements", [empty, place, keys], OnnxAttribute.Of("axis", 1));
        return network.KeysOf(graph.Gather(placed, graph.Range(frames), axis: 1), network.OutputAxis) with { Names = labelValues?.Values };
    }
}

/// <summary>The probabilities of each frame, [T x (1 + L)]; an empty vector for a row that could not be scored.</summary>
internal sealed class FrameProbabilitiesColumn(ScoredClasses classes)
    : ScoreSetColumn(DefaultColumnNames.Score, new VectorDataViewType(NumberDataViewType.Single, 0, classes.Count),
        ScoreColumnKind.SequenceClassification, ScoreValueKind.Score)
{
    private readonly ScoredClasses _classes = classes;

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> outputs = row.Output;
        int size = _classes.Outputs, frames = outputs.Length / size;
        VBufferEditor<float> editor = _classes.Begin(ref value, frames, out Span<float> probabilities);
        for (int i = 0; i < outputs.Length; i += size)
            Softmax.Probabilities(outputs.Slice(i, size), probabilities.Slice(i, size));
        value = _classes.Commit(editor, frames);
    });

    public override OnnxValue Write(NetworkValues network)
    {
        string probabilities = network.Graph.Node("Softmax", [network.Output], OnnxAttribute.Of("axis", 2));
        return network.OfSteps(_classes.WriteProbabilities(network.Graph, probabilities, axis: 2), _classes.Count);
    }
}

/// <summary>The logarithm of the probability of the items; NaN for a row that could not be scored.</summary>
internal sealed class LogProbabilityColumn(int outputs, Func<ScoredRow, DecodedItems> itemsOf)
    : OutputColumn(CtcOutputs.LogProbability, NumberDataViewType.Single)
{
    // The sum over all alignments takes a loop over the frames.
    public override bool IsInOnnx => false;

    public override Delegate CreateGetter(ScoredRow row)
    {
        DecodedItems decoded = itemsOf(row);
        var lattice = new CtcLattice(outputs);
        return (ValueGetter<float>)((ref float value) =>
        {
            ReadOnlySpan<float> frames = row.Output;
            value = frames.IsEmpty ? float.NaN : (float)-lattice.Loss(frames, decoded.Get());
        });
    }
}
