namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>The steps of B rows of different lengths along the time axis of a graph, T steps long.</summary>
internal class StepValues(OnnxGraph graph)
{
    /// <summary>The graph.</summary>
    public OnnxGraph Graph => graph;

    /// <summary>The steps of each row, [B]; null where each row is as long as the time axis.</summary>
    public string? Lengths { get; protected init; }

    /// <summary>Whether a step is one of its row, rather than behind its end, [B x T]; null where all are.</summary>
    public string? IsStep { get; protected init; }

    /// <summary>The mean of a value over the steps of each row: of [B x T] as [B x 1], of [B x T x n] as [B x 1 x n].</summary>
    public string MeanOfSteps(string value, bool hasParts = false)
    {
        if (Lengths is null)
            return Graph.ReduceMean(value, 1);
        string length = Graph.Cast(Lengths, TensorProto.Types.DataType.Float), within = hasParts
            ? WithinRows(value, 0)
            : Graph.Node("Where", [IsStep!, value, Graph.Constant("zero", 0)]);
        return Graph.Node("Div", [Graph.ReduceSum(within, 1), hasParts ? Graph.Reshape(length, -1, 1, 1) : Graph.Reshape(length, -1, 1)]);
    }

    /// <summary>A value [B x T x n] with another number in place of what is behind the end of its row.</summary>
    public string WithinRows(string value, float otherwise)
        => IsStep is null
            ? value
            : Graph.Node("Where", [Graph.Reshape(IsStep, 0, 0, 1), value, Graph.Constant("otherwise", otherwise)]);
}
