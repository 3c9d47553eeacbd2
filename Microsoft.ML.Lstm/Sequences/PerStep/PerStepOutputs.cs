using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.PerStep;

/// <summary>The columns of a value, or several, at every step: vectors of variable size, whose dimensions are (T, L) for several.</summary>
internal static class PerStepOutputs
{
    public static IEnumerable<SchemaShape.Column> RegressionShapes =>
        [SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single, VectorKind.VariableVector)];

    public static IEnumerable<SchemaShape.Column> BinaryShapes =>
    [
        SchemaShapes.OfScoreSet(DefaultColumnNames.PredictedLabel, BooleanDataViewType.Instance, VectorKind.VariableVector),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single, VectorKind.VariableVector),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Probability, NumberDataViewType.Single, VectorKind.VariableVector, isNormalized: true),
    ];

    /// <summary>The <paramref name="size"/> predicted numbers of each step.</summary>
    public static OutputColumn Score(int size)
        => new PerStepNumbersColumn(DefaultColumnNames.Score, size, OutputFunction.None, ScoreColumnKind.MultiOutputRegression,
            ScoreValueKind.Score);

    /// <summary>The <paramref name="size"/> truths of each step.</summary>
    public static OutputColumn[] Truths(int size, float threshold) =>
    [
        new PerStepTruthsColumn(size, threshold),
        new PerStepNumbersColumn(DefaultColumnNames.Score, size, OutputFunction.None, ScoreColumnKind.BinaryClassification,
            ScoreValueKind.Score),
        new PerStepNumbersColumn(DefaultColumnNames.Probability, size, OutputFunction.Sigmoid, ScoreColumnKind.BinaryClassification,
            ScoreValueKind.Probability),
    ];

    /// <summary>The type of a column of this many values a step.</summary>
    public static VectorDataViewType TypeOf(PrimitiveDataViewType item, int size) => size == 1 ? new(item) : new(item, 0, size);

    /// <summary>Writes a function of the outputs of each step into a graph: [B x T], or [B x T x L] for several.</summary>
    public static OnnxValue Write(NetworkValues network, OutputFunction function, int size)
    {
        string value = function == OutputFunction.None ? network.Output : network.Graph.Node($"{function}", [network.Output]);
        return size == 1 ? network.OfSteps(network.Graph.Reshape(value, 0, -1)) : network.OfSteps(value, size);
    }
}

/// <summary>Numbers of each step; an empty vector for a row that could not be scored.</summary>
internal sealed class PerStepNumbersColumn(string name, int size, OutputFunction function, string scoreColumnKind, string scoreValueKind)
    : ScoreSetColumn(name, PerStepOutputs.TypeOf(NumberDataViewType.Single, size), scoreColumnKind, scoreValueKind)
{
    private readonly int _size = size;
    private readonly OutputFunction _function = function;

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> outputs = row.Output;
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, outputs.Length);
        outputs.CopyTo(editor.Values);
        _function.Apply(editor.Values);
        value = editor.Commit();
    });

    public override OnnxValue Write(NetworkValues network) => PerStepOutputs.Write(network, _function, _size);
}

/// <summary>Whether each probability of each step is above a threshold; an empty vector for a row that could not be scored.</summary>
internal sealed class PerStepTruthsColumn(int size, float threshold)
    : ScoreSetColumn(DefaultColumnNames.PredictedLabel, PerStepOutputs.TypeOf(BooleanDataViewType.Instance, size),
        ScoreColumnKind.BinaryClassification, ScoreValueKind.PredictedLabel)
{
    private readonly int _size = size;
    private readonly float _threshold = threshold;

    public override Delegate CreateGetter(ScoredRow row)
    {
        float[] probabilities = [];
        return (ValueGetter<VBuffer<bool>>)((ref VBuffer<bool> value) =>
        {
            ReadOnlySpan<float> outputs = row.Output;
            if (probabilities.Length < outputs.Length)
                probabilities = new float[Math.Max(outputs.Length, 2 * probabilities.Length)];
            Span<float> read = probabilities.AsSpan(0, outputs.Length);
            outputs.CopyTo(read);
            OutputFunction.Sigmoid.Apply(read);
            VBufferEditor<bool> editor = VBufferEditor.Create(ref value, read.Length);
            for (int i = 0; i < read.Length; i++)
                editor.Values[i] = read[i] > _threshold;
            value = editor.Commit();
        });
    }

    public override OnnxValue Write(NetworkValues network)
        => network.IsAbove(PerStepOutputs.Write(network, OutputFunction.Sigmoid, _size), _threshold);
}
