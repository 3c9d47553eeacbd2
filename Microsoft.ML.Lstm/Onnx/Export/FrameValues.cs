namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// Steps of a graph stacked to frames: see <see cref="Engine.Layers.FrameLayer"/>. Zeros fill up the last frame of a row.
/// </summary>
internal sealed class FrameValues : StepValues
{
    private readonly InputValues _inputs;
    private readonly int _stepsPerFrame;

    /// <summary>Writes frames.</summary>
    /// <param name="inputs">The steps.</param>
    /// <param name="x">What they are, [B x T x n].</param>
    /// <param name="size">n.</param>
    /// <param name="stepsPerFrame">Steps of a frame.</param>
    public FrameValues(InputValues inputs, string x, int size, int stepsPerFrame)
        : base(inputs.Graph)
    {
        (_inputs, _stepsPerFrame) = (inputs, stepsPerFrame);
        string count = CountOf(inputs.Steps), steps = Graph.Node("Mul", [count, Graph.Vector(stepsPerFrame)]);
        string zeros = Graph.Node("Expand", [Graph.Constant("nothing", [0f], 1, 1, 1),
            Graph.Concat(0, inputs.Rows, Graph.Vector(stepsPerFrame - 1, size))]);
        string filled = Graph.Gather(Graph.Concat(1, inputs.WithinRows(x, 0), zeros), Graph.Range(steps), axis: 1);
        Values = Graph.Node("Reshape", [filled, Graph.Concat(0, inputs.Rows, count, Graph.Vector(size * stepsPerFrame))]);
        if (inputs.Lengths is null)
            return;
        Lengths = CountOf(inputs.Lengths);
        IsStep = Graph.Node("Less", [Graph.Range(count), Graph.Reshape(Lengths, -1, 1)]);
    }

    /// <summary>The frames, [B x frames x n·steps].</summary>
    public string Values { get; }

    /// <summary>The weights of frames, [B x frames], as those of their steps, [B x T], which have equal shares.</summary>
    public string Spread(string weights)
    {
        string step = Graph.Range(_inputs.Steps), frame = Graph.Node("Div", [step, Graph.Vector(_stepsPerFrame)]);
        string first = Graph.Node("Mul", [frame, Graph.Vector(_stepsPerFrame)]);
        string length = _inputs.Lengths is null ? _inputs.Steps : Graph.Reshape(_inputs.Lengths, -1, 1);
        string left = Graph.Cast(Graph.Node("Sub", [length, first]), TensorProto.Types.DataType.Float);
        string share = Graph.Node("Min", [left, Graph.Constant("stepsPerFrame", _stepsPerFrame)]);
        return Graph.Node("Div", [Graph.Gather(weights, frame, axis: 1), share]);
    }

    private string CountOf(string steps) => Graph.Node("Div",
        [Graph.Node("Add", [steps, Graph.Vector(_stepsPerFrame - 1)]), Graph.Vector(_stepsPerFrame)]);
}
