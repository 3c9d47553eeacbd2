using System.Globalization;
using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Lstm.Persistence;

namespace Benchmarks;

/// <summary>Weights, inputs and targets of a shape: what every contender is given.</summary>
internal sealed class Problem
{
    /// <summary>Small, so that thousands of steps on the same batch leave the numbers in their usual range.</summary>
    public const float LearningRate = 1e-5f;

    public Problem(Shape shape)
    {
        Shape = shape;
        var random = new Random(1);
        Weights = new ParameterSet(shape.Network);
        Initializer.Initialize(Weights, forgetBias: 1f, random);
        X = new float[shape.B * shape.T * shape.I];
        Targets = new float[shape.B];
        Fill(X);
        Fill(Targets);

        void Fill(float[] values)
        {
            foreach (ref float value in values.AsSpan())
                value = 2 * random.NextSingle() - 1;
        }
    }

    public Shape Shape { get; }

    public ParameterSet Weights { get; }

    /// <summary>[B x T x I].</summary>
    public float[] X { get; }

    /// <summary>[B].</summary>
    public float[] Targets { get; }

    /// <summary>Writes it for the peers, as safetensors with the dimensions as metadata.</summary>
    public void Save(string path)
    {
        Shape s = Shape;
        var dimensions = new Dictionary<string, int> { ["B"] = s.B, ["T"] = s.T, ["I"] = s.I, ["H"] = s.H, ["L"] = s.L, ["D"] = s.Network.Directions };
        var metadata = dimensions.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(CultureInfo.InvariantCulture));
        metadata["learningRate"] = LearningRate.ToString(CultureInfo.InvariantCulture);
        var tensors = Weights.Parameters
            .Select(p => new SafeTensor(p.Name, [p.Rows, p.Columns], Weights.Values.AsMemory(p.Offset, p.Length)))
            .Append(new SafeTensor("x", [s.B, s.T, s.I], X))
            .Append(new SafeTensor("targets", [s.B, 1], Targets));
        using FileStream file = File.Create(path);
        new SafeTensors(metadata, [.. tensors]).Write(file);
    }
}
