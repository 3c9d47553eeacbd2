using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// The whole network in plain double arithmetic, one sequence, one step and one unit at a time: the oracle for the engine. Nothing is
/// packed, shared or fused, and of the engine's code it uses only the dimensions.
/// </summary>
/// <param name="shape">The dimensions.</param>
/// <param name="parameters">Row-major values by the names that <see cref="ParameterSet"/> documents.</param>
/// <param name="masks">The dropout of each sequence of the batch; null for none.</param>
internal sealed class ReferenceNetwork(NetworkShape shape, IReadOnlyDictionary<string, double[]> parameters, ReferenceMasks[]? masks = null)
{
    private readonly int _directions = shape.Bidirectional ? 2 : 1;
    private readonly List<ReferenceSequence> _sequences = [];
    private Dictionary<string, double[]> _gradients = [];

    private int[][]? _tokens;
    private int[][] _words = [];

    private int EncodingSize => _directions * shape.HiddenSize;

    /// <summary>Runs the batch of a sample.</summary>
    public ReferenceOutputs Forward(NetworkSample sample) => Forward(sample.Sequences, sample.Statics, sample.Tokens, sample.Words);

    /// <summary>
    /// Runs a batch; sequence b has T_b steps of F numeric features, step-major, S static features (null when S is 0) and a token a
    /// step for each table of embeddings (null without any) and, where words have characters, the number of its word.
    /// </summary>
    public ReferenceOutputs Forward(double[][] sequences, double[][]? statics = null, int[][]? tokens = null, int[][]? words = null)
    {
        _tokens = tokens;
        _words = words ?? [];
        _gradients = parameters.ToDictionary(p => p.Key, p => new double[p.Value.Length]);
        _sequences.Clear();
        for (int b = 0; b < sequences.Length; b++)
        {
            var sequence = new ReferenceSequence(shape, NewLayers(masks?[b]), new ReferenceAttention(parameters, _gradients), masks?[b]);
            sequence.Forward(shape.TokenColumns == 0 ? sequences[b] : Embed(sequences[b], tokens![b]));
            _sequences.Add(sequence);
            IEnumerable<double[]> encodings = shape.Head.IsPerStep ? sequence.Steps : [sequence.Encoding];
            sequence.HeadInputs = [.. encodings.Select((encoding, t) =>
                (double[])[.. ReferenceMasks.Multiply(encoding, masks?[b].Output), .. statics?[b] ?? [],
                .. shape.Head.ReadsInputs ? Numbers(sequences[b], t) : []])];
        }
        return new ReferenceOutputs
        {
            Steps = [.. _sequences.Select(s => s.Steps.SelectMany(h => h).ToArray())],
            Hidden = States(final => final.H),
            CellState = States(final => final.C),
            Encodings = [.. _sequences.Select(s => shape.Head.IsPerStep ? s.Steps.SelectMany(h => h).ToArray() : s.Encoding)],
            AttentionWeights = [.. _sequences.Select(s => s.AttentionWeights)],
            Outputs = [.. _sequences.Select(s => s.HeadInputs.SelectMany(Head).ToArray())],
        };
    }

    /// <summary>The gradients of a loss, from its gradients with respect to the results of the last forward pass.</summary>
    public ReferenceGradients Backward(ResultGradients results)
    {
        foreach (double[] gradient in _gradients.Values)
            Array.Clear(gradient);
        double[][] dSequences = new double[_sequences.Count][], dStatics = new double[_sequences.Count][];
        for (int b = 0; b < _sequences.Count; b++)
        {
            ReferenceSequence sequence = _sequences[b];
            double[] dOutputs = results.Outputs?[b] ?? new double[sequence.HeadInputs.Length * shape.OutputSize];
            double[][] dHeadInputs = [.. sequence.HeadInputs.Zip(dOutputs.Chunk(shape.OutputSize), BackHead)];
            double[] dEncodings = [.. dHeadInputs.SelectMany(input => ReferenceMasks.Multiply(input[..EncodingSize], masks?[b].Output))];
            dStatics[b] = [.. Enumerable.Range(EncodingSize, shape.StaticSize).Select(k => dHeadInputs.Sum(input => input[k]))];
            double[]? dSteps = results.Steps?[b];
            if (shape.Head.IsPerStep)
                dSteps = [.. dEncodings.Select((d, k) => d + (dSteps?[k] ?? 0))];
            double[] dInputs = sequence.Backward(shape.Head.IsPerStep ? new double[EncodingSize] : dEncodings, dSteps,
                results.Hidden?.Select(dh => dh[b]).ToArray(), results.CellState?.Select(dc => dc[b]).ToArray());
            dSequences[b] = shape.TokenColumns == 0 ? dInputs : BackEmbed(dInputs, _tokens![b]);
            for (int k = 0; shape.Head.ReadsInputs && k < dSequences[b].Length; k++)
                dSequences[b][k] += dHeadInputs[k / shape.NumericSize][EncodingSize + shape.StaticSize + k % shape.NumericSize];
        }
        return new ReferenceGradients(_gradients.ToDictionary(g => g.Key, g => (double[])g.Value.Clone()), dSequences, dStatics);
    }

    /// <summary>The gradients of a loss of the outputs only.</summary>
    public ReferenceGradients Backward(double[][] dOutputs) => Backward(new ResultGradients { Outputs = dOutputs });

    private double[] Numbers(double[] sequence, int t) => sequence[(t * shape.NumericSize)..((t + 1) * shape.NumericSize)];

    /// <summary>The steps with the embeddings of their tokens and the features of their words behind the numeric features.</summary>
    private double[] Embed(double[] numbers, int[] tokens)
    {
        int columns = shape.TokenColumns;
        return
        [
            .. from t in Enumerable.Range(0, tokens.Length / columns)
               from x in Numbers(numbers, t)
                   .Concat(Enumerable.Range(0, shape.Embeddings.Count)
                       .SelectMany(i => Row(parameters, i, tokens[t * columns + i]).ToArray()))
                   .Concat(Characters?.Forward(_words[tokens[(t + 1) * columns - 1]]) ?? [])
               select x,
        ];
    }

    /// <summary>Adds the gradients of the embeddings to the tables', and returns the gradients of the numeric features.</summary>
    private double[] BackEmbed(double[] dInputs, int[] tokens)
    {
        int columns = shape.TokenColumns;
        double[][] steps = [.. dInputs.Chunk(shape.InputSize)];
        for (int t = 0; t < steps.Length; t++)
        {
            int at = shape.NumericSize;
            for (int i = 0; i < shape.Embeddings.Count; i++)
            {
                foreach (ref double d in Row(_gradients, i, tokens[t * columns + i]))
                    d += steps[t][at++];
            }
            Characters?.Backward(_words[tokens[(t + 1) * columns - 1]], steps[t][at..]);
        }
        return [.. steps.SelectMany(step => step[..shape.NumericSize])];
    }

    private ReferenceCharacters? Characters
        => shape.Characters is { } characters ? new ReferenceCharacters(characters, parameters, _gradients) : null;

    private Span<double> Row(IReadOnlyDictionary<string, double[]> from, int table, int token)
        => from[$"embeddings.{table}.weight"].AsSpan(token * shape.Embeddings[table].Size, shape.Embeddings[table].Size);

    /// <summary>y = W·e + b.</summary>
    private double[] Head(double[] e)
    {
        double[] weight = parameters["head.weight"], y = (double[])parameters["head.bias"].Clone();
        for (int o = 0; o < y.Length; o++)
        {
            for (int k = 0; k < e.Length; k++)
                y[o] += weight[o * e.Length + k] * e[k];
        }
        return y;
    }

    /// <summary>dW += dy·eᵀ, db += dy, de = Wᵀ·dy.</summary>
    private double[] BackHead(double[] e, double[] dy)
    {
        double[] de = new double[e.Length];
        for (int o = 0; o < dy.Length; o++)
        {
            for (int k = 0; k < e.Length; k++)
            {
                _gradients["head.weight"][o * e.Length + k] += dy[o] * e[k];
                de[k] += parameters["head.weight"][o * e.Length + k] * dy[o];
            }
            _gradients["head.bias"][o] += dy[o];
        }
        return de;
    }

    /// <summary>All layers and directions for one sequence. The gradients are the network's: sums over the batch.</summary>
    private ReferenceDirection[][] NewLayers(ReferenceMasks? masks)
    {
        var layers = new ReferenceDirection[shape.Layers][];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            int inputSize = layer == 0 ? shape.InputSize : EncodingSize;
            layers[layer] = new ReferenceDirection[_directions];
            for (int direction = 0; direction < _directions; direction++)
            {
                string suffix = direction == 0 ? $"_l{layer}" : $"_l{layer}_reverse";
                var cell = ReferenceCell.Create(shape.Cell, inputSize, shape.HiddenSize, Of(parameters, suffix), Of(_gradients, suffix),
                    masks?.States[layer * _directions + direction]);
                layers[layer][direction] = new ReferenceDirection(cell, shape.HiddenSize, reverse: direction == 1);
            }
        }
        return layers;

        static DirectionWeights Of(IReadOnlyDictionary<string, double[]> from, string suffix)
            => new(from["weight_ih" + suffix], from["weight_hh" + suffix], from["bias" + suffix]);
    }

    private double[][][] States(Func<CellState, double[]> select)
        => [.. Enumerable.Range(0, shape.Layers * _directions).Select(at => _sequences.Select(s => select(s.Finals[at])).ToArray())];
}
