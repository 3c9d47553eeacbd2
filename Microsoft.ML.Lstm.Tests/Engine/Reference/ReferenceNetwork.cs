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
    private readonly List<ReferenceInputConvolution> _fronts = [];
    private Dictionary<string, double[]> _gradients = [];

    private int[] _lengths = [];
    private int[][]? _tokens;
    private int[][] _words = [];

    private int LayerSize => _directions * shape.HiddenSize;

    private int EncodingSize => LayerSize + (shape.Convolutions.Count > 0 ? shape.Convolutions[^1].Filters : 0);

    /// <summary>Whether batch normalization goes by the running statistics rather than by those of the batch.</summary>
    public bool IsScoring { get; init; }

    /// <summary>The convolutions after a forward pass; null without any.</summary>
    public ReferenceConvolution? Convolution { get; private set; }

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
        _fronts.Clear();
        double[][][] inputs = [.. sequences.Select((each, b) =>
            (shape.TokenColumns == 0 ? each : Embed(each, tokens![b])).Chunk(shape.InputSize).ToArray())];
        _lengths = [.. inputs.Select(steps => steps.Length)];
        if (shape.Convolutions.Count > 0)
        {
            Convolution = new ReferenceConvolution(shape.Convolutions, parameters, _gradients);
            Convolution.Forward(inputs, IsScoring);
        }
        for (int b = 0; b < sequences.Length; b++)
        {
            var sequence = new ReferenceSequence(shape, NewLayers(masks?[b]), new ReferenceAttention(parameters, _gradients), masks?[b]);
            sequence.Forward(FramesOf(inputs[b]));
            _sequences.Add(sequence);
            IEnumerable<double[]> encodings = EncodingsOf(b);
            sequence.HeadInputs = [.. encodings.Select((encoding, t) =>
                (double[])[.. ReferenceMasks.Multiply(encoding, masks?[b].Output), .. statics?[b] ?? [],
                .. shape.Head.ReadsInputs ? Numbers(sequences[b], t) : []])];
        }
        return new ReferenceOutputs
        {
            Steps = [.. _sequences.Select(s => s.Steps.SelectMany(h => h).ToArray())],
            Hidden = States(final => final.H),
            CellState = States(final => final.C),
            Encodings = [.. _sequences.Select((_, b) => EncodingsOf(b).SelectMany(encoding => encoding).ToArray())],
            AttentionWeights = [.. _sequences.Select((s, b) =>
                shape.HasAttention ? SpreadWeights(s.AttentionWeights, inputs[b].Length) : [])],
            Outputs = [.. _sequences.Select(s => s.HeadInputs.SelectMany(Head).ToArray())],
        };
    }

    /// <summary>The gradients of a loss, from its gradients with respect to the results of the last forward pass.</summary>
    public ReferenceGradients Backward(ResultGradients results)
    {
        foreach (double[] gradient in _gradients.Values)
            Array.Clear(gradient);
        double[][] dSequences = new double[_sequences.Count][], dStatics = new double[_sequences.Count][];
        double[][] dInputs = new double[_sequences.Count][];
        double[][][] dHeads = new double[_sequences.Count][][], dConvolutions = new double[_sequences.Count][][];
        for (int b = 0; b < _sequences.Count; b++)
        {
            ReferenceSequence sequence = _sequences[b];
            double[] dOutputs = results.Outputs?[b] ?? new double[sequence.HeadInputs.Length * shape.OutputSize];
            double[][] dHeadInputs = dHeads[b] = [.. sequence.HeadInputs.Zip(dOutputs.Chunk(shape.OutputSize), BackHead)];
            double[] dEncodings = [.. dHeadInputs.SelectMany(input => ReferenceMasks.Multiply(input[..EncodingSize], masks?[b].Output))];
            dStatics[b] = [.. Enumerable.Range(EncodingSize, shape.StaticSize).Select(k => dHeadInputs.Sum(input => input[k]))];
            double[]? dSteps = results.Steps?[b];
            double[] dLayer = [.. dEncodings.Chunk(EncodingSize).SelectMany(d => d[..LayerSize])];
            if (shape.Head.IsPerStep)
                dSteps = [.. dLayer.Select((d, k) => d + (dSteps?[k] ?? 0))];
            dInputs[b] = sequence.Backward(shape.Head.IsPerStep ? new double[LayerSize] : dLayer, dSteps,
                results.Hidden?.Select(dh => dh[b]).ToArray(), results.CellState?.Select(dc => dc[b]).ToArray());
            if (Convolution is not { } convolution)
                continue;
            double[][] dConvolution = [.. dEncodings.Chunk(EncodingSize).Select(d => d[LayerSize..])];
            int length = convolution.Output[b].Length;
            int[] largest = !shape.PoolsConvolutionsByMax ? []
                : [.. dConvolution[0].Select((_, o) => LargestStep(convolution.Output[b], o))];
            dConvolutions[b] = shape.Head.IsPerStep ? dConvolution
                : [.. Enumerable.Range(0, length).Select(t => dConvolution[0].Select((d, o) =>
                    !shape.PoolsConvolutionsByMax ? d / length : largest[o] == t ? d : 0).ToArray())];
        }
        double[][][]? dxs = Convolution?.Backward(dConvolutions);
        for (int b = 0; b < _sequences.Count; b++)
        {
            // The zeros that fill up the last frame are no steps.
            double[] dInput = shape.InputConvolutions.Count > 0
                ? [.. _fronts[b].Backward([.. dInputs[b].Chunk(shape.LayerInputSize(0))]).SelectMany(dx => dx)]
                : dInputs[b][..(_lengths[b] * shape.InputSize)];
            if (dxs is not null)
                dInput = [.. dInput.Zip(dxs[b].SelectMany(dx => dx), (p, q) => p + q)];
            dSequences[b] = shape.TokenColumns == 0 ? dInput : BackEmbed(dInput, _tokens![b]);
            for (int k = 0; shape.Head.ReadsInputs && k < dSequences[b].Length; k++)
                dSequences[b][k] += dHeads[b][k / shape.NumericSize][EncodingSize + shape.StaticSize + k % shape.NumericSize];
        }
        return new ReferenceGradients(_gradients.ToDictionary(g => g.Key, g => (double[])g.Value.Clone()), dSequences, dStatics);
    }

    /// <summary>The gradients of a loss of the outputs only.</summary>
    public ReferenceGradients Backward(double[][] dOutputs) => Backward(new ResultGradients { Outputs = dOutputs });

    /// <summary>What the recurrent layers read of a sequence: its steps, frames of several or the outputs of convolutions.</summary>
    private double[] FramesOf(double[][] steps)
    {
        if (shape.InputConvolutions.Count > 0)
        {
            var front = new ReferenceInputConvolution(shape.InputConvolutions, parameters, _gradients);
            _fronts.Add(front);
            return [.. front.Forward(steps).SelectMany(frame => frame)];
        }
        int frames = (steps.Length + shape.StepsPerFrame - 1) / shape.StepsPerFrame;
        double[] all = new double[frames * shape.StepsPerFrame * shape.InputSize];
        steps.SelectMany(step => step).ToArray().CopyTo(all, 0);
        return all;
    }

    /// <summary>The encoding of a sequence, or of each of its steps.</summary>
    private IEnumerable<double[]> EncodingsOf(int b)
    {
        ReferenceSequence sequence = _sequences[b];
        if (shape.Head.IsPerStep)
            return sequence.Steps.Select((h, t) => (double[])[.. h, .. Convolution?.Output[b][t] ?? []]);
        double[][] steps = Convolution?.Output[b] ?? [];
        return [[.. sequence.Encoding, .. Enumerable.Range(0, EncodingSize - LayerSize).Select(o =>
            shape.PoolsConvolutionsByMax ? steps.Max(step => step[o]) : steps.Average(step => step[o]))]];
    }

    private static int LargestStep(double[][] steps, int output)
        => Enumerable.Range(0, steps.Length).MaxBy(t => steps[t][output]);

    /// <summary>The weights of frames as those of their steps.</summary>
    private double[] SpreadWeights(double[] weights, int length)
        => [.. weights.SelectMany((weight, frame) =>
        {
            int steps = Math.Min(shape.FrameSteps, length - frame * shape.FrameSteps);
            return Enumerable.Repeat(weight / steps, steps);
        })];

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
        double[] y = (double[])parameters["head.bias"].Clone();
        for (int o = 0; o < y.Length; o++)
        {
            for (int k = 0; k < e.Length; k++)
                y[o] += HeadWeight(parameters, o, e.Length)[k] * e[k];
        }
        return y;
    }

    /// <summary>The row of W of an output; of a tied head the embedding of the token that it is for, the first one's in row 1.</summary>
    private Span<double> HeadWeight(IReadOnlyDictionary<string, double[]> from, int output, int width)
        => shape.TiesHead ? Row(from, 0, output + 1) : from["head.weight"].AsSpan(output * width, width);

    /// <summary>dW += dy·eᵀ, db += dy, de = Wᵀ·dy.</summary>
    private double[] BackHead(double[] e, double[] dy)
    {
        double[] de = new double[e.Length];
        for (int o = 0; o < dy.Length; o++)
        {
            for (int k = 0; k < e.Length; k++)
            {
                HeadWeight(_gradients, o, e.Length)[k] += dy[o] * e[k];
                de[k] += HeadWeight(parameters, o, e.Length)[k] * dy[o];
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
            int inputSize = layer == 0 ? shape.LayerInputSize(0) : LayerSize;
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
