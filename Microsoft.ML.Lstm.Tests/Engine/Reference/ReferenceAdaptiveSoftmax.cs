using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>The adaptive softmax of Grave et al. (2017) in plain double arithmetic, a row at a time.</summary>
/// <param name="shape">The clusters.</param>
/// <param name="parameters">Row-major values by the names that <see cref="ParameterSet"/> documents.</param>
internal sealed class ReferenceAdaptiveSoftmax(AdaptiveSoftmaxShape shape, IReadOnlyDictionary<string, double[]> parameters)
{
    /// <summary>ln p of all classes.</summary>
    public double[] LogProbabilities(double[] x)
    {
        double[] result = new double[shape.OutputSize];
        double[] head = LogSoftmax([.. Product(parameters["head.weight"], x).Zip(parameters["head.bias"], (y, b) => y + b)]);
        Place(shape.Shortlist, head);
        for (int tail = 0; tail < shape.Tails.Count; tail++)
        {
            double[] z = Product(parameters[$"tail.{tail}.0.weight"], x);
            double ofTail = head[shape.Shortlist.Count + tail];
            Place(shape.Tails[tail].Classes, [.. LogSoftmax(Product(parameters[$"tail.{tail}.1.weight"], z)).Select(p => ofTail + p)]);
        }
        return result;

        void Place(KeySubset classes, double[] values)
        {
            foreach ((int index, int key) in classes.Keys.Index())
                result[key - 1] = values[index];
        }
    }

    private static double[] Product(double[] matrix, double[] x)
        => [.. matrix.Chunk(x.Length).Select(row => row.Zip(x, (w, v) => w * v).Sum())];

    private static double[] LogSoftmax(double[] x)
    {
        double largest = x.Max(), sum = Math.Log(x.Sum(v => Math.Exp(v - largest)));
        return [.. x.Select(v => v - largest - sum)];
    }
}
