using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.Scoring;

/// <summary>The outputs of a network without a task, behind its output function.</summary>
internal static class ModelOutputs
{
    public static SchemaShape.Column Shape(string name, SequenceModelParameters model) => SchemaShapes.Numbers(name, IsPerStep(model)
        ? VectorKind.VariableVector
        : model.OutputCount == 1 ? VectorKind.Scalar : VectorKind.Vector);

    public static OutputColumn Create(string name, SequenceModelParameters model)
        => IsPerStep(model) || model.OutputCount > 1
            ? new ModelVectorColumn(name, model.OutputCount, IsPerStep(model), model.OutputFunction)
            : new ModelScalarColumn(name, model.OutputFunction);

    public static bool IsPerStep(SequenceModelParameters model) => model.Network.Shape.Head.IsPerStep;

    /// <summary>Writes an output function into a graph, over the last of some axes.</summary>
    public static string Write(NetworkValues network, OutputFunction function, int lastAxis) => function switch
    {
        OutputFunction.None => network.Output,
        OutputFunction.Softmax or OutputFunction.LogSoftmax
            => network.Graph.Node($"{function}", [network.Output], OnnxAttribute.Of("axis", lastAxis)),
        _ => network.Graph.Node($"{function}", [network.Output]),
    };
}

/// <summary>The one output of a sequence.</summary>
internal sealed class ModelScalarColumn(string name, OutputFunction function) : OutputColumn(name, NumberDataViewType.Single)
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        Span<float> result = [output.IsEmpty ? float.NaN : output[0]];
        function.Apply(result);
        value = result[0];
    });

    public override OnnxValue Write(NetworkValues network) => network.OfRows(ModelOutputs.Write(network, function, lastAxis: 1), 1);
}

/// <summary>
/// The outputs of a sequence, NaN for a row that could not be scored; or those of its steps, T x O, none for a row that could not be
/// scored.
/// </summary>
internal sealed class ModelVectorColumn(string name, int size, bool isPerStep, OutputFunction function)
    : OutputColumn(name, isPerStep
        ? new VectorDataViewType(NumberDataViewType.Single, 0, size)
        : new VectorDataViewType(NumberDataViewType.Single, size))
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, isPerStep ? output.Length : size);
        if (output.IsEmpty)
            editor.Values.Fill(float.NaN);
        else
            output.CopyTo(editor.Values);
        for (int start = 0; start < output.Length; start += size)
            function.Apply(editor.Values.Slice(start, size));
        value = editor.Commit();
    });

    public override OnnxValue Write(NetworkValues network) => isPerStep
        ? network.OfSteps(ModelOutputs.Write(network, function, lastAxis: 2), size)
        : network.OfRows(ModelOutputs.Write(network, function, lastAxis: 1), size);
}
