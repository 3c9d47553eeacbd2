using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>The recurrent layers of a network written into a graph.</summary>
internal sealed class RecurrentValues
{
    /// <summary>Writes the layers.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="parameters">Their parameters.</param>
    /// <param name="x">The input, [T x B x I].</param>
    /// <param name="lengths">The steps of each row, [B]; null where each is as long as the time axis.</param>
    /// <param name="needsSteps">Whether the last layer's outputs at all steps are read, rather than at the last.</param>
    /// <param name="name">What the layers are called, before their number.</param>
    /// <param name="isReversed">Whether the only direction goes from the last step to the first.</param>
    /// <param name="initialStates">For each layer h and, for LSTM, c before the first step, each [D x B x H]; null for zeros.</param>
    /// <param name="needsFinal">Whether the last layer's final states are read beside its steps.</param>
    public RecurrentValues(OnnxGraph graph, ParameterSet parameters, string x, string? lengths, bool needsSteps, string name = "layer",
        bool isReversed = false, string[][]? initialStates = null, bool needsFinal = false)
    {
        NetworkShape shape = parameters.Shape;
        var cell = OnnxCell.Of(shape.Cell);
        // A form that ONNX Runtime 1.31.1 takes for all lengths.
        if (lengths is null && shape.Cell == CellType.Gru)
            lengths = graph.Node("Expand", [graph.SizeOf(x, axis: 0), graph.SizeOf(x, axis: 1)]);
        string sequenceLengths = lengths is null ? "" : graph.Cast(lengths, TensorProto.Types.DataType.Int32);
        var finalStates = new List<string[]>();
        string direction = isReversed ? "reverse" : shape.Bidirectional ? "bidirectional" : "forward";
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            bool isLast = layer == shape.Layers - 1;
            AttributeProto[] attributes =
            [
                OnnxAttribute.Of("hidden_size", shape.HiddenSize),
                OnnxAttribute.Of("direction", direction),
                .. shape.Cell == CellType.Gru ? [OnnxAttribute.Of("linear_before_reset", 1)] : Array.Empty<AttributeProto>(),
            ];
            string[] results = graph.Nodes($"{name}{layer}", cell.Operator,
            [
                x,
                OfDirections(layer, "weight_ih", "W", values => cell.Weights(values), shape.LayerInputSize(layer)),
                OfDirections(layer, "weight_hh", "R", values => cell.Weights(values), shape.HiddenSize),
                OfDirections(layer, "bias", "B", values => cell.Biases(values, shape.HiddenSize)),
                sequenceLengths,
                .. initialStates?[layer] ?? [],
            ],
            [
                !isLast || needsSteps ? $"{name}{layer}.Y" : "",
                initialStates is not null || (isLast && (needsFinal || !needsSteps)) ? $"{name}{layer}.Y_h" : "",
                .. initialStates?[layer].Length == 2 ? [$"{name}{layer}.Y_c"] : Array.Empty<string>(),
            ], attributes);
            finalStates.Add(initialStates is null ? [] : results[1..]);
            if (isLast && (needsFinal || !needsSteps))
                Final = results[1];
            if (isLast && !needsSteps)
                return;
            FinalStates = finalStates;
            x = Steps = graph.Reshape(graph.Transpose(results[0], 0, 2, 1, 3), 0, 0, shape.LayerSize);
        }

        string OfDirections(int layer, string parameter, string operand, OrderOf order, params int[] columns)
        {
            float[][] parts = new float[shape.Directions][];
            for (int d = 0; d < parts.Length; d++)
                parts[d] = order(parameters[parameter + ParameterSet.Suffix(layer, d)]);
            int width = columns.Length > 0 ? columns[0] : 1;
            long[] dimensions = columns.Length > 0
                ? [parts.Length, parts[0].Length / width, width]
                : [parts.Length, parts[0].Length];
            return graph.Constant($"{name}{layer}.{operand}", [.. parts.SelectMany(part => part)], dimensions);
        }
    }

    private delegate float[] OrderOf(ReadOnlySpan<float> values);

    /// <summary>For each layer h and, for LSTM, c after the last step, each [D x B x H]; if initial states were given.</summary>
    public IReadOnlyList<string[]> FinalStates { get; } = [];

    /// <summary>The last layer's outputs, [T x B x D·H]; if they are needed.</summary>
    public string Steps { get; } = "";

    /// <summary>The last layer's final states, [D x B x H]; if its steps are not needed, or these are too.</summary>
    public string Final { get; } = "";
}
