using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>The convolutions of a network written into a graph, with their batch normalization and rectifiers.</summary>
internal static class ConvolutionValues
{
    /// <summary>Writes all convolutions.</summary>
    /// <param name="inputs">The steps.</param>
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="x">What the first convolution reads, [B x T x channels].</param>
    /// <returns>The outputs of the last, [B x T x filters].</returns>
    public static string Write(InputValues inputs, ParameterSet parameters, string x)
    {
        OnnxGraph graph = inputs.Graph;
        string steps = graph.Range(inputs.Steps);
        for (int i = 0; i < parameters.Shape.Convolutions.Count; i++)
        {
            (int filters, int size) = parameters.Shape.Convolutions[i];
            int channels = parameters.Shape.ConvolutionInputSize(i), before = parameters.Shape.Convolutions[i].StepsBefore;
            string Vector(ParameterRole role)
            {
                string name = ParameterSet.NormalizationName(i, role);
                return graph.Constant(name, parameters[name].ToArray(), filters);
            }

            // One step of zeros more, so that there is a window where there are no steps.
            string zeros = graph.Node("Expand", [graph.Constant("nothing", [0f], 1, 1, 1),
                graph.Concat(0, inputs.Rows, graph.Vector(1, channels))]);
            string padded = graph.Transpose(graph.Concat(1, inputs.WithinRows(x, 0), zeros), 0, 2, 1);
            string weight = ParameterSet.ConvolutionWeight(i);
            string kernels = graph.Constant(weight, parameters[weight].ToArray(), filters, channels, size);
            string y = graph.Named($"conv{i}", "Conv", [padded, kernels],
                OnnxAttribute.Of("kernel_shape", [size]), OnnxAttribute.Of("pads", [before, size - 1 - before]));
            string normal = graph.Named($"norm{i}", "BatchNormalization",
            [
                y, Vector(ParameterRole.NormalizationWeight), Vector(ParameterRole.NormalizationBias), Vector(ParameterRole.RunningMean),
                Vector(ParameterRole.RunningVariance),
            ]);
            x = graph.Gather(graph.Transpose(graph.Node("Relu", [normal]), 0, 2, 1), steps, axis: 1);
        }
        return x;
    }
}
