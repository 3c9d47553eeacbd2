using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>The forward and backward pass of one sequence through the layers and the pooling.</summary>
internal sealed class ReferenceSequence(NetworkShape shape, ReferenceDirection[][] layers, ReferenceAttention attention,
    ReferenceMasks? masks)
{
    private readonly int _h = shape.HiddenSize;

    /// <summary>The last layer's outputs, [T][D·H]: forward | reverse.</summary>
    public double[][] Steps { get; private set; } = [];

    /// <summary>The final states, by layer · D + direction.</summary>
    public CellState[] Finals => [.. layers.SelectMany(directions => directions).Select(direction => direction.Final)];

    /// <summary>The pooled outputs, [D·H].</summary>
    public double[] Encoding { get; private set; } = [];

    /// <summary>The attention weight of each step; of a network with attention.</summary>
    public double[] AttentionWeights => attention.Weights;

    /// <summary>The inputs of the head, once or at each step: the encoding and the static features behind it.</summary>
    public double[][] HeadInputs { get; set; } = [];

    public void Forward(double[] sequence)
    {
        double[][] xs = [.. sequence.Chunk(shape.LayerInputSize(0))];
        for (int l = 0; l < layers.Length; l++)
        {
            double[][] dropped = Dropped(l, xs);
            CellState[][] states = [.. layers[l].Select(direction => direction.Forward(dropped))];
            xs = [.. Enumerable.Range(0, xs.Length).Select(t => states.SelectMany(direction => direction[t].H).ToArray())];
        }
        Steps = xs;
        Encoding = shape.Pooling switch
        {
            Pooling.Last => [.. layers[^1].SelectMany(direction => direction.Final.H)],
            Pooling.Mean => Pool(column => column.Average()),
            Pooling.Max => Pool(column => column.Max()),
            Pooling.Attention => attention.Forward(Steps),
            _ => throw new InvalidOperationException($"{shape.Pooling} pooling has no reference."),
        };
    }

    /// <summary>
    /// The gradient of the sequence's features, from those of the encoding and, optionally, of each step's outputs and of the final states.
    /// </summary>
    public double[] Backward(double[] dEncoding, double[]? dSteps, double[][]? dHidden, double[][]? dCellState)
    {
        int directions = layers[0].Length;
        double[][] dhs = dSteps is null ? NewSteps() : [.. dSteps.Chunk(Steps[0].Length)];
        double[][] dFinals = [.. Finals.Select((_, at) => dHidden is null ? new double[_h] : (double[])dHidden[at].Clone())];
        switch (shape.Pooling)
        {
            case Pooling.Last:
                for (int d = 0; d < directions; d++)
                {
                    double[] dhFinal = dFinals[(layers.Length - 1) * directions + d];
                    for (int j = 0; j < _h; j++)
                        dhFinal[j] += dEncoding[d * _h + j];
                }
                break;
            case Pooling.Mean:
                for (int k = 0; k < dEncoding.Length; k++)
                {
                    foreach (double[] dh in dhs)
                        dh[k] += dEncoding[k] / dhs.Length;
                }
                break;
            case Pooling.Max:
                for (int k = 0; k < dEncoding.Length; k++)
                    dhs[Array.IndexOf(Column(k), Encoding[k])][k] += dEncoding[k];
                break;
            case Pooling.Attention:
                attention.Backward(dEncoding, dhs);
                break;
        }

        for (int l = layers.Length - 1; l >= 0; l--)
        {
            double[][]? dxs = null;
            for (int d = 0; d < directions; d++)
            {
                double[][] ofDirection = layers[l][d].Backward([.. dhs.Select(dh => dh[(d * _h)..((d + 1) * _h)])],
                    dFinals[l * directions + d], dCellState?[l * directions + d] ?? new double[_h]);
                dxs = dxs is null ? ofDirection : [.. dxs.Zip(ofDirection, (a, b) => a.Zip(b, (p, q) => p + q).ToArray())];
            }
            dhs = Dropped(l, dxs!);
        }
        return [.. dhs.SelectMany(dx => dx)];
    }

    private double[][] Dropped(int layer, double[][] xs) => [.. xs.Select((x, t) => ReferenceMasks.Multiply(x, masks?.InputOf(layer, t)))];

    private double[][] NewSteps() => [.. Steps.Select(step => new double[step.Length])];

    private double[] Pool(Func<double[], double> pool) => [.. Enumerable.Range(0, Steps[0].Length).Select(k => pool(Column(k)))];

    private double[] Column(int k) => [.. Steps.Select(step => step[k])];
}
