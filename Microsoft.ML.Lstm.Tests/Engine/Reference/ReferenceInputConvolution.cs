using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// The convolutions in front of the recurrent layers over one sequence, in plain double arithmetic: y = max(0, W·x + b), at one of every
/// few steps.
/// </summary>
/// <param name="shapes">The convolutions.</param>
/// <param name="parameters">The network's parameters.</param>
/// <param name="gradients">Receives the gradients of the parameters in addition to its values.</param>
internal sealed class ReferenceInputConvolution(IReadOnlyList<InputConvolutionShape> shapes,
    IReadOnlyDictionary<string, double[]> parameters, Dictionary<string, double[]> gradients)
{
    // By layer: its input and its output, [T][channels].
    private readonly List<double[][]> _x = [], _y = [];

    /// <summary>The last outputs, [frames][filters].</summary>
    public double[][] Forward(double[][] x)
    {
        for (int i = 0; i < shapes.Count; i++)
        {
            (int filters, _, int stride) = shapes[i];
            double[] bias = parameters[$"input_conv.{i}.bias"], weight = parameters[$"input_conv.{i}.weight"];
            double[][] y = [.. Enumerable.Range(0, (x.Length - 1) / stride + 1).Select(_ => bias.ToArray())];
            ForEachProduct(i, x, y.Length, (f, s, o, c, w) => y[f][o] += weight[w] * x[s][c]);
            foreach (double[] step in y)
            {
                for (int o = 0; o < filters; o++)
                    step[o] = Math.Max(0, step[o]);
            }
            _x.Add(x);
            _y.Add(y);
            x = y;
        }
        return x;
    }

    /// <summary>The gradient of the input, from that of the last outputs.</summary>
    public double[][] Backward(double[][] dy)
    {
        for (int i = shapes.Count - 1; i >= 0; i--)
        {
            double[][] x = _x[i], dSum = [.. dy.Select((step, f) => step.Select((d, o) => _y[i][f][o] > 0 ? d : 0).ToArray())];
            double[] weight = parameters[$"input_conv.{i}.weight"], dWeight = gradients[$"input_conv.{i}.weight"];
            double[] dBias = gradients[$"input_conv.{i}.bias"];
            foreach (double[] step in dSum)
            {
                for (int o = 0; o < step.Length; o++)
                    dBias[o] += step[o];
            }
            double[][] dx = [.. x.Select(step => new double[step.Length])];
            ForEachProduct(i, x, dSum.Length, (f, s, o, c, w) =>
            {
                dx[s][c] += weight[w] * dSum[f][o];
                dWeight[w] += x[s][c] * dSum[f][o];
            });
            dy = dx;
        }
        return dy;
    }

    /// <summary>Calls with the output, the step of x, the filter, the channel and the index of the weight.</summary>
    private void ForEachProduct(int layer, double[][] x, int outputs, Action<int, int, int, int, int> product)
    {
        (int filters, int size, int stride) = shapes[layer];
        for (int f = 0; f < outputs; f++)
        {
            for (int k = 0; k < size; k++)
            {
                int s = f * stride + k - (size - 1) / 2;
                for (int o = 0; s >= 0 && s < x.Length && o < filters; o++)
                {
                    for (int c = 0; c < x[s].Length; c++)
                        product(f, s, o, c, (o * x[s].Length + c) * size + k);
                }
            }
        }
    }
}
