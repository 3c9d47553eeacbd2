using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// An encoder and its decoder in plain double arithmetic, one sequence and one step at a time: the decoder begins with the tanh of the
/// encoder's outputs and reads the true tokens.
/// </summary>
/// <param name="shape">The dimensions of the encoder, from which the decoder's follow.</param>
/// <param name="parameters">Values by name, the decoder's behind <c>decoder.</c>.</param>
internal sealed class ReferenceSequenceToSequence(NetworkShape shape, IReadOnlyDictionary<string, double[]> parameters)
{
    private const string Prefix = "decoder.";

    private readonly TargetShape _target = shape.Target!.Value;
    private readonly int _h = shape.Target!.Value.HiddenSize;

    // The caller's arrays, so that changing a value changes the network.
    private readonly Dictionary<string, double[]> _encoder = parameters.Where(p => !p.Key.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary();

    /// <summary>The weights of the source's steps, [B][L + 1][S], after <see cref="Forward"/>.</summary>
    public double[][][] Alphas { get; private set; } = [];

    /// <summary>The outputs [B][(L + 1) x O], for labels counted from 0, −1 for an unknown one.</summary>
    public double[][] Forward(double[][] sequences, int[][] tokens, double[][] statics, int[][] labels)
    {
        var encoder = new ReferenceNetwork(shape with { Head = Head.Pooled, Target = null }, _encoder);
        ReferenceOutputs encoded = encoder.Forward(sequences, statics, shape.TokenColumns > 0 ? tokens : null);
        Alphas = new double[sequences.Length][][];
        return [.. labels.Select((each, b) =>
            Decode([.. encoded.Outputs[b].Select(Math.Tanh)], [.. encoded.Steps[b].Chunk(shape.LayerSize)], each, b))];
    }

    private double[] Decode(double[] state, double[][] source, int[] labels, int b)
    {
        bool hasCell = shape.Cell == CellType.Lstm;
        int input = _target.Table.Size + (_target.FeedsInput ? _h : 0);
        ReferenceCell[] cells = [.. Enumerable.Range(0, _target.Layers).Select(l => ReferenceCell.Create(shape.Cell,
            l == 0 ? input : _h, _h,
            new DirectionWeights(Value($"weight_ih_l{l}"), Value($"weight_hh_l{l}"), Value($"bias_l{l}")),
            new DirectionWeights([], [], [])))];
        double[][] h = new double[_target.Layers][], c = new double[_target.Layers][];
        for (int l = 0; l < _target.Layers; l++)
        {
            int at = l * _h * (hasCell ? 2 : 1);
            h[l] = state[at..(at + _h)];
            c[l] = hasCell ? state[(at + _h)..(at + 2 * _h)] : new double[_h];
        }
        double[] feed = new double[_h];
        int[] tokens = [_target.Table.Vocabulary + 1, .. labels.Select(label => label + 1)];
        Alphas[b] = new double[tokens.Length][];
        var outputs = new List<double>();
        for (int t = 0; t < tokens.Length; t++)
        {
            double[] embedding = Value("embeddings.0.weight").Chunk(_target.Table.Size).ElementAt(tokens[t]);
            double[] x = _target.FeedsInput ? [.. feed, .. embedding] : embedding;
            for (int l = 0; l < cells.Length; l++)
            {
                CellState step = cells[l].Forward(x, h[l], c[l]);
                (h[l], c[l]) = (step.H, step.C);
                x = step.H;
            }
            feed = _target.Attention == SourceAttention.None ? x : Attend(x, source, out Alphas[b][t]);
            outputs.AddRange(Multiply("head.weight", feed).Zip(Value("head.bias"), (y, bias) => y + bias));
        }
        return [.. outputs];
    }

    private double[] Attend(double[] h, double[][] source, out double[] alphas)
    {
        double[] scores = _target.Attention switch
        {
            SourceAttention.Dot => [.. source.Select(e => Dot(h, e))],
            SourceAttention.General => [.. source.Select(e => Dot(Multiply("attention.query.weight", h), e))],
            _ => [.. source.Select(e => Dot(Value("attention.vector"), [.. Multiply("attention.query.weight", h)
                .Zip(Multiply("attention.key.weight", e), (q, k) => q + k)
                .Zip(Value("attention.query.bias"), (sum, bias) => Math.Tanh(sum + bias))]))],
        };
        double[] exponentials = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
        double[] weights = [.. exponentials.Select(e => e / exponentials.Sum())];
        alphas = weights;
        double[] mean = [.. Enumerable.Range(0, source[0].Length).Select(k => source.Zip(weights, (e, alpha) => alpha * e[k]).Sum())];
        return [.. Multiply("attention.combine.weight", [.. mean, .. h]).Select(Math.Tanh)];
    }

    private double[] Multiply(string matrix, double[] x) => [.. Value(matrix).Chunk(x.Length).Select(row => Dot(row, x))];

    private double[] Value(string name) => parameters[Prefix + name];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (p, q) => p * q).Sum();
}
