using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>The frames that recurrent layers read in place of the steps of a graph.</summary>
internal sealed class FrameValues : StepValues
{
    private readonly InputValues _inputs;
    private readonly int _frameSteps;

    /// <summary>
    /// Writes steps stacked to frames: see <see cref="Engine.Layers.FrameLayer"/>. Zeros fill up the last frame of a row.
    /// </summary>
    /// <param name="inputs">The steps.</param>
    /// <param name="x">What they are, [B x T x n].</param>
    /// <param name="size">n.</param>
    /// <param name="stepsPerFrame">Steps of a frame.</param>
    public FrameValues(InputValues inputs, string x, int size, int stepsPerFrame)
        : base(inputs.Graph)
    {
        (_inputs, _frameSteps) = (inputs, stepsPerFrame);
        string count = CountOf(inputs.Steps, stepsPerFrame), steps = Graph.Node("Mul", [count, Graph.Vector(stepsPerFrame)]);
        string filled = Graph.Gather(Graph.Concat(1, inputs.WithinRows(x, 0), Zeros(stepsPerFrame - 1, size)), Graph.Range(steps), axis: 1);
        Values = Graph.Node("Reshape", [filled, Graph.Concat(0, inputs.Rows, count, Graph.Vector(size * stepsPerFrame))]);
        if (inputs.Lengths is null)
            return;
        Lengths = CountOf(inputs.Lengths, stepsPerFrame);
        IsStep = Graph.Node("Less", [Graph.Range(count), Graph.Reshape(Lengths, -1, 1)]);
    }

    /// <summary>Writes the convolutions in front of the recurrent layers: see <see cref="Engine.Layers.InputConvolution"/>.</summary>
    /// <param name="inputs">The steps.</param>
    /// <param name="x">What they are, [B x T x channels].</param>
    /// <param name="parameters">The network's parameters.</param>
    public FrameValues(InputValues inputs, string x, ParameterSet parameters)
        : base(inputs.Graph)
    {
        NetworkShape shape = parameters.Shape;
        (_inputs, _frameSteps) = (inputs, shape.FrameSteps);
        string count = inputs.Steps;
        StepValues steps = inputs;
        for (int i = 0; i < shape.InputConvolutions.Count; i++)
        {
            InputConvolutionShape convolution = shape.InputConvolutions[i];
            int channels = shape.InputConvolutionInputSize(i), size = convolution.KernelSize;
            string weight = ParameterSet.InputConvolutionWeight(i), bias = ParameterSet.InputConvolutionBias(i);
            // One step of zeros more, so that there is a window where there are no steps.
            string padded = Graph.Transpose(Graph.Concat(1, steps.WithinRows(x, 0), Zeros(1, channels)), 0, 2, 1);
            string y = Graph.Named($"input_conv{i}", "Conv",
            [
                padded, Graph.Constant(weight, parameters[weight].ToArray(), convolution.Filters, channels, size),
                Graph.Constant(bias, parameters[bias].ToArray(), convolution.Filters),
            ],
            OnnxAttribute.Of("kernel_shape", [size]), OnnxAttribute.Of("strides", [convolution.Stride]),
            OnnxAttribute.Of("pads", [convolution.StepsBefore, size - 1 - convolution.StepsBefore]));
            count = CountOf(count, convolution.Stride);
            x = Graph.Gather(Graph.Transpose(Graph.Node("Relu", [y]), 0, 2, 1), Graph.Range(count), axis: 1);
            steps = new FrameValues(inputs, steps, count, convolution.Stride);
        }
        (Values, Lengths, IsStep) = (x, steps.Lengths, steps.IsStep);
    }

    /// <summary>The outputs of a convolution, of which there is one for one of some steps.</summary>
    private FrameValues(InputValues inputs, StepValues steps, string count, int stride)
        : base(inputs.Graph)
    {
        (_inputs, Values) = (inputs, "");
        if (steps.Lengths is null)
            return;
        Lengths = CountOf(steps.Lengths, stride);
        IsStep = Graph.Node("Less", [Graph.Range(count), Graph.Reshape(Lengths, -1, 1)]);
    }

    /// <summary>The frames, [B x frames x n].</summary>
    public string Values { get; }

    /// <summary>The weights of frames, [B x frames], as those of their steps, [B x T], which have equal shares.</summary>
    public string Spread(string weights)
    {
        string step = Graph.Range(_inputs.Steps), frame = Graph.Node("Div", [step, Graph.Vector(_frameSteps)]);
        string first = Graph.Node("Mul", [frame, Graph.Vector(_frameSteps)]);
        string length = _inputs.Lengths is null ? _inputs.Steps : Graph.Reshape(_inputs.Lengths, -1, 1);
        string left = Graph.Cast(Graph.Node("Sub", [length, first]), TensorProto.Types.DataType.Float);
        string share = Graph.Node("Min", [left, Graph.Constant("stepsPerFrame", _frameSteps)]);
        return Graph.Node("Div", [Graph.Gather(weights, frame, axis: 1), share]);
    }

    /// <summary>Steps of zeros, [B x steps x size].</summary>
    private string Zeros(int steps, int size) => Graph.Node("Expand",
        [Graph.Constant("nothing", [0f], 1, 1, 1), Graph.Concat(0, _inputs.Rows, Graph.Vector(steps, size))]);

    private string CountOf(string steps, int stride)
        => Graph.Node("Div", [Graph.Node("Add", [steps, Graph.Vector(stride - 1)]), Graph.Vector(stride)]);
}
