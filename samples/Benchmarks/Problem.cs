using System.Globalization;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

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
        Sequences = [.. Enumerable.Range(0, shape.B)
            .Select(_ => shape.Writes ? NewPair(random) : shape.IsLanguageModel ? NewText(random) : NewSequence(random))];
    }

    public Shape Shape { get; }

    public ParameterSet Weights { get; }

    /// <summary>
    /// B sequences of T steps with a target each, of a language model words and those that come next, or words and those to write.
    /// </summary>
    public TrainingSequence[] Sequences { get; }

    public TrainingTask Task => Shape.Writes
        ? new SequenceToSequenceTask(Shape.V - 1, known: null, Shape.Target, Shape.I, labelSmoothing: 0) { LongestLabel = Shape.T - 1 }
        : Shape.IsLanguageModel
        ? new ClassificationTask(Shape.V, stepOutputs: true, classWeights: null, labelSmoothing: 0)
        : new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: false);

    /// <summary>
    /// Writes it for the peers, as safetensors with the dimensions as metadata; beside it, of a network that scores, as ONNX.
    /// </summary>
    public void Save(string path)
    {
        Shape s = Shape;
        var dimensions = new Dictionary<string, int>
        {
            ["B"] = s.B,
            ["T"] = s.T,
            ["I"] = s.I,
            ["H"] = s.H,
            ["L"] = s.L,
            ["D"] = s.Network.Directions,
            ["V"] = s.V,
            ["SEQ"] = s.Writes ? 1 : 0,
            ["FEEDS"] = s.FeedsInput ? 1 : 0,
        };
        var metadata = dimensions.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(CultureInfo.InvariantCulture));
        metadata["learningRate"] = LearningRate.ToString(CultureInfo.InvariantCulture);
        var tensors = Weights.Parameters
            .Select(p => new SafeTensor(p.Name, [p.Rows, p.Columns], Weights.Values.AsMemory(p.Offset, p.Length)))
            .Concat(s.Writes
                ? [Join("words", [s.B, s.T], sequence => Floats(sequence.Tokens)),
                    // The boundary is the last row of the decoder's table, and the end the last output.
                    Join("written", [s.B, s.T], sequence => Floats([s.V, .. sequence.Labels.Select(label => label + 1)])),
                    Join("next", [s.B, s.T], sequence => Floats([.. sequence.Labels, s.V - 1]))]
                : s.IsLanguageModel
                ? [Join("words", [s.B, s.T], sequence => Floats(sequence.Tokens)),
                    Join("next", [s.B, s.T], sequence => Floats(sequence.Labels))]
                : [Join("x", [s.B, s.T, s.I], sequence => sequence.Features.ToArray()),
                    Join("targets", [s.B, 1], sequence => sequence.Targets)]);
        using (FileStream file = File.Create(path))
            new SafeTensors(metadata, [.. tensors]).Write(file);
        if (s.Works.Contains(Work.Inference))
            OnnxModels.Save(this, path);
    }

    private TrainingSequence NewSequence(Random random)
    {
        return new TrainingSequence { Features = Draw(Shape.T * Shape.I), Targets = Draw(1) };

        float[] Draw(int length) => [.. Enumerable.Range(0, length).Select(_ => 2 * random.NextSingle() - 1)];
    }

    /// <summary>Words as often as in a natural language: the k-th most common about 1/k as often as the first (Zipf).</summary>
    private TrainingSequence NewText(Random random)
    {
        int[] words = Words(random, Shape.T + 1);
        return new TrainingSequence { Tokens = words[..^1], Labels = words[1..] };
    }

    private TrainingSequence NewPair(Random random)
        => new() { Tokens = Words(random, Shape.T), Labels = [.. Words(random, Shape.T - 1).Select(word => word % (Shape.V - 1))] };

    private int[] Words(Random random, int count)
        => [.. Enumerable.Range(0, count).Select(_ => (int)Math.Pow(Shape.V, random.NextDouble()) % Shape.V)];

    private SafeTensor Join(string name, int[] shape, Func<TrainingSequence, float[]> values)
        => new(name, shape, Sequences.SelectMany(values).ToArray());

    // Whole numbers up to 2^24 are floats.
    private static float[] Floats(int[] numbers) => [.. numbers.Select(number => (float)number)];
}
