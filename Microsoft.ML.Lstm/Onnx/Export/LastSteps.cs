using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>The numbers of the last steps of each row, which a head with <see cref="NetworkShape.SkipSteps"/> reads.</summary>
internal static class LastSteps
{
    /// <summary>Writes them, [B x (K·F)], with zeros in place of steps that a row lacks.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="numbers">The scaled numbers of the steps, [B x T x F].</param>
    /// <param name="lengths">The steps of each row, [B]; null where each row is as long as the time axis.</param>
    /// <param name="shape">The network.</param>
    public static string Write(OnnxGraph graph, string numbers, string? lengths, NetworkShape shape)
    {
        int steps = shape.SkipSteps;
        string size = graph.Concat(0, graph.SizeOf(numbers, axis: 0), graph.Vector(steps, shape.NumericSize));
        // With as many zeros in front, the last steps begin at the row's length.
        string padded = graph.Concat(1, graph.Node("Expand", [graph.Constant("zero", 0), size]), numbers);
        string length = lengths is null ? graph.SizeOf(numbers, axis: 1) : graph.Reshape(lengths, -1, 1);
        string places = graph.Node("Add", [length, graph.Places(steps)]);
        string last = lengths is null
            ? graph.Gather(padded, places, axis: 1)
            : graph.Node("GatherND", [padded, graph.Reshape(places, 0, 0, 1)], OnnxAttribute.Of("batch_dims", 1));
        return graph.Reshape(last, -1, steps * shape.NumericSize);
    }
}
