using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>The engine's adaptive softmax on rows of doubles: probabilities, loss and gradients.</summary>
internal sealed unsafe class AdaptiveSoftmaxRun
{
    private readonly SequenceNetwork _network;
    private readonly AdaptiveSoftmax _adaptive;
    private readonly WorkerTeam _team;
    private readonly double[][] _x;
    private readonly FloatBuffer _inputs;

    /// <param name="clusters">The clusters.</param>
    /// <param name="parameters">The values of head.weight and of the tails' weights.</param>
    /// <param name="x">Rows of the head's input.</param>
    /// <param name="kernels">The kernels.</param>
    /// <param name="threads">The threads that share the rows, and the weights' gradients.</param>
    public AdaptiveSoftmaxRun(AdaptiveSoftmaxShape clusters, IReadOnlyDictionary<string, double[]> parameters, double[][] x,
        CpuKernels kernels, int threads = 1)
    {
        _x = x;
        var set = new ParameterSet(ShapeOf(clusters, x[0].Length));
        foreach ((string name, double[] values) in parameters)
            values.Select(value => (float)value).ToArray().CopyTo(set[name]);
        _network = new SequenceNetwork(set, NetworkPasses.Backward, kernels);
        _adaptive = new AdaptiveSoftmax(_network.AdaptiveSoftmax!);
        _team = new WorkerTeam(threads);
        _inputs = new FloatBuffer((long)x.Length * Stride);
        _inputs.Span.Clear();
        for (int row = 0; row < x.Length; row++)
            x[row].Select(value => (float)value).ToArray().CopyTo(_inputs.Span[(row * Stride)..]);
    }

    private int Stride => _network.Head.InputStride;

    /// <summary>A network whose head reads <paramref name="inputSize"/> numbers.</summary>
    public static NetworkShape ShapeOf(AdaptiveSoftmaxShape clusters, int inputSize) => new()
    {
        Cell = CellType.Rnn,
        InputSize = 1,
        HiddenSize = inputSize,
        Head = Head.EveryStep,
        OutputSize = clusters.OutputSize,
        AdaptiveSoftmax = clusters,
    };

    /// <summary>ln p of all classes, row by row.</summary>
    public double[][] LogProbabilities()
    {
        var y = new FloatBuffer(_network.Shape.OutputSize);
        double[] Row(int row)
        {
            _adaptive.LogProbabilities(_inputs.Pointer + (long)row * Stride, y.Pointer);
            return ToDoubles(y.Span[.._network.Shape.OutputSize]);
        }
        return [.. Enumerable.Range(0, _x.Length).Select(Row)];
    }

    /// <summary>The losses of the rows, and the gradients of their mean with respect to the parameters, by name, and to the rows.</summary>
    public (double[] Losses, Dictionary<string, double[]> Parameters, double[][] X) Differentiate(int[] classes)
    {
        var loss = new GivenClasses(classes);
        int rows = _x.Length, parts = _team.Threads;
        FloatBuffer y = new((long)rows * _network.Head.OutputStride), dx = new((long)rows * Stride);
        _adaptive.Prepare(rows, loss);
        _team.Run(parts, part => _adaptive.Run(rows * part / parts, rows * (part + 1) / parts, _inputs.Pointer, y.Pointer, dx.Pointer, loss,
            CancellationToken.None));
        DenseGradients head = _network.Head.NewGradients();
        var shares = new GradientShares(
        [
            new PanelGradient(head.Panels, head.CostOfPanel, head.ScratchLength,
                (begin, end, scratch, target) => head.Add(begin, end, rows, _inputs.Pointer, y.Pointer, scratch, target)),
            .. _adaptive.NewTailGradients(),
        ], parts);
        var gradient = new ParameterSet(_network.Shape);
        _team.Run(parts, part => shares.Add(part, parts, gradient));
        return (loss.Losses,
            gradient.Parameters.Where(p => p.Role is ParameterRole.HeadWeight or ParameterRole.HeadBias or ParameterRole.TailProjection
                or ParameterRole.TailWeight).ToDictionary(p => p.Name, p => ToDoubles(gradient[p])),
            [.. Enumerable.Range(0, rows).Select(row => ToDoubles(dx.Span.Slice(row * Stride, _x[row].Length)))]);
    }

    private static double[] ToDoubles(Span<float> values) => [.. values.ToArray().Select(value => (double)value)];

    /// <summary>−ln p of given classes, one a row; −1 for rows without.</summary>
    private sealed class GivenClasses(int[] classes) : OutputLoss
    {
        public double[] Losses { get; } = new double[classes.Length];

        public override int ClassOf(int row) => classes[row];

        public override void Differentiate(int row, Span<float> outputs) => Assert.Fail("No row has outputs of all classes.");

        public override void DifferentiateCluster(int row, Span<float> outputs, int index)
        {
            double largest = double.NegativeInfinity, sum = 0;
            foreach (float output in outputs)
                largest = Math.Max(largest, output);
            foreach (float output in outputs)
                sum += Math.Exp(output - largest);
            Losses[row] += largest + Math.Log(sum) - outputs[index];
            for (int i = 0; i < outputs.Length; i++)
                outputs[i] = (float)((Math.Exp(outputs[i] - largest) / sum - (i == index ? 1 : 0)) / classes.Length);
        }
    }
}
