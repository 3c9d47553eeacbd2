using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm;

/// <summary>The function behind the last linear layer of a network that comes from elsewhere.</summary>
public enum OutputFunction
{
    /// <summary>No function: the outputs of the linear layer as they are.</summary>
    None,

    /// <summary>Probabilities that sum to 1: exp(y) / Σ exp(y).</summary>
    Softmax,

    /// <summary>The logarithms of the probabilities: y − log Σ exp(y).</summary>
    LogSoftmax,

    /// <summary>1 / (1 + exp(−y)), each output by itself.</summary>
    Sigmoid,

    /// <summary>The hyperbolic tangent of each output.</summary>
    Tanh,

    /// <summary>max(y, 0), each output by itself.</summary>
    Relu,
}

/// <summary>Computes output functions.</summary>
internal static class OutputFunctions
{
    /// <summary>Applies a function to the outputs of a row or a step, in place.</summary>
    public static void Apply(this OutputFunction function, Span<float> outputs)
    {
        switch (function)
        {
            case OutputFunction.Softmax:
                Softmax.Probabilities(outputs, outputs);
                break;
            case OutputFunction.LogSoftmax:
                float largest = float.NegativeInfinity;
                foreach (float output in outputs)
                    largest = Math.Max(largest, output);
                double sum = 0;
                foreach (float output in outputs)
                    sum += Math.Exp(output - largest);
                double logarithm = Math.Log(sum);
                for (int i = 0; i < outputs.Length; i++)
                    outputs[i] = (float)(outputs[i] - largest - logarithm);
                break;
            case not OutputFunction.None:
                for (int i = 0; i < outputs.Length; i++)
                {
                    outputs[i] = function switch
                    {
                        OutputFunction.Sigmoid => (float)(1 / (1 + Math.Exp(-outputs[i]))),
                        OutputFunction.Tanh => MathF.Tanh(outputs[i]),
                        _ => MathF.Max(outputs[i], 0),
                    };
                }
                break;
        }
    }
}
