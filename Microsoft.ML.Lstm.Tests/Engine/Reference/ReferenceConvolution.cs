using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// The convolutions of a network over a batch, in plain double arithmetic: each with batch normalization over all steps of the batch, or by
/// the running statistics, and a rectifier.
/// </summary>
/// <param name="shapes">The convolutions.</param>
/// <param name="parameters">The network's parameters.</param>
/// <param name="gradients">Receives the gradients of the parameters in addition to its values.</param>
internal sealed class ReferenceConvolution(IReadOnlyList<ConvolutionShape> shapes, IReadOnlyDictionary<string, double[]> parameters,
    Dictionary<string, double[]> gradients)
{
    private const double Epsilon = 1e-5;

    // By layer: its input, W·x, and its output, [B][T][channels].
    private readonly List<double[][][]> _x = [], _y = [], _z = [];

    /// <summary>The last output, [B][T][filters].</summary>
    public double[][][] Output => _z[^1];

    /// <summary>The mean and the biased variance of each filter of a layer over the batch.</summary>
    public (double Mean, double Variance)[] StatisticsOf(int layer)
    {
        double[][] steps = [.. _y[layer].SelectMany(sequence => sequence)];
        return [.. Enumerable.Range(0, shapes[layer].Filters).Select(filter =>
        {
            double mean = steps.Average(step => step[filter]);
            return (mean, steps.Average(step => (step[filter] - mean) * (step[filter] - mean)));
        })];
    }

    public void Forward(double[][][] x, bool isScoring)
    {
        _x.Clear();
        _y.Clear();
        _z.Clear();
        for (int i = 0; i < shapes.Count; i++)
        {
            _x.Add(x);
            _y.Add([.. x.Select(sequence => Convolve(i, sequence))]);
            (double Mean, double Variance)[] statistics = isScoring
                ? [.. parameters[$"norm.{i}.running_mean"].Zip(parameters[$"norm.{i}.running_var"])]
                : StatisticsOf(i);
            x = [.. _y[i].Select(sequence => sequence.Select(step => step.Select((y, o) => Math.Max(0,
                parameters[$"norm.{i}.weight"][o] * (y - statistics[o].Mean) / Math.Sqrt(statistics[o].Variance + Epsilon)
                + parameters[$"norm.{i}.bias"][o])).ToArray()).ToArray())];
            _z.Add(x);
        }
    }

    /// <summary>The gradient of the input, from that of the output.</summary>
    public double[][][] Backward(double[][][] dz)
    {
        for (int i = shapes.Count - 1; i >= 0; i--)
        {
            BackNormalization(i, dz);
            dz = [.. _x[i].Select((sequence, b) => BackConvolution(i, sequence, dz[b]))];
        }
        return dz;
    }

    /// <summary>Replaces the gradients of z by those of W·x.</summary>
    private void BackNormalization(int layer, double[][][] dz)
    {
        (double Mean, double Variance)[] statistics = StatisticsOf(layer);
        double[] factor = parameters[$"norm.{layer}.weight"];
        for (int o = 0; o < factor.Length; o++)
        {
            double deviation = Math.Sqrt(statistics[o].Variance + Epsilon);
            var steps = dz.SelectMany((sequence, b) => sequence.Select((step, t) =>
                (D: step, Normal: (_y[layer][b][t][o] - statistics[o].Mean) / deviation, IsOn: _z[layer][b][t][o] > 0))).ToArray();
            foreach ((double[] d, _, bool isOn) in steps)
                d[o] = isOn ? d[o] : 0;
            double sum = steps.Sum(step => step.D[o]), product = steps.Sum(step => step.D[o] * step.Normal);
            gradients[$"norm.{layer}.bias"][o] += sum;
            gradients[$"norm.{layer}.weight"][o] += product;
            foreach ((double[] d, double normal, _) in steps)
                d[o] = factor[o] / deviation * (d[o] - sum / steps.Length - normal * product / steps.Length);
        }
    }

    private double[][] Convolve(int layer, double[][] x)
    {
        double[][] y = [.. x.Select(_ => new double[shapes[layer].Filters])];
        ForEachProduct(layer, x.Length, x[0].Length, (t, s, o, c, w) => y[t][o] += parameters[$"conv.{layer}.weight"][w] * x[s][c]);
        return y;
    }

    private double[][] BackConvolution(int layer, double[][] x, double[][] dy)
    {
        double[][] dx = [.. x.Select(step => new double[step.Length])];
        ForEachProduct(layer, x.Length, x[0].Length, (t, s, o, c, w) =>
        {
            dx[s][c] += parameters[$"conv.{layer}.weight"][w] * dy[t][o];
            gradients[$"conv.{layer}.weight"][w] += x[s][c] * dy[t][o];
        });
        return dx;
    }

    /// <summary>Calls with the step of y, the step of x, the filter, the channel and the index of the weight.</summary>
    private void ForEachProduct(int layer, int steps, int channels, Action<int, int, int, int, int> product)
    {
        (int filters, int size) = shapes[layer];
        for (int t = 0; t < steps; t++)
        {
            for (int k = 0; k < size; k++)
            {
                int s = t + k - (size - 1) / 2;
                for (int o = 0; s >= 0 && s < steps && o < filters; o++)
                {
                    for (int c = 0; c < channels; c++)
                        product(t, s, o, c, (o * channels + c) * size + k);
                }
            }
        }
    }
}
