using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.Scoring;

/// <summary>The column of the outputs of a network without a task, after its output function.</summary>
internal static class ModelOutputs
{
    public static SchemaShape.Column Shape(string name, SequenceModelParameters model)
    {
        VectorKind ofSequence = IsScalar(model) ? VectorKind.Scalar : VectorKind.Vector;
        return SchemaShapes.Numbers(name, IsPerStep(model) ? VectorKind.VariableVector : ofSequence);
    }

    public static OutputColumn Create(string name, SequenceModelParameters model)
        => IsScalar(model)
            ? new ModelScalarColumn(name, model.OutputFunction)
            : new ModelVectorColumn(name, ClassesOf(model), IsPerStep(model), model.OutputFunction);

    /// <summary>Whether the output is a single number.</summary>
    public static bool IsScalar(SequenceModelParameters model) => !IsPerStep(model) && ClassesOf(model).Count == 1;

    // Only probabilities have a value for classes that the network does not know.
    private static ScoredClasses ClassesOf(SequenceModelParameters model)
        => new(model.OutputFunction == OutputFunction.Softmax ? model.Network.Shape : model.Network.Shape with { Classes = null });

    public static bool IsPerStep(SequenceModelParameters model) => model.Network.Shape.Head.IsPerStep;

    /// <summary>Writes an output function into a graph, along the last axis of the outputs.</summary>
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
/// The O outputs of a sequence, NaN for a row that could not be scored; or the T x O outputs of its steps, an empty vector for a row that
/// could not be scored.
/// </summary>
internal sealed class ModelVectorColumn(string name, ScoredClasses classes, bool isPerStep, OutputFunction function)
    : OutputColumn(name, isPerStep
        ? new VectorDataViewType(NumberDataViewType.Single, 0, classes.Count)
        : new VectorDataViewType(NumberDataViewType.Single, classes.Count))
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        if (output.IsEmpty)
        {
            Copy([], isPerStep ? 0 : classes.Count, ref value);
            return;
        }
        int steps = output.Length / classes.Outputs;
        VBufferEditor<float> editor = classes.Begin(ref value, steps, out Span<float> known);
        output.CopyTo(known);
        for (int t = 0; t < steps; t++)
            function.Apply(known.Slice(t * classes.Outputs, classes.Outputs));
        value = classes.Commit(editor, steps);
    });

    public override OnnxValue Write(NetworkValues network)
    {
        int axis = isPerStep ? 2 : 1;
        string outputs = classes.WriteProbabilities(network.Graph, ModelOutputs.Write(network, function, axis), axis);
        return isPerStep ? network.OfSteps(outputs, classes.Count) : network.OfRows(outputs, classes.Count);
    }
}
