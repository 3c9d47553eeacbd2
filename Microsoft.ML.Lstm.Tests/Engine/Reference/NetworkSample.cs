using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// A network with weights, a batch and the gradient of a loss, all drawn from a seed. Every number is a float, so that the engine and the
/// reference see the same.
/// </summary>
internal sealed class NetworkSample
{
    private readonly Random _random;

    public NetworkSample(NetworkShape shape, int[] lengths, int seed = 1)
    {
        _random = new Random(seed);
        Shape = shape;
        int gates = shape.CellDescription.Gates, biases = shape.CellDescription.Slots;
        int directions = shape.Bidirectional ? 2 : 1;
        int h = shape.HiddenSize;
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            int inputSize = layer == 0 ? shape.LayerInputSize(0) : directions * h;
            for (int direction = 0; direction < directions; direction++)
            {
                string suffix = direction == 0 ? $"_l{layer}" : $"_l{layer}_reverse";
                // Scaled by the width, so that gates do not saturate in large networks either.
                Parameters["weight_ih" + suffix] = Uniform(gates * h * inputSize, 1.5 / Math.Sqrt(inputSize));
                Parameters["weight_hh" + suffix] = Uniform(gates * h * h, 1.5 / Math.Sqrt(h));
                Parameters["bias" + suffix] = Uniform(biases * h, 0.5);
            }
        }
        if (shape.HasAttention)
        {
            int e = directions * h;
            // Large enough for tanh to bend: where it is straight, a bias moves all scores alike and has no influence.
            Parameters["attention.weight"] = Uniform(e * e, 6 / Math.Sqrt(e));
            Parameters["attention.bias"] = Uniform(e, 0.5);
            Parameters["attention.vector"] = Uniform(e, 3 / Math.Sqrt(e));
        }
        int channels = shape.InputSize;
        for (int i = 0; i < shape.InputConvolutions.Count; i++)
        {
            (int filters, int size, _) = shape.InputConvolutions[i];
            Parameters[$"input_conv.{i}.weight"] = Uniform(filters * channels * size, 2 / Math.Sqrt(channels * size));
            Parameters[$"input_conv.{i}.bias"] = Uniform(filters, 0.5, around: 0.3);
            channels = filters;
        }
        channels = shape.InputSize;
        for (int i = 0; i < shape.Convolutions.Count; i++)
        {
            (int filters, int size) = shape.Convolutions[i];
            Parameters[$"conv.{i}.weight"] = Uniform(filters * channels * size, 2 / Math.Sqrt(channels * size));
            Parameters[$"norm.{i}.weight"] = Uniform(filters, 0.5, around: 1);
            Parameters[$"norm.{i}.bias"] = Uniform(filters, 0.5);
            Parameters[$"norm.{i}.running_mean"] = Uniform(filters, 0.5);
            Parameters[$"norm.{i}.running_var"] = Uniform(filters, 0.5, around: 1);
            channels = filters;
        }
        int encoding = directions * h + (shape.Convolutions.Count > 0 ? channels : 0);
        if (!shape.TiesHead)
            Parameters["head.weight"] = Uniform(shape.OutputSize * (encoding + shape.StaticSize
                + (shape.Head.ReadsInputs ? shape.NumericSize : 0)), 1);
        Parameters["head.bias"] = Uniform(shape.OutputSize, 1);
        for (int i = 0; i < shape.Embeddings.Count; i++)
            Parameters[$"embeddings.{i}.weight"] = Uniform(shape.Embeddings[i].Rows * shape.Embeddings[i].Size, 1.5);
        if (shape.Characters is { } characters)
        {
            int reach = characters.Table.Size * characters.KernelSize;
            Parameters["characters.weight"] = Uniform(characters.Filters * reach, 1.5 / Math.Sqrt(reach));
            Parameters["characters.bias"] = Uniform(characters.Filters, 0.5);
            Parameters["characters.embedding.weight"] = Uniform((characters.Table.Vocabulary + 1) * characters.Table.Size, 1.5);
        }
        Sequences = [.. lengths.Select(length => Uniform(length * shape.NumericSize, 1.5))];
        Statics = [.. lengths.Select(_ => Uniform(shape.StaticSize, 1))];
        DOutputs = [.. lengths.Select(length => Uniform((shape.Head.IsPerStep ? shape.FramesOf(length) : 1) * shape.OutputSize, 1))];
        Tokens = [.. lengths.Select(length =>
            Enumerable.Range(0, length).SelectMany(_ => DrawTokens()).ToArray())];
        if (shape.Characters is { Table: var table })
            Words = [[], .. Enumerable.Range(1, DistinctWords - 1).Select(word =>
                // The last two make it another word than all others.
                (int[])[.. Enumerable.Range(0, word % 7).Select(_ => _random.Next(table.Vocabulary)), word % table.Vocabulary,
                    word / table.Vocabulary])];
        if (shape.Characters is not null)
            Tokens[0][^1] = 0;
    }

    // Few, so that some occur again.
    private const int DistinctWords = 24;

    public NetworkShape Shape { get; }

    public Dictionary<string, double[]> Parameters { get; } = [];

    /// <summary>The numeric features, [B][T · F].</summary>
    public double[][] Sequences { get; }

    /// <summary>The tokens, [B][T · columns], 0 among them.</summary>
    public int[][] Tokens { get; }

    /// <summary>
    /// The rows of each word's characters, by the word's number, which is a step's last token. Word 0 has none, and the unknown character 0
    /// is among those of others.
    /// </summary>
    public int[][] Words { get; } = [[]];

    public double[][] Statics { get; }

    /// <summary>The gradient of a loss with respect to the outputs, [B][O], or [B][T · O] with outputs a step.</summary>
    public double[][] DOutputs { get; }

    /// <summary>Gradients of every element of the results, in their shapes.</summary>
    public ResultGradients DrawGradients(ReferenceOutputs results) => new()
    {
        Outputs = [.. results.Outputs.Select(Like)],
        Steps = [.. results.Steps.Select(Like)],
        Hidden = [.. results.Hidden.Select(state => state.Select(Like).ToArray())],
        CellState = [.. results.CellState.Select(state => state.Select(Like).ToArray())],
    };

    private IEnumerable<int> DrawTokens()
    {
        foreach (EmbeddingShape table in Shape.Embeddings)
            yield return _random.Next(table.Rows);
        if (Shape.Characters is not null)
            yield return _random.Next(DistinctWords);
    }

    private double[] Like(double[] tensor) => Uniform(tensor.Length, 1);

    private double[] Uniform(int length, double scale, double around = 0)
    {
        double[] values = new double[length];
        for (int i = 0; i < length; i++)
            values[i] = (float)(around + (2 * _random.NextDouble() - 1) * scale);
        return values;
    }
}
